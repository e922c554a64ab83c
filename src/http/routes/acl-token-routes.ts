/**
 * /v1/acl/token…: tokens. A secret is shown to who may write access control, and to whoever brings it.
 */

import { tokenByAccessor } from '../../catalog/acl-token-write.ts';
import { isUuid } from '../../catalog/session-lookup.ts';
import { aclNameKey } from '../../catalog/tables.ts';
import { aclTopic } from '../../catalog/topics.ts';
import { text as asText, type FieldTable } from '../../decode/json-fields.ts';
import type { AclTokenRow } from '../../model/acl-types.ts';
import { AppError, refuse } from '../../model/errors.ts';
import { aclOf, requireId, whereAclIsOn } from '../access/acl-switch.ts';
import { tokenFilter } from '../access/answer-filters.ts';
import { byBody, type FilteringPermission, onAll, open } from '../access/permission.ts';
import type { Right } from '../access/right.ts';
import { listReply } from '../answer/list-reply.ts';
import { answerRead } from '../blocking.ts';
import type { Call } from '../call-and-reply.ts';
import { apiFields, readAclBody } from '../documents/acl/acl-body.ts';
import { expandedToken } from '../documents/acl/acl-expanded-token.ts';
import { requireNoRules, tokenDocument, tokenInput } from '../documents/acl/acl-token-document.ts';
import type { HttpParts } from '../http-parts.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { json, text } from '../reply.ts';
import { first } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Prepare, Route } from '../route.ts';

const CLONE = '/clone';
/** Answers name what tokens link. */
const TOPICS = (['aclTokens', 'aclPolicies', 'aclRoles'] as const).map(aclTopic);

const ACL_WRITE: readonly Right[] = [{ resource: 'acl', level: 'write', name: '' }];
const ACL_READ: readonly Right[] = [{ resource: 'acl', level: 'read', name: '' }];
const MISSING = 'Bad request: Missing token ID';

const idOf = (call: Call): string => call.params['*'] ?? '';

/** The token with an accessor. Throws for what is no id and for one that is not there. */
function requireToken({ state, clock }: HttpParts, id: string): AclTokenRow {
  requireId(id, 'token', 'token');
  const token = tokenByAccessor(state.view, id, clock.now());
  return token ?? refuse('not_found', 'Requested token does not exist: ACL not found');
}

const read: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: TOPICS,
    isVolatile: true, // it ends with the time of the token
    reply: () => {
      const token = requireToken(parts, idOf(call));
      const document = tokenDocument(parts.state.view, token, 'clear');
      return json(
        first(call.query, 'expanded') === undefined
          ? document
          : { ...document, ...expandedToken(parts, token) },
      );
    },
  });

/** The token of whoever asks, whatever it may do. */
const self: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: TOPICS,
    isVolatile: true,
    reply: () => {
      const token = aclOf(parts).tokenOf(call) ?? refuse('forbidden', 'ACL not found');
      const document = tokenDocument(parts.state.view, token, 'clear');
      return json(
        first(call.query, 'expanded') === undefined
          ? document
          : { ...document, ...expandedToken(parts, token) },
      );
    },
  });

function tokensFor({ query }: Call, { state, clock }: HttpParts): readonly AclTokenRow[] {
  const { view } = state;
  const [policy, role, method, service] = ['policy', 'role', 'authmethod', 'servicename'].map(
    (name) => first(query, name) ?? '',
  ) as [string, string, string, string];
  const found = policy
    ? view.aclTokens.by('policy', policy.toLowerCase())
    : role
      ? view.aclTokens.by('role', role.toLowerCase())
      : view.aclTokens.values();
  const nowMs = clock.now();
  return [...found]
    .filter(({ expiresAtMs }) => expiresAtMs === 0 || expiresAtMs > nowMs)
    .filter(({ authMethod }) => method === '' || aclNameKey(authMethod) === aclNameKey(method))
    .filter(
      ({ serviceIdentities }) =>
        service === '' || serviceIdentities.some(({ serviceName }) => serviceName === service),
    )
    .sort((a, b) => (a.accessorId < b.accessorId ? -1 : 1));
}

const list: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: TOPICS,
    isVolatile: true,
    reply: () =>
      listReply({
        rows: tokensFor(call, parts),
        documentOf: (token) => tokenDocument(parts.state.view, token, 'left out'),
        isDear: true,
      }),
  });

const create: Prepare = (call, parts) => {
  const body = readAclBody(call.body, 'Token', tokenInput);
  return {
    rights: () => ACL_WRITE,
    run: async () => {
      requireNoRules(body);
      const { result } = await parts.writer.submit({ kind: 'acl-token-create', token: body.token });
      return json(tokenDocument(parts.state.view, result, 'clear'));
    },
  };
};

interface CloneFields {
  readonly description: string;
  readonly accessorId: string;
}

export const CLONE_BODY: FieldTable<CloneFields> = {
  description: { name: 'Description', decode: asText },
  accessorId: { name: 'AccessorID', decode: asText },
};

const clone: Prepare = (call, parts) => {
  const id = idOf(call).slice(0, -CLONE.length);
  const { description = '' } = readAclBody(call.body, 'Token', (body) => apiFields(CLONE_BODY, body ?? {}));
  return {
    rights: () => ACL_WRITE,
    run: async () => {
      requireId(id, 'token', 'token');
      const { result } = await parts.writer.submit({ kind: 'acl-token-clone', accessorId: id, description });
      return json(tokenDocument(parts.state.view, result, 'clear'));
    },
  };
};

const update: Prepare = (call, parts) => {
  if (idOf(call).endsWith(CLONE)) return clone(call, parts);
  const id = idOf(call);
  if (id === '') throw new AppError('bad_request', MISSING);
  const body = readAclBody(call.body, 'Token', tokenInput);
  const { accessorId } = body.token;
  if (accessorId !== '' && accessorId.toLowerCase() !== id.toLowerCase())
    throw new AppError('bad_request', 'Bad request: Token Accessor ID in URL and payload do not match');
  return {
    rights: () => ACL_WRITE,
    run: async () => {
      requireId(id, 'token', 'token');
      requireNoRules(body);
      const token = { ...body.token, accessorId: id };
      const { result } = await parts.writer.submit({ kind: 'acl-token-update', token });
      return json(tokenDocument(parts.state.view, result, 'clear'));
    },
  };
};

const remove: Handler = async (call, parts) => {
  const id = idOf(call);
  if (id === '') throw new AppError('bad_request', MISSING);
  if (!isUuid(id)) throw new AppError('invalid_command', 'Accessor ID is missing or an invalid UUID');
  if (aclOf(parts).tokenOf(call)?.accessorId === id.toLowerCase())
    throw new AppError('invalid_command', "Deletion of the request's authorization token is not permitted");
  const { result } = await parts.writer.submit({ kind: 'acl-token-delete', accessorId: id });
  return result ? json(true) : text(404, 'Cannot find token to delete');
};

/** The secret is for who may write access control. */
const READ: FilteringPermission = {
  kind: 'filter',
  needs: 'acl:read; the secret shows with acl:write',
  rights: () => ACL_READ,
  filter: tokenFilter,
};

export const aclTokenRoutes: readonly Route[] = [
  {
    path: '/v1/acl/tokens',
    operations: {
      GET: whereAclIsOn({
        about: 'All tokens, without their secrets.',
        place: CATALOG_READ,
        permission: onAll('acl', 'read'),
        query: [
          ...READ_PARAMETERS,
          { name: 'policy', about: 'Only those that link the policy with this id.' },
          { name: 'role', about: 'Only those that link the role with this id.' },
          { name: 'authmethod', about: 'Only those of logins by this method.' },
          { name: 'servicename', about: 'Only those with an identity of this service.' },
        ],
        handle: list,
      }),
    },
  },
  {
    path: '/v1/acl/token',
    operations: {
      PUT: whereAclIsOn({
        about: 'Create a token.',
        place: LEADER,
        permission: byBody('acl:write'),
        body: 'json',
        prepare: create,
      }),
    },
  },
  {
    path: '/v1/acl/token/self',
    operations: {
      GET: whereAclIsOn({
        about: 'The token that the request brings.',
        place: CATALOG_READ,
        permission: open('everybody may see the own token'),
        query: READ_PARAMETERS,
        handle: self,
      }),
    },
  },
  {
    path: '/v1/acl/token/*',
    operations: {
      GET: whereAclIsOn({
        about: 'A token by its accessor.',
        place: CATALOG_READ,
        permission: READ,
        query: [
          ...READ_PARAMETERS,
          { name: 'expanded', about: 'With the policies and roles that it comes to.' },
        ],
        handle: read,
      }),
      PUT: whereAclIsOn({
        about: 'Replace what of a token can change; with /clone behind its accessor, make another like it.',
        place: LEADER,
        permission: byBody('acl:write'),
        body: 'json',
        prepare: update,
      }),
      DELETE: whereAclIsOn({
        about: 'Delete a token.',
        place: LEADER,
        permission: onAll('acl', 'write'),
        handle: remove,
      }),
    },
  },
];
