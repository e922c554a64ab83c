/**
 * /v1/acl/policy… and /v1/acl/role…: what tokens link.
 */
import { parseRules } from '../../acl/parse-rules.ts';
import { aclNameKey } from '../../catalog/tables.ts';
import { aclTopic } from '../../catalog/topics.ts';
import { AppError } from '../../model/errors.ts';
import { requireId, whereAclIsOn } from '../access/acl-switch.ts';
import { byBody, onAll } from '../access/permission.ts';
import type { Right } from '../access/right.ts';
import { answerRead } from '../blocking.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { readAclBody } from '../documents/acl/acl-body.ts';
import {
  policyDocument,
  policyInput,
  policyStub,
  roleDocument,
  roleInput,
} from '../documents/acl/acl-policy-document.ts';
import type { HttpParts } from '../http-parts.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { json, text } from '../reply.ts';
import { first } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Operation, Prepare, Route } from '../route.ts';

const WRITE: readonly Right[] = [{ resource: 'acl', level: 'write', name: '' }];

/** One of the two kinds of objects, in the words of their paths and texts. */
interface Kind {
  readonly path: 'policy' | 'role';
  readonly list: 'policies' | 'roles';
  readonly noun: 'Policy' | 'Role';
  readonly table: 'aclPolicies' | 'aclRoles';
}

const POLICY: Kind = { path: 'policy', list: 'policies', noun: 'Policy', table: 'aclPolicies' };
const ROLE: Kind = { path: 'role', list: 'roles', noun: 'Role', table: 'aclRoles' };
const TOPICS = (['aclPolicies', 'aclRoles'] as const).map(aclTopic);

const restOf = (call: Call): string => call.params['*'] ?? '';

function documentOf({ table }: Kind, { state: { view } }: HttpParts, id: string): Reply | undefined {
  if (table === 'aclPolicies') {
    const policy = view.aclPolicies.get(id);
    return policy && json(policyDocument(policy));
  }
  const role = view.aclRoles.get(id);
  return role && json(roleDocument(view, role));
}

function reading(kind: Kind, idOf: (call: Call, parts: HttpParts) => string | undefined): Handler {
  const missing = `Requested ${kind.path} does not exist: ACL not found`;
  return (call, parts) =>
    answerRead(call, parts, {
      topics: TOPICS,
      reply: () => {
        const id = idOf(call, parts);
        return (id === undefined ? undefined : documentOf(kind, parts, id)) ?? text(404, missing);
      },
    });
}

function byId({ path }: Kind): (call: Call) => string {
  return (call) => {
    const id = restOf(call);
    requireId(id, path, path);
    return id.toLowerCase();
  };
}

function byName({ path, table }: Kind): (call: Call, parts: HttpParts) => string | undefined {
  return (call, { state }) => {
    const name = restOf(call);
    if (name === '') throw new AppError('bad_request', `Bad request: Missing ${path} Name`);
    for (const row of state.view[table].by('name', aclNameKey(name))) return row.id;
    return undefined;
  };
}

const listPolicies: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: TOPICS,
    reply: () =>
      json([...parts.state.view.aclPolicies.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(policyStub)),
  });

const listRoles: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: TOPICS,
    reply: () => {
      const { view } = parts.state;
      const policy = (first(call.query, 'policy') ?? '').toLowerCase();
      const roles = [...(policy === '' ? view.aclRoles.values() : view.aclRoles.by('policy', policy))];
      return json(roles.sort((a, b) => (a.id < b.id ? -1 : 1)).map((role) => roleDocument(view, role)));
    },
  });

/** Writes the object of a body; `id` is '' for a new one. */
function submit(kind: Kind, parts: HttpParts, body: Buffer, id: string): ReturnType<Prepare> {
  if (kind === ROLE) {
    const role = readAclBody(body, kind.noun, roleInput);
    requireMatch(kind, role.id, id);
    const run = async (): Promise<Reply> => {
      const { result } = await parts.writer.submit({ kind: 'acl-role-put', role: { ...role, id } });
      return json(roleDocument(parts.state.view, result));
    };
    return { rights: () => WRITE, run };
  }
  const policy = readAclBody(body, kind.noun, policyInput);
  requireMatch(kind, policy.id, id);
  const run = async (): Promise<Reply> => {
    // names are looked at first, so that a refusal names the first mistake
    if (policy.name !== '') parseRules(policy.rules);
    const { result } = await parts.writer.submit({ kind: 'acl-policy-put', policy: { ...policy, id } });
    return json(policyDocument(result));
  };
  return { rights: () => WRITE, run };
}

function requireMatch({ noun, path }: Kind, inBody: string, inUrl: string): void {
  if (inBody === '' || inBody.toLowerCase() === inUrl.toLowerCase()) return;
  const why =
    inUrl === ''
      ? `Cannot specify the ID when creating a new ${path}`
      : `${noun} ID in URL and payload do not match`;
  throw new AppError('bad_request', `Bad request: ${why}`);
}

const creating =
  (kind: Kind): Prepare =>
  (call, parts) =>
    submit(kind, parts, call.body, '');

const updating =
  (kind: Kind): Prepare =>
  (call, parts) => {
    const id = restOf(call);
    if (id === '') throw new AppError('bad_request', `Bad request: Missing ${kind.path} ID`);
    return submit(kind, parts, call.body, id);
  };

const deleting =
  (kind: Kind): Handler =>
  async (call, parts) => {
    const id = restOf(call);
    requireId(id, kind.path, kind.path);
    const { result } = await parts.writer.submit({ kind: `acl-${kind.path}-delete`, id });
    return result ? json(true) : text(404, `Cannot find ${kind.path} to delete`);
  };

function reads(about: string, handle: Handler): Operation {
  const permission = onAll('acl', 'read');
  return whereAclIsOn({ about, place: CATALOG_READ, permission, query: READ_PARAMETERS, handle });
}

function writes(about: string, prepare: Prepare): Operation {
  return whereAclIsOn({ about, place: LEADER, permission: byBody('acl:write'), body: 'json', prepare });
}

function routesOf(kind: Kind, list: Handler, query: Operation['query'] = []): readonly Route[] {
  const { path, list: plural } = kind;
  const all = reads(`All ${plural}.`, list);
  return [
    { path: `/v1/acl/${plural}`, operations: { GET: { ...all, query: [...READ_PARAMETERS, ...query] } } },
    { path: `/v1/acl/${path}`, operations: { PUT: writes(`Create a ${path}.`, creating(kind)) } },
    {
      path: `/v1/acl/${path}/name/*`,
      operations: { GET: reads(`A ${path} by its name.`, reading(kind, byName(kind))) },
    },
    {
      path: `/v1/acl/${path}/*`,
      operations: {
        GET: reads(`A ${path} by its id.`, reading(kind, byId(kind))),
        PUT: writes(`Replace a ${path}.`, updating(kind)),
        DELETE: whereAclIsOn({
          about: `Delete a ${path}.`,
          place: LEADER,
          permission: onAll('acl', 'write'),
          handle: deleting(kind),
        }),
      },
    },
  ];
}

export const aclPolicyRoutes: readonly Route[] = [
  ...routesOf(POLICY, listPolicies),
  ...routesOf(ROLE, listRoles, [{ name: 'policy', about: 'Only those that link the policy with this id.' }]),
];
