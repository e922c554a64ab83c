/**
 * /v1/stream: changes of the catalog as server-sent events (the form that every browser's `EventSource` reads).
 *
 * Each topic begins with a `snapshot`; every `change` says what the topic is now and what happened to it. A client that
 * comes back with Last-Event-ID gets what it missed, or is told of the `gap` and begins with snapshots again.
 */
import { oldestIndex } from '../../catalog/history/select-notes.ts';
import { parseBoolean } from '../../lib/boolean.ts';
import type { Turns } from '../../lib/fair-turns.ts';
import { AppError } from '../../model/errors.ts';
import { open } from '../access/permission.ts';
import type { Call } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import { Budget } from '../listen/budget.ts';
import { ANY_SERVER } from '../place.ts';
import { all, first } from '../request/query-values.ts';
import type { Handler, Route } from '../route.ts';
import { type Beginning, EventStream } from './event-stream.ts';
import { StreamEvents } from './stream-events.ts';
import { streamTopics } from './stream-topics.ts';

/** Octets of events that were written and not read, of all streams and of one address's. */
const UNREAD = { total: 32 * 1024 * 1024, perClient: 8 * 1024 * 1024 };

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache',
  // A proxy that gathers an answer before it passes it on would keep it for ever.
  'X-Accel-Buffering': 'no',
};

/** The index that a client has seen everything up to; undefined for one that begins. */
function lastSeen(call: Call): number | undefined {
  const header = call.headers['last-event-id'];
  const text = (typeof header === 'string' ? header : undefined) ?? first(call.query, 'last-event-id') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Throws bad_request. */
function isBareOf({ query }: Call): boolean {
  const given = first(query, 'values') ?? 'true';
  const hasValues = parseBoolean(given);
  if (hasValues === undefined)
    throw new AppError('bad_request', `Invalid value for values: ${JSON.stringify(given)}`);
  return !hasValues;
}

function beginningOf(call: Call, { state }: HttpParts): Beginning {
  const seen = lastSeen(call);
  if (seen === undefined) return { missedSince: undefined };
  const oldest = oldestIndex(state.view) ?? state.index + 1;
  const isWhole = seen <= state.index && (seen >= oldest - 1 || seen === state.index);
  return isWhole ? { from: seen } : { missedSince: seen };
}

/** The route, over the reads of these routes. */
export function streamRoute(routes: readonly Route[], parts: HttpParts, turns: Pick<Turns, 'add'>): Route {
  const events = new StreamEvents(parts, routes, turns);
  const budget = new Budget(UNREAD);
  const streams = parts.metrics.gauge('http_streams');
  const cut = parts.metrics.counter('http_streams_cut');
  let count = 0;
  parts.metrics.onCollect(() => streams.set(0, count));

  const stream: Handler = async (call) => {
    const topics = streamTopics(all(call.query, 'topics'));
    // What may not be read is refused before the answer has begun.
    for (const topic of topics)
      await events.event({ call, topic, index: parts.indexes.of([topic.watched]), since: undefined });
    const following = new EventStream({
      http: parts,
      events,
      call,
      topics,
      isBare: isBareOf(call),
      share: budget.open(call.remoteAddress),
      onEnd: (wasCut) => {
        count -= 1;
        if (wasCut) cut.add(0);
      },
    });
    count += 1;
    following.run(beginningOf(call, parts)).catch((error: unknown) => {
      parts.log.error({ err: error }, 'a stream of events failed');
    });
    return {
      status: 200,
      headers: HEADERS,
      body: following.body,
      endBody: () => following.end('the agent ends'),
    };
  };

  return {
    path: '/v1/stream',
    operations: {
      GET: {
        about: 'Changes of topics as server-sent events, each with the value that the topic has then.',
        place: ANY_SERVER,
        permission: open('each topic needs what reading it needs'),
        query: [
          {
            name: 'topics',
            about: 'What to follow, like service:web,kv:app/,nodes; separated by commas.',
            isRepeatable: true,
          },
          {
            name: 'last-event-id',
            about: 'As the header Last-Event-ID: the id of the last event that was seen.',
          },
          { name: 'values', about: 'false: only say which topic changed at which index.' },
        ],
        handle: stream,
      },
    },
  };
}
