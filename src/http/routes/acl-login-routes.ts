/**
 * /v1/acl/auth-method…, /v1/acl/binding-rule…, /v1/acl/login and /v1/acl/logout: tokens for who can show who he is.
 */
import type { PutAuthMethodCommand } from '../../catalog/acl-command.ts';
import { isUuid } from '../../catalog/session-lookup.ts';
import { aclNameKey } from '../../catalog/tables.ts';
import { aclTopic } from '../../catalog/topics.ts';
import { formatDuration } from '../../lib/duration.ts';
import { AppError, refuse } from '../../model/errors.ts';
import { aclOf, requireId, whereAclIsOn } from '../access/acl-switch.ts';
import { boundBy, requireUsable } from '../access/bindings.ts';
import { byBody, onAll, open } from '../access/permission.ts';
import type { Right } from '../access/right.ts';
import { answerRead } from '../blocking.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { readAclBody } from '../documents/acl/acl-body.ts';
import {
  authMethodDocument,
  authMethodInput,
  authMethodStub,
  bindingRuleDocument,
  bindingRuleInput,
  loginInput,
} from '../documents/acl/acl-login-document.ts';
import { tokenDocument } from '../documents/acl/acl-token-document.ts';
import { toJson } from '../documents/go-json.ts';
import type { HttpParts } from '../http-parts.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { json, text } from '../reply.ts';
import { first } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Operation, Prepare, Route } from '../route.ts';

const WRITE: readonly Right[] = [{ resource: 'acl', level: 'write', name: '' }];
const METHOD_NAME = /^[A-Za-z0-9_-]{1,128}$/;
const MIN_TTL_MS = 60_000;
const MAX_TTL_MS = 24 * 3_600_000;

const restOf = (call: Call): string => call.params['*'] ?? '';

type Method = PutAuthMethodCommand['method'];

function requireTtl({ maxTokenTtlMs }: Method): void {
  if (maxTokenTtlMs === 0) return;
  const given = `MaxTokenTTL ${formatDuration(maxTokenTtlMs)} cannot be`;
  if (maxTokenTtlMs < MIN_TTL_MS) refuse('invalid_command', `${given} less than 1m0s`);
  if (maxTokenTtlMs > MAX_TTL_MS) refuse('invalid_command', `${given} more than 24h0m0s`);
}

/** Refuse a method that cannot be; what of it may not change, the reducer refuses. */
function requireMethod(method: Method, parts: HttpParts): void {
  const invalid = (why: string): never => refuse('invalid_command', `Invalid Auth Method: ${why}`);
  if (method.name === '') invalid('no Name is set');
  if (!METHOD_NAME.test(method.name))
    invalid("invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
  const before = parts.state.view.aclAuthMethods.get(aclNameKey(method.name));
  if (before !== undefined && before.type !== method.type)
    refuse('invalid_command', 'the Type field of an Auth Method is immutable');
  requireTtl(method);
  if (!['', 'local', 'global'].includes(method.tokenLocality))
    invalid("TokenLocality should be one of 'local' or 'global'");
  const problem = aclOf(parts).authMethodProblem(method.type, method.config);
  if (problem !== undefined) invalid(problem);
}

const listMethods: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: [aclTopic('aclAuthMethods')],
    reply: () =>
      json(
        [...parts.state.view.aclAuthMethods.values()]
          .sort((a, b) => (a.name < b.name ? -1 : 1))
          .map(authMethodStub),
      ),
  });

const readMethod: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: [aclTopic('aclAuthMethods')],
    reply: () => {
      const name = restOf(call);
      if (name === '') throw new AppError('bad_request', 'Bad request: Missing auth method name');
      const method = parts.state.view.aclAuthMethods.get(aclNameKey(name));
      return method === undefined
        ? text(404, 'Requested auth method does not exist: ACL not found')
        : json(authMethodDocument(method));
    },
  });

function putMethod(parts: HttpParts, method: Method): ReturnType<Prepare> {
  return {
    rights: () => WRITE,
    run: async () => {
      requireMethod(method, parts);
      const { result } = await parts.writer.submit({ kind: 'acl-auth-method-put', method });
      return json(authMethodDocument(result));
    },
  };
}

const createMethod: Prepare = (call, parts) =>
  putMethod(parts, readAclBody(call.body, 'AuthMethod', authMethodInput));

const updateMethod: Prepare = (call, parts) => {
  const name = restOf(call);
  const method = readAclBody(call.body, 'AuthMethod', authMethodInput);
  if (method.name !== '' && method.name !== name)
    throw new AppError('bad_request', 'Bad request: AuthMethod Name in URL and payload do not match');
  return putMethod(parts, { ...method, name });
};

const deleteMethod: Handler = async (call, parts) => {
  const { result } = await parts.writer.submit({ kind: 'acl-auth-method-delete', name: restOf(call) });
  return result ? json(true) : text(404, 'Cannot find auth method to delete');
};

const listRules: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: [aclTopic('aclBindingRules')],
    reply: () => {
      const { aclBindingRules: table } = parts.state.view;
      const method = first(call.query, 'authmethod') ?? '';
      const rules = [...(method === '' ? table.values() : table.by('authMethod', aclNameKey(method)))];
      return json(rules.sort((a, b) => (a.id < b.id ? -1 : 1)).map(bindingRuleDocument));
    },
  });

const readRule: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: [aclTopic('aclBindingRules')],
    reply: () => {
      const id = restOf(call);
      requireId(id, 'binding rule', 'binding rule');
      const rule = parts.state.view.aclBindingRules.get(id.toLowerCase());
      return rule === undefined
        ? text(404, 'Requested binding rule does not exist: ACL not found')
        : json(bindingRuleDocument(rule));
    },
  });

function putRule(parts: HttpParts, body: Buffer, id: string): ReturnType<Prepare> {
  const given = readAclBody(body, 'BindingRule', bindingRuleInput);
  if (given.id !== '' && given.id.toLowerCase() !== id.toLowerCase()) {
    const why =
      id === ''
        ? 'Cannot specify the ID when creating a new binding rule'
        : 'BindingRule ID in URL and payload do not match';
    throw new AppError('bad_request', `Bad request: ${why}`);
  }
  const run = async (): Promise<Reply> => {
    const { view } = parts.state;
    const before = isUuid(id) ? view.aclBindingRules.get(id.toLowerCase()) : undefined;
    const rule = { ...given, id, authMethod: given.authMethod || (before?.authMethod ?? '') };
    const method = view.aclAuthMethods.get(aclNameKey(rule.authMethod));
    if (method !== undefined) requireUsable(rule, aclOf(parts).claimNames(method));
    const { result } = await parts.writer.submit({ kind: 'acl-binding-rule-put', rule });
    return json(bindingRuleDocument(result));
  };
  return { rights: () => WRITE, run };
}

const deleteRule: Handler = async (call, parts) => {
  const id = restOf(call);
  requireId(id, 'binding rule', 'binding rule');
  const { result } = await parts.writer.submit({ kind: 'acl-binding-rule-delete', id });
  return result ? json(true) : text(404, 'Cannot find binding rule to delete');
};

/** Needs no token, so it has no rights to ask for before the method has spoken. */
const login: Handler = async (call, parts) => {
  const { authMethod, bearerToken, meta } = readAclBody(
    call.body,
    'Failed to decode request body',
    loginInput,
  );
  const { view } = parts.state;
  const acl = aclOf(parts);
  const method = view.aclAuthMethods.get(aclNameKey(authMethod));
  if (method === undefined) return refuse('forbidden', 'ACL not found');
  const claims = await acl.logIn(method, bearerToken);
  const rules = [...view.aclBindingRules.by('authMethod', aclNameKey(method.name))];
  const bound = boundBy(rules, claims, acl.claimNames(method), parts.datacenter);
  const roles = bound.roles.filter(({ name }) => [...view.aclRoles.by('name', aclNameKey(name))].length > 0);
  const policies = bound.policies.filter(
    ({ name }) => [...view.aclPolicies.by('name', aclNameKey(name))].length > 0,
  );
  const given = [policies, roles, bound.serviceIdentities, bound.nodeIdentities, bound.templatedPolicies];
  if (given.every((each) => each.length === 0)) return refuse('forbidden', 'Permission denied');
  const description = `token created via login${Object.keys(meta).length === 0 ? '' : `: ${toJson(meta, false)}`}`;
  const { result } = await parts.writer.submit({
    kind: 'acl-token-create',
    isLogin: true,
    token: {
      ...bound,
      roles,
      policies,
      accessorId: '',
      secretId: '',
      description,
      isLocal: method.tokenLocality !== 'global',
      authMethod: method.name,
      expirationTtlMs: method.maxTokenTtlMs,
      expiresAtMs: 0,
    },
  });
  return json(tokenDocument(parts.state.view, result, 'clear'));
};

const logout: Handler = async (call, parts) => {
  const acl = aclOf(parts);
  const token = acl.sentSecret(call) === '' ? undefined : acl.tokenOf(call);
  if (token === undefined) return refuse('forbidden', 'ACL not found');
  if (token.authMethod === '') return refuse('forbidden', 'Permission denied: the token is not of a login');
  await parts.writer.submit({ kind: 'acl-token-delete', accessorId: token.accessorId });
  return json(true);
};

function reads(about: string, handle: Handler): Operation {
  const permission = onAll('acl', 'read');
  return whereAclIsOn({ about, place: CATALOG_READ, permission, query: READ_PARAMETERS, handle });
}

function writes(about: string, prepare: Prepare): Operation {
  return whereAclIsOn({ about, place: LEADER, permission: byBody('acl:write'), body: 'json', prepare });
}

function deletes(about: string, handle: Handler): Operation {
  return whereAclIsOn({ about, place: LEADER, permission: onAll('acl', 'write'), handle });
}

export const aclLoginRoutes: readonly Route[] = [
  { path: '/v1/acl/auth-methods', operations: { GET: reads('All auth methods.', listMethods) } },
  { path: '/v1/acl/auth-method', operations: { PUT: writes('Create an auth method.', createMethod) } },
  {
    path: '/v1/acl/auth-method/*',
    operations: {
      GET: reads('An auth method.', readMethod),
      PUT: writes('Replace an auth method.', updateMethod),
      DELETE: deletes('Delete an auth method, its binding rules and its tokens.', deleteMethod),
    },
  },
  { path: '/v1/acl/binding-rules', operations: { GET: reads('All binding rules.', listRules) } },
  {
    path: '/v1/acl/binding-rule',
    operations: {
      PUT: writes('Create a binding rule.', (call, parts) => putRule(parts, call.body, '')),
    },
  },
  {
    path: '/v1/acl/binding-rule/*',
    operations: {
      GET: reads('A binding rule.', readRule),
      PUT: writes('Replace a binding rule.', (call, parts) => putRule(parts, call.body, restOf(call))),
      DELETE: deletes('Delete a binding rule.', deleteRule),
    },
  },
  {
    path: '/v1/acl/login',
    operations: {
      POST: whereAclIsOn({
        about: 'A token in exchange for a proof of identity.',
        place: LEADER,
        permission: open('the auth method decides'),
        body: 'json',
        handle: login,
      }),
    },
  },
  {
    path: '/v1/acl/logout',
    operations: {
      POST: whereAclIsOn({
        about: 'Delete the token of a login that the request brings.',
        place: LEADER,
        permission: open('everybody may give up the own login'),
        handle: logout,
      }),
    },
  },
];
