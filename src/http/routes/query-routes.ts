/**
 * /v1/query: prepared queries, and what they find. Finding is catalog/query.ts's, because DNS asks it too.
 *
 * A query is named by the rest of the path, which may contain slashes; `/execute` and `/explain` at its end are verbs.
 */

import { executeQuery, findQuery } from '../../catalog/query.ts';
import { queryById } from '../../catalog/query-write.ts';
import type { Instance } from '../../catalog/select.ts';
import { queryTopic } from '../../catalog/topics.ts';
import { parseBoolean } from '../../lib/boolean.ts';
import { explainBoolean, explainNumber } from '../../lib/go-text.ts';
import { AppError } from '../../model/errors.ts';
import type { QueryRow } from '../../model/types.ts';
import { answerRead, metaHeaders } from '../blocking.ts';
import { queryDocument, queryInput } from '../documents/query-document.ts';
import {
  checkDocument,
  type Document,
  nodeDocument,
  serviceDocument,
  withNullTags,
} from '../documents/row-documents.ts';
import type { HttpParts } from '../http-parts.ts';
import { redirectToCleanPath } from '../paths/clean-path.ts';
import { EMPTY, json, text } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import { nearSource } from '../request/near-parameter.ts';
import { first } from '../request/query-values.ts';
import { readOptions } from '../request/read-options.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import { requireHere } from '../request/write-parameters.ts';
import type { Call, Handler, Reply, Route } from '../route.ts';

const EXECUTE = '/execute';
const EXPLAIN = '/explain';

const nameOf = (call: Call): string => call.params['*'] ?? '';

/** A verb alone is one too: of the query without a name, which nobody has. */
const isVerb = (call: Call, verb: string): boolean => `/${nameOf(call)}`.endsWith(verb);

/** Queries are not counted by index: answers carry the lowest one, and 0 in their body. */
const NO_INDEX = 1;

function resultMeta(consistency: string): Document {
  return { Index: 0, LastContact: 0, KnownLeader: true, ConsistencyLevel: consistency };
}

function requireQuery(parts: HttpParts, nameOrId: string): QueryRow {
  const query = findQuery(parts.state.view, nameOrId);
  if (query === undefined) throw new AppError('not_found', 'Query not found');
  return query;
}

function limitOf({ query }: Call): number {
  const limit = first(query, 'limit') ?? '';
  if (!/^([+-]?\d{1,15})?$/.test(limit))
    throw new AppError('invalid_command', `Bad limit: ${explainNumber('Atoi', limit)}`);
  return Number(limit);
}

function isConnectOf({ query }: Call): boolean {
  const value = first(query, 'connect') ?? '';
  const isConnect = value === '' ? false : parseBoolean(value);
  if (isConnect === undefined)
    throw new AppError('invalid_command', `Error parsing 'connect' value: ${explainBoolean(value)}`);
  return isConnect;
}

function nodeOf({ node, service, checks }: Instance, datacenter: string): Document {
  return {
    Node: nodeDocument(node, datacenter),
    Service: withNullTags(serviceDocument(service)),
    Checks: checks.map((check) => withNullTags(checkDocument(check))),
  };
}

function execute(call: Call, parts: HttpParts, nameOrId: string): Reply {
  const { consistency, isCached } = readOptions(call, parts);
  const options = {
    source: nearSource(call, parts),
    near: first(call.query, 'near') ?? '',
    limit: limitOf(call),
    isConnect: isConnectOf(call),
    distance: (from: string, to: string) => parts.coordinates.distance(from, to),
    random: parts.random,
  };
  const found = executeQuery(parts.state.view, requireQuery(parts, nameOrId), options);
  const answer = {
    Service: found.service,
    Nodes: found.chosen.map((instance) => nodeOf(instance, parts.datacenter)),
    DNS: { TTL: found.ttl },
    Datacenter: parts.datacenter,
    Failovers: 0,
    ...resultMeta(consistency),
  };
  return { ...json(answer, metaHeaders(NO_INDEX, consistency)), isCacheRequested: isCached };
}

function explain(call: Call, parts: HttpParts, nameOrId: string): Reply {
  const { consistency } = readOptions(call, parts);
  const query = queryDocument(requireQuery(parts, nameOrId));
  return json({ Query: query, ...resultMeta(consistency) }, metaHeaders(NO_INDEX, consistency));
}

function readOne(call: Call, parts: HttpParts, id: string): Reply | Promise<Reply> {
  return answerRead(call, parts, {
    topics: [queryTopic(id.toLowerCase())],
    reply: () => {
      const query = queryById(parts.state.view, id);
      return query === undefined ? text(404, 'Query not found') : json([queryDocument(query)]);
    },
  });
}

const read: Handler = (call, parts) => {
  const redirect = redirectToCleanPath(call);
  if (redirect) return redirect;
  if (isVerb(call, EXECUTE)) return execute(call, parts, nameOf(call).slice(0, -EXECUTE.length));
  if (isVerb(call, EXPLAIN)) return explain(call, parts, nameOf(call).slice(0, -EXPLAIN.length));
  return readOne(call, parts, nameOf(call));
};

/** Verbs are for GET only. */
function refuseVerb(call: Call): Reply | undefined {
  const isForGet = [EXECUTE, EXPLAIN].some((verb) => isVerb(call, verb));
  return isForGet ? text(405, `method ${call.method} not allowed`, { Allow: 'GET' }) : undefined;
}

const list: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: ['queries'],
    reply: () => {
      const queries = [...parts.state.view.queries.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      return json(queries.map(queryDocument));
    },
  });

const create: Handler = async (call, parts) => {
  requireHere(call, parts);
  const query = queryInput(parseBody(call.body));
  if (query.id !== '')
    throw new AppError('invalid_command', 'ID must be empty when creating a new prepared query');
  return json({ ID: (await parts.writer.submit({ kind: 'query-put', query })).result });
};

/** An id that no query can have is looked up all the same, so that its refusal is the reducer's. */
const update: Handler = async (call, parts) => {
  const refusal = refuseVerb(call);
  if (refusal) return refusal;
  requireHere(call, parts);
  const id = nameOf(call);
  const query = queryInput(call.body.length === 0 ? undefined : parseBody(call.body));
  await parts.writer.submit({ kind: 'query-put', query: { ...query, id: id || ' ' } });
  return EMPTY;
};

const remove: Handler = async (call, parts) => {
  const refusal = refuseVerb(call);
  if (refusal) return refusal;
  requireHere(call, parts);
  await parts.writer.submit({ kind: 'query-delete', id: nameOf(call) });
  return EMPTY;
};

export const queryRoutes: readonly Route[] = [
  {
    path: '/v1/query',
    operations: {
      GET: { about: 'All prepared queries.', query: READ_PARAMETERS, handle: list },
      POST: { about: 'Create a prepared query.', body: 'json', handle: create },
    },
  },
  {
    path: '/v1/query/*',
    operations: {
      GET: {
        about:
          'A prepared query; with /execute behind its name what it finds, with /explain its template rendered.',
        query: [
          ...READ_PARAMETERS,
          { name: 'near', about: 'Nearest to this node first; _agent and _ip stand for who asks.' },
          { name: 'limit', about: 'At most this many nodes.' },
          { name: 'connect', about: 'Only instances that take part in a mesh.' },
        ],
        handle: read,
      },
      PUT: { about: 'Replace a prepared query.', body: 'json', handle: update },
      DELETE: { about: 'Delete a prepared query.', handle: remove },
    },
  },
];
