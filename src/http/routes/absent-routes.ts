/**
 * What Consul has and one rollcall agent has not: the mesh and its configuration, peers.
 *
 * Answers as a Consul that has them switched off, so that programs which look first see that, and go on.
 */
import { whereAclIsOn } from '../access/acl-switch.ts';
import { needing, open } from '../access/permission.ts';
import { answerRead } from '../blocking.ts';
import type { Method } from '../call-and-reply.ts';
import { CATALOG_READ, LEADER, THIS_AGENT } from '../place.ts';
import { json, text } from '../reply.ts';
import type { Handler, Operation, Route } from '../route.ts';

const noMesh: Handler = () => text(500, 'Connect must be enabled in order to use this endpoint');
const noPeering: Handler = () => text(500, 'Cluster peering is disabled in this configuration');

/** The features that these paths belong to declare what they need when they come. */
const SWITCHED_OFF = open('says to everybody that it is switched off');

const ALL: readonly Method[] = ['GET', 'PUT', 'POST', 'DELETE'];

function route(path: string, methods: readonly Method[], about: string, handle: Handler): Route {
  const operation: Operation = { about, place: THIS_AGENT, permission: SWITCHED_OFF, handle };
  return { path, operations: Object.fromEntries(methods.map((method) => [method, operation])) };
}

/** `kind` or `kind/name`: a list of a kind is empty and stays so, a named entry does not exist. */
const configEntry: Handler = (call, parts) => {
  const [kind = '', ...name] = (call.params['*'] ?? '').split('/');
  return name.length === 0
    ? answerRead(call, parts, { topics: [], reply: () => json([]) })
    : text(404, `Config entry not found for "${kind}" / "${name.join('/')}"`);
};

const READ: readonly Method[] = ['GET'];
const EXCHANGE: readonly Method[] = ['POST'];
const ONE: readonly Method[] = ['GET', 'PUT', 'DELETE'];

/** Methods of the paths below /v1/, for those who ask what is allowed; other paths take every method. */
const MESH_PATHS: Readonly<Record<string, readonly Method[]>> = {
  'agent/connect/authorize': EXCHANGE,
  'agent/connect/ca/roots': READ,
  'agent/connect/ca/leaf/*': READ,
  'agent/connect/*': ['GET', 'POST'],
  'connect/ca/configuration': ['GET', 'PUT'],
  'connect/ca/roots': READ,
  'connect/intentions': ['GET', 'POST'],
  'connect/intentions/match': READ,
  'connect/intentions/check': READ,
  'connect/intentions/*': ONE,
  'connect/*': ALL,
  'discovery-chain/*': ['GET', 'POST'],
};

export const absentRoutes: readonly Route[] = [
  // Other paths below /v1/acl/ say whether access control is on before they say that they do not exist.
  {
    path: '/v1/acl/*',
    operations: Object.fromEntries(
      ALL.map((method) => [
        method,
        whereAclIsOn({
          about: 'Paths of access control that do not exist.',
          place: THIS_AGENT,
          permission: open('says to everybody that it does not exist'),
          handle: () => text(404, ''),
        }),
      ]),
    ),
  },
  ...Object.entries(MESH_PATHS).map(([path, methods]) =>
    route(`/v1/${path}`, methods, 'The mesh is switched off.', noMesh),
  ),
  route('/v1/config', ['PUT'], 'Configuration entries belong to the mesh.', noMesh),
  {
    path: '/v1/config/*',
    operations: {
      GET: {
        about: 'Configuration entries of the mesh; there are none.',
        place: CATALOG_READ,
        permission: needing('any token that is known', () => []),
        handle: configEntry,
      },
      DELETE: {
        about: 'Configuration entries belong to the mesh.',
        place: LEADER,
        permission: SWITCHED_OFF,
        handle: noMesh,
      },
    },
  },
  route('/v1/peerings', ['GET'], 'Peers; there are none.', () => json([])),
  route('/v1/peering/*', ALL, 'Cluster peering is switched off.', noPeering),
];
