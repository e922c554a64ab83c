/**
 * /v1/query: prepared queries, and what they find. Finding is catalog/query.ts's, because DNS asks it too.
 *
 * A query is named by the rest of the path, which may contain slashes; `/execute` and `/explain` at its end are verbs.
 */

import type { Unstamped } from '../../catalog/command.ts';
import { executeQuery, findQuery } from '../../catalog/query.ts';
import { type FarQuery, failOver, hasFailover, type OtherDatacenters } from '../../catalog/query-failover.ts';
import { queryById } from '../../catalog/query-write.ts';
import type { Instance } from '../../catalog/select.ts';
import { queryTopic } from '../../catalog/topics.ts';
import { parseBoolean } from '../../lib/boolean.ts';
import type { Clock } from '../../lib/clock.ts';
import { explainBoolean, explainNumber } from '../../lib/go-text.ts';
import { AppError } from '../../model/errors.ts';
import type { QueryRow } from '../../model/types.ts';
import { queriesFilter, queryFilter } from '../access/answer-filters.ts';
import { byBody, type FilteringPermission, filtered, needing } from '../access/permission.ts';
import { sightOfQuery } from '../access/query-sight.ts';
import type { Right } from '../access/right.ts';
import { foundQueryRights, queryRights } from '../access/row-rights.ts';
import { answerRead, metaHeaders } from '../blocking.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { queryDocument, queryInput } from '../documents/query-document.ts';
import {
  checkDocument,
  type Document,
  nodeDocument,
  serviceDocument,
  withNullTags,
} from '../documents/row-documents.ts';
import type { HttpParts } from '../http-parts.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { EMPTY, json, text } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import { nearSource } from '../request/near-parameter.ts';
import { first } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Prepare, Prepared, Route } from '../route.ts';

const EXECUTE = '/execute';
const EXPLAIN = '/explain';

const nameOf = (call: Call): string => call.params['*'] ?? '';

/** A verb alone is one too: of the query without a name, which nobody has. */
const isVerb = (call: Call, verb: string): boolean => `/${nameOf(call)}`.endsWith(verb);

/** Time in ms that other datacenters have, all together. */
const FAILOVER_MS = 3_000;

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

/** What an execution came to, here or in another datacenter. */
interface Executed {
  readonly service: string;
  readonly ttl: string;
  readonly nodes: readonly Instance[];
  readonly datacenter: string;
  readonly failovers: number;
}

function executed(call: Call, parts: HttpParts, { service, ttl, nodes, datacenter, failovers }: Executed) {
  const { consistency, isCached } = call.readOptions;
  const answer = {
    Service: service,
    Nodes: nodes.map((instance) => nodeOf(instance, datacenter)),
    DNS: { TTL: ttl },
    Datacenter: datacenter,
    Failovers: failovers,
    ...resultMeta(consistency),
  };
  return { ...json(answer, metaHeaders(NO_INDEX, consistency, parts.copy)), isCacheRequested: isCached };
}

/** What other datacenters find; `here` is what is told when none does. */
async function executeElsewhere(
  asked: FarQuery,
  others: OtherDatacenters,
  clock: Clock,
  here: Executed,
): Promise<Executed> {
  const { result, datacenter, tried } = await failOver(asked, others, { clock, budgetMs: FAILOVER_MS });
  if (result === undefined || datacenter === undefined) return { ...here, failovers: tried };
  return { ...result, datacenter, failovers: tried };
}

function execute(call: Call, parts: HttpParts, nameOrId: string): Reply | Promise<Reply> {
  const options = {
    source: nearSource(call, parts),
    near: first(call.query, 'near') ?? '',
    limit: limitOf(call),
    isConnect: isConnectOf(call),
    distance: (from: string, to: string) => parts.coordinates.distance(from, to),
    random: parts.random,
  };
  const query = requireQuery(parts, nameOrId);
  const { view, hasHidden } = sightOfQuery(call, parts, query);
  const found = executeQuery(view, query, options);
  const { service, ttl, chosen: nodes } = found;
  const here: Executed = { service, ttl, nodes, datacenter: parts.datacenter, failovers: 0 };
  const { otherDatacenters, clock } = parts;
  const reply = (result: Executed): Reply => ({
    ...executed(call, parts, result),
    isFiltered: hasHidden(),
  });
  if (nodes.length > 0 || otherDatacenters === undefined || !hasFailover(query)) return reply(here);
  const { limit, isConnect } = options;
  const token = query.document.Token || (parts.acl?.sentSecret(call) ?? '');
  return executeElsewhere({ query, limit, isConnect, token }, otherDatacenters, clock, here).then(reply);
}

function explain(call: Call, parts: HttpParts, nameOrId: string): Reply {
  const { consistency } = call.readOptions;
  const query = queryDocument(requireQuery(parts, nameOrId));
  return json({ Query: query, ...resultMeta(consistency) }, metaHeaders(NO_INDEX, consistency, parts.copy));
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

function writing(parts: HttpParts, query: Unstamped<QueryRow>, run: Prepared['run']): Prepared {
  const ofName: readonly Right[] =
    query.name === '' ? [] : [{ resource: 'query', level: 'write', name: query.name }];
  return { rights: () => [...ofName, ...queryRights(parts, query.id, 'write')], run };
}

const create: Prepare = (call, parts) => {
  const query = queryInput(parseBody(call.body));
  return writing(parts, query, async () => {
    if (query.id !== '')
      throw new AppError('invalid_command', 'ID must be empty when creating a new prepared query');
    return json({ ID: (await parts.writer.submit({ kind: 'query-put', query })).result });
  });
};

/** An id that no query can have is looked up all the same, so that its refusal is the reducer's. */
const update: Prepare = (call, parts) => {
  const refusal = refuseVerb(call);
  if (refusal) return { rights: () => [], run: () => refusal };
  const id = nameOf(call);
  const input = queryInput(call.body.length === 0 ? undefined : parseBody(call.body));
  const query = { ...input, id: id || ' ' };
  return writing(parts, query, async () => {
    await parts.writer.submit({ kind: 'query-put', query });
    return EMPTY;
  });
};

const remove: Handler = async (call, parts) => {
  const refusal = refuseVerb(call);
  if (refusal) return refusal;
  await parts.writer.submit({ kind: 'query-delete', id: nameOf(call) });
  return EMPTY;
};

/** Executing needs no right on the query; what it finds is what its token may see, else its asker. */
const READ: FilteringPermission = {
  kind: 'filter',
  needs:
    'query:read on its name, none without a name; `/execute` filters by service:read and node:read; tokens show with acl:write',
  rights: (call, parts) => {
    const name = nameOf(call);
    if (isVerb(call, EXECUTE)) return [];
    return isVerb(call, EXPLAIN)
      ? foundQueryRights(parts, name.slice(0, -EXPLAIN.length))
      : queryRights(parts, name, 'read');
  },
  filter: queryFilter,
};

const WRITE = byBody('query:write on its name, new and old; none without a name');

export const queryRoutes: readonly Route[] = [
  {
    path: '/v1/query',
    operations: {
      GET: {
        about: 'All prepared queries.',
        place: CATALOG_READ,
        permission: filtered('query:read; without a name, and tokens, by acl:write', queriesFilter),
        query: READ_PARAMETERS,
        handle: list,
      },
      POST: {
        about: 'Create a prepared query.',
        place: LEADER,
        permission: WRITE,
        body: 'json',
        prepare: create,
      },
    },
  },
  {
    path: '/v1/query/*',
    operations: {
      GET: {
        about:
          'A prepared query; with /execute behind its name what it finds, with /explain its template rendered.',
        place: CATALOG_READ,
        permission: READ,
        query: [
          ...READ_PARAMETERS,
          { name: 'near', about: 'Nearest to this node first; _agent and _ip stand for who asks.' },
          { name: 'limit', about: 'At most this many nodes.' },
          { name: 'connect', about: 'Only instances that take part in a mesh.' },
        ],
        handle: read,
      },
      PUT: {
        about: 'Replace a prepared query.',
        place: LEADER,
        permission: WRITE,
        body: 'json',
        prepare: update,
      },
      DELETE: {
        about: 'Delete a prepared query.',
        place: LEADER,
        permission: needing('query:write on its name; none without a name', (call, parts) =>
          queryRights(parts, nameOf(call), 'write'),
        ),
        handle: remove,
      },
    },
  },
];
