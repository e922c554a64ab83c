/**
 * /v1/session: begin, end, renew and list sessions. The rules are catalog/session.ts's.
 */

import { requireTtl } from '../../catalog/session.ts';
import { sessionById } from '../../catalog/session-lookup.ts';
import { nodeKey } from '../../catalog/tables.ts';
import { sessionsOfTopic, sessionTopic } from '../../catalog/topics.ts';
import type { SessionRow } from '../../model/types.ts';
import { sessionsFilter } from '../access/answer-filters.ts';
import { byBody, filtered, needing } from '../access/permission.ts';
import { sessionRights } from '../access/row-rights.ts';
import { answerRead } from '../blocking.ts';
import { sessionDocument, sessionInput } from '../documents/session-document.ts';
import type { HttpParts } from '../http-parts.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { json, text } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import { restOfPath } from '../request/path-name.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Operation, Prepare, Route } from '../route.ts';

const MISSING = 'Missing session';

const create: Prepare = (call, parts) => {
  const body = call.body.length === 0 ? undefined : parseBody(call.body);
  const session = sessionInput(body, parts.nodeName);
  return {
    rights: () => [{ resource: 'session', level: 'write', name: session.node }],
    run: async () => {
      requireTtl(session.ttl, parts.config.minSessionTtlMs);
      const { result } = await parts.writer.submit({ kind: 'session-create', session });
      return json({ ID: result });
    },
  };
};

const destroy: Handler = async (call, parts) => {
  const id = restOfPath(call, MISSING);
  return json((await parts.writer.submit({ kind: 'session-destroy', id })).result);
};

/** A session that this copy of the catalog does not have yet may have been made on another server a moment ago. */
async function afterLeader({ copy, state }: HttpParts, id: string): Promise<SessionRow | undefined> {
  await copy.current('leader');
  return sessionById(state.view, id);
}

const renew: Handler = async (call, parts) => {
  const id = restOfPath(call, MISSING);
  const session = sessionById(parts.state.view, id) ?? (await afterLeader(parts, id));
  if (session === undefined || !(await parts.renewSession(session)))
    return text(404, `Session id '${id}' not found`);
  return json([sessionDocument(session)]);
};

const info: Handler = (call, parts) => {
  const id = restOfPath(call, MISSING);
  return answerRead(call, parts, {
    topics: [sessionTopic(id.toLowerCase())],
    reply: () => {
      const session = sessionById(parts.state.view, id);
      return json(session === undefined ? [] : [sessionDocument(session)]);
    },
  });
};

function byId(sessions: Iterable<SessionRow>): readonly unknown[] {
  return [...sessions].sort((a, b) => (a.id < b.id ? -1 : 1)).map(sessionDocument);
}

const ofNode: Handler = (call, parts) => {
  const node = restOfPath(call, 'Missing node name');
  return answerRead(call, parts, {
    topics: [sessionsOfTopic(node)],
    reply: () => json(byId(parts.state.view.sessions.by('node', nodeKey(node)))),
  });
};

const list: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: ['sessions'],
    reply: () => json(byId(parts.state.view.sessions.values())),
  });

const reads = (about: string, handle: Handler): { GET: Operation } => ({
  GET: {
    about,
    place: CATALOG_READ,
    permission: filtered('session:read on its node', sessionsFilter),
    query: READ_PARAMETERS,
    keyedBy: 'url-and-rights',
    handle,
  },
});

const OWNER = needing('session:write on its node', (call, parts) =>
  sessionRights(parts, call.params['*'] ?? ''),
);

export const sessionRoutes: readonly Route[] = [
  {
    path: '/v1/session/create',
    operations: {
      PUT: {
        about: 'Begin a session.',
        place: LEADER,
        permission: byBody('session:write on its node'),
        body: 'json',
        prepare: create,
      },
    },
  },
  {
    path: '/v1/session/destroy/*',
    operations: {
      PUT: {
        about: 'End a session and let go of its locks.',
        place: LEADER,
        permission: OWNER,
        handle: destroy,
      },
    },
  },
  {
    path: '/v1/session/renew/*',
    operations: {
      PUT: { about: 'Give a session its whole TTL again.', place: LEADER, permission: OWNER, handle: renew },
    },
  },
  { path: '/v1/session/info/*', operations: reads('One session.', info) },
  { path: '/v1/session/node/*', operations: reads('Sessions of a node.', ofNode) },
  { path: '/v1/session/list', operations: reads('All sessions.', list) },
];
