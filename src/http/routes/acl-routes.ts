/**
 * /v1/acl and what belongs to it: bootstrap, old rules, templates, and questions about rights.
 *
 * Paths of before Consul 1.4 say that they are gone, as Consul does since 1.11.
 */

import { TEMPLATES } from '../../acl/identities.ts';
import { translateRules } from '../../acl/translate-rules.ts';
import { bootstrapIndex } from '../../catalog/acl-begin.ts';
import { tokenByAccessor } from '../../catalog/acl-token-write.ts';
import { text as asText, type FieldTable, isObject } from '../../decode/json-fields.ts';
import { type AclTokenRow, ANONYMOUS_ACCESSOR } from '../../model/acl-types.ts';
import { refuse } from '../../model/errors.ts';
import { aclOf, whereAclIsOn } from '../access/acl-switch.ts';
import { byBody, onAll, open } from '../access/permission.ts';
import type { Right } from '../access/right.ts';
import { listReply } from '../answer/list-reply.ts';
import type { Method, Reply } from '../call-and-reply.ts';
import { apiFields, readAclBody } from '../documents/acl/acl-body.ts';
import { decisionDocument } from '../documents/acl/acl-decision-document.ts';
import { hashOf } from '../documents/acl/acl-grants-document.ts';
import { tokenDocument } from '../documents/acl/acl-token-document.ts';
import { SortedMap } from '../documents/go-json.ts';
import type { Document } from '../documents/row-documents.ts';
import type { HttpParts } from '../http-parts.ts';
import { ANY_OWN_SERVER, CATALOG_READ, LEADER } from '../place.ts';
import { json, text } from '../reply.ts';
import {
  type AclQuestion,
  aclQuestions,
  questionsOf,
  requireFew,
  rightOf,
} from '../request/acl-questions.ts';
import { parseBody } from '../request/json-body.ts';
import { first } from '../request/query-values.ts';
import type { Handler, Operation, Prepare, Route } from '../route.ts';

interface BootstrapFields {
  readonly secret: string;
}

export const BOOTSTRAP: FieldTable<BootstrapFields> = { secret: { name: 'BootstrapSecret', decode: asText } };

const bootstrap: Handler = async (call, parts) => {
  const acl = aclOf(parts);
  const isEmpty = call.body.toString('utf8').trim() === '';
  const { secret = '' } = isEmpty
    ? {}
    : readAclBody(call.body, 'Failed to decode request body', (body) => apiFields(BOOTSTRAP, body ?? {}));
  const resetIndex = bootstrapIndex(parts.state.view) === 0 ? 0 : await acl.readResetIndex();
  const { result } = await parts.writer.submit({ kind: 'acl-bootstrap', secretId: secret, resetIndex });
  if (resetIndex !== 0) await acl.removeResetFile();
  const token = tokenDocument(parts.state.view, result, 'clear');
  return json({ ID: token['SecretID'], ...token });
};

/** Tokens are this datacenter's own. */
const replication: Handler = () =>
  json({
    Enabled: false,
    Running: false,
    SourceDatacenter: '',
    ReplicationType: '',
    ReplicatedIndex: 0,
    ReplicatedRoleIndex: 0,
    ReplicatedTokenIndex: 0,
    LastSuccess: '0001-01-01T00:00:00Z',
    LastError: '0001-01-01T00:00:00Z',
  });

const translate: Prepare = (call) => {
  const translated = (): Reply => ({
    status: 200,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: Buffer.from(translateRules(call.body.toString('utf8')), 'utf8'),
  });
  return { rights: () => [{ resource: 'acl', level: 'read', name: '' }], run: translated };
};

const gone: Handler = ({ url }) => {
  const path = url.replace(/\?.*$/, '').replace(/^(\/v1\/acl\/[a-z]+(?:\/translate)?).*$/, '$1');
  return text(410, `Endpoint ${path} for the legacy ACL system was removed in Consul 1.11.`);
};

const GONE: Readonly<Record<string, Method>> = {
  create: 'PUT',
  update: 'PUT',
  'destroy/*': 'PUT',
  'info/*': 'GET',
  'clone/*': 'PUT',
  list: 'GET',
  'rules/translate/*': 'GET',
};

const bad = (why: string): never => refuse('bad_request', `Bad request: ${why}`);

const authorize: Prepare = (call) => {
  const questions = questionsOf(call.body);
  // A token that is not known is refused before a question is looked at.
  const run = (may: (right: Right) => boolean): Reply => {
    const rights = questions.map(rightOf);
    return json(
      questions.map(({ resource, segment, access }, at) => ({
        Resource: resource,
        Segment: segment || undefined,
        Access: access,
        Allow: may(rights[at] as Right),
      })),
    );
  };
  return { rights: () => [], run };
};

interface ExplainFields {
  readonly accessorId: string;
  readonly questions: readonly AclQuestion[];
}

export const EXPLAIN: FieldTable<ExplainFields> = {
  accessorId: { name: 'AccessorID', decode: asText },
  questions: { name: 'Questions', decode: aclQuestions },
};

/** The token that is asked about: one by its accessor, else that of whoever asks. */
function tokenToExplain(accessorId: string, call: Parameters<Prepare>[0], parts: HttpParts): AclTokenRow {
  const { view } = parts.state;
  const found =
    accessorId === ''
      ? (aclOf(parts).tokenOf(call) ?? view.aclTokens.get(ANONYMOUS_ACCESSOR))
      : tokenByAccessor(view, accessorId, parts.clock.now());
  return found ?? refuse('not_found', 'Requested token does not exist: ACL not found');
}

const explain: Prepare = (call, parts) => {
  const body = readAclBody(call.body, 'Failed to decode request body', (value) =>
    apiFields(EXPLAIN, value ?? {}),
  );
  const { accessorId = '', questions = [] } = body;
  requireFew(questions);
  const rights = questions.map(rightOf);
  const run = (): Reply => {
    const token = tokenToExplain(accessorId, call, parts);
    const { decide } = aclOf(parts).explain(token);
    const decisions = rights.map((right) => decisionDocument(right, decide(right), parts.config.acl));
    return json({ AccessorID: token.accessorId, Description: token.description, Decisions: decisions });
  };
  const needed: readonly Right[] = accessorId === '' ? [] : [{ resource: 'acl', level: 'read', name: '' }];
  return { rights: () => needed, run };
};

/** Tokens that are named at most; all of them without `?limit`. Throws bad_request. */
function limitOf(text: string): number {
  if (text === '') return Number.POSITIVE_INFINITY;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return limit > 0 ? limit : bad('Invalid value for limit: a number above 0');
}

const whoMay: Handler = ({ query }, parts) => {
  const of = (name: string): string => first(query, name) ?? '';
  const right = rightOf({ resource: of('resource'), segment: of('segment'), access: of('access') || 'read' });
  let left = limitOf(of('limit'));
  const acl = aclOf(parts);
  const nowMs = parts.clock.now();
  const rows = [...parts.state.view.aclTokens.values()]
    .filter(({ expiresAtMs }) => expiresAtMs === 0 || expiresAtMs > nowMs)
    .sort((a, b) => (a.accessorId < b.accessorId ? -1 : 1));
  return listReply({
    rows,
    // Documents are asked for in order; once there are enough, nothing more is decided.
    documentOf: (token): Document | undefined => {
      const decision = left > 0 ? acl.explain(token).decide(right) : undefined;
      if (!decision?.isAllowed) return undefined;
      left -= 1;
      const { accessorId: AccessorID, description: Description } = token;
      return { AccessorID, Description, ...decisionDocument(right, decision, parts.config.acl) };
    },
    isSelected: (document) => document !== undefined,
    isDear: true,
  });
};

function templateDocument(name: string): Document | undefined {
  const template = Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name] : undefined;
  if (template === undefined) return undefined;
  return {
    TemplateName: name,
    Schema: template.takesName
      ? '{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}'
      : '',
    Template: template.rules(template.takesName ? '{{.Name}}' : ''),
    Description: template.about,
  };
}

const templates: Handler = () =>
  json(new SortedMap(Object.keys(TEMPLATES).map((name) => [name, templateDocument(name)])));

function requireTemplate(name: string): Document {
  return templateDocument(name) ?? bad(`templated policy not found: ${name}`);
}

const template: Handler = (call) => json(requireTemplate(call.params['*'] ?? ''));

interface PreviewFields {
  readonly name: string;
}

export const PREVIEW: FieldTable<PreviewFields> = { name: { name: 'Name', decode: asText } };

const preview: Prepare = (call) => {
  const name = call.params['*'] ?? '';
  const body = call.body.length === 0 ? {} : parseBody(call.body);
  const { name: variable = '' } = isObject(body) ? apiFields(PREVIEW, body) : {};
  const run = (): Reply => {
    requireTemplate(name);
    const { rules, takesName, about } = TEMPLATES[name] as (typeof TEMPLATES)[string];
    if (takesName && variable === '') bad(`validation error for templated policy ${name}: Name is required`);
    const hash = hashOf(name, variable);
    return json({
      ID: '',
      Name: `synthetic-policy-${hash.slice(0, 12)}`,
      Description: `synthetic policy generated from templated policy: ${name}`,
      Rules: rules(variable),
      Hash: hash,
      About: about,
      CreateIndex: 0,
      ModifyIndex: 0,
    });
  };
  return { rights: () => [{ resource: 'acl', level: 'read', name: '' }], run };
};

function reads(about: string, handle: Handler, query: Operation['query'] = []): Operation {
  return whereAclIsOn({ about, place: CATALOG_READ, permission: onAll('acl', 'read'), query, handle });
}

const WHO_MAY_PARAMETERS = [
  { name: 'resource', about: 'What is protected: service, node, key, operator …' },
  { name: 'segment', about: 'Its name; none for resources without names.' },
  { name: 'access', about: 'read (default) or write; for keys also list and write-prefix.' },
  { name: 'limit', about: 'Number of tokens; all of them without it.' },
];

export const aclRoutes: readonly Route[] = [
  {
    path: '/v1/acl/bootstrap',
    operations: {
      PUT: whereAclIsOn({
        about: 'Make the first management token.',
        place: LEADER,
        permission: open('works once, or with the index that the operator wrote into a file'),
        body: 'json',
        handle: bootstrap,
      }),
    },
  },
  {
    path: '/v1/acl/replication',
    operations: {
      GET: whereAclIsOn({
        about: 'How far tokens were copied from another datacenter: they are not.',
        place: ANY_OWN_SERVER,
        permission: open('says nothing of tokens'),
        handle: replication,
      }),
    },
  },
  {
    path: '/v1/acl/rules/translate',
    operations: {
      POST: whereAclIsOn({
        about: "Old rules in today's words.",
        place: LEADER,
        permission: byBody('acl:read'),
        body: 'bytes',
        prepare: translate,
      }),
    },
  },
  {
    path: '/v1/acl/templated-policies',
    operations: { GET: reads('All built-in templates of rules.', templates) },
  },
  {
    path: '/v1/acl/templated-policy/name/*',
    operations: { GET: reads('A built-in template of rules.', template) },
  },
  {
    path: '/v1/acl/templated-policy/preview/*',
    operations: {
      POST: whereAclIsOn({
        about: 'The rules that a template makes.',
        place: LEADER,
        permission: byBody('acl:read'),
        body: 'json',
        prepare: preview,
      }),
    },
  },
  {
    path: '/v1/internal/acl/authorize',
    operations: {
      POST: whereAclIsOn({
        about: 'What the token of the request may do.',
        place: LEADER,
        permission: byBody('any token that is known'),
        body: 'json',
        prepare: authorize,
      }),
    },
  },
  {
    path: '/v1/internal/acl/explain',
    operations: {
      POST: whereAclIsOn({
        about: 'What a token may do, and by which rule.',
        place: LEADER,
        permission: byBody('acl:read; nothing for the own token'),
        body: 'json',
        prepare: explain,
      }),
    },
  },
  {
    path: '/v1/internal/acl/who-may',
    operations: {
      GET: reads(
        'Tokens that may do something, each with the rule that lets it.',
        whoMay,
        WHO_MAY_PARAMETERS,
      ),
    },
  },
  ...Object.entries(GONE).map(([path, method]) => ({
    path: `/v1/acl/${path}`,
    operations: {
      [method]: whereAclIsOn({
        about: 'Of before Consul 1.4; gone.',
        place: LEADER,
        permission: open('says to everybody that it is gone'),
        handle: gone,
      }),
    },
  })),
];
