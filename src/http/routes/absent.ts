/**
 * What the reference has and one rollcall agent has not: access control, the mesh and its configuration, peers.
 *
 * Answers as a reference that has them switched off, so that programs which look first see that, and go on.
 */
import { answerRead } from '../blocking.ts';
import { json, text } from '../reply.ts';
import type { Handler, Method, Operation, Route } from '../route.ts';

const noAcl: Handler = () => text(401, 'ACL support disabled');
const noMesh: Handler = () => text(500, 'Connect must be enabled in order to use this endpoint');
const noPeering: Handler = () => text(500, 'Cluster peering is disabled in this configuration');

const ALL: readonly Method[] = ['GET', 'PUT', 'POST', 'DELETE'];

function route(path: string, methods: readonly Method[], about: string, handle: Handler): Route {
  const operation: Operation = { about, handle };
  return { path, operations: Object.fromEntries(methods.map((method) => [method, operation])) };
}

/** `kind` or `kind/name`: a list of a kind is empty and stays so, a named entry does not exist. */
const configEntry: Handler = (call, parts) => {
  const [kind = '', ...name] = (call.params['*'] ?? '').split('/');
  return name.length === 0
    ? answerRead(call, parts, { topics: [], reply: () => json([]) })
    : text(404, `Config entry not found for "${kind}" / "${name.join('/')}"`);
};

export const absentRoutes: readonly Route[] = [
  route('/v1/acl/*', ALL, 'Access control is switched off.', noAcl),
  route('/v1/agent/connect/*', ['GET', 'POST'], 'The mesh is switched off.', noMesh),
  route('/v1/connect/*', ALL, 'The mesh is switched off.', noMesh),
  route('/v1/discovery-chain/*', ['GET', 'POST'], 'The mesh is switched off.', noMesh),
  route('/v1/config', ['PUT'], 'Configuration entries belong to the mesh.', noMesh),
  {
    path: '/v1/config/*',
    operations: {
      GET: { about: 'Configuration entries of the mesh; there are none.', handle: configEntry },
      DELETE: { about: 'Configuration entries belong to the mesh.', handle: noMesh },
    },
  },
  route('/v1/peerings', ['GET'], 'Peers; there are none.', () => json([])),
  route('/v1/peering/*', ALL, 'Cluster peering is switched off.', noPeering),
];
