/**
 * /v1/history/health: how the instances of a service, or a node and what is on it, were lately, put together from the history.
 */
import { type PastOf, pastOfCatalog } from '../../catalog/history/past-of-catalog.ts';
import { HISTORY_TOPIC } from '../../catalog/topics.ts';
import { parseDuration } from '../../lib/duration.ts';
import { AppError } from '../../model/errors.ts';
import { healthHistoryFilter } from '../access/answer-filters.ts';
import { filtered } from '../access/permission.ts';
import { answerRead } from '../blocking.ts';
import type { Call } from '../call-and-reply.ts';
import { healthHistoryDocument } from '../documents/health-history-document.ts';
import { CATALOG_READ } from '../place.ts';
import { json } from '../reply.ts';
import { first } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Route } from '../route.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_MS = 24 * HOUR_MS;
/** Further back nothing can be drawn that says anything. */
const MAX_MS = 7 * 24 * HOUR_MS;

function askedOf({ query }: Call): PastOf {
  const [service, node] = [first(query, 'service') || undefined, first(query, 'node') || undefined];
  if (service !== undefined && node === undefined) return { service };
  if (node !== undefined && service === undefined) return { node };
  throw new AppError('bad_request', 'Give either service or node');
}

function lastMs({ query }: Call): number {
  const text = first(query, 'since') || '';
  if (text === '') return DEFAULT_MS;
  const ms = parseDuration(text) ?? 0;
  if (ms > 0) return Math.min(ms, MAX_MS);
  throw new AppError('bad_request', 'Invalid value for ?since: how long ago, like 24h');
}

const health: Handler = (call, parts) => {
  const [asked, spanMs] = [askedOf(call), lastMs(call)];
  return answerRead(call, parts, {
    topics: [HISTORY_TOPIC],
    isVolatile: true,
    reply: () => {
      const nowMs = parts.clock.now();
      return json(healthHistoryDocument(pastOfCatalog(parts.state.view, asked, nowMs - spanMs, nowMs)));
    },
  });
};

export const healthHistoryRoutes: readonly Route[] = [
  {
    path: '/v1/history/health',
    operations: {
      GET: {
        about:
          'How the instances of a service or of a node were lately: their states and since when, how long they were up.',
        place: CATALOG_READ,
        permission: filtered('service:read and node:read; counts are of all instances', healthHistoryFilter),
        query: [
          ...READ_PARAMETERS,
          { name: 'service', about: 'The instances of this service.' },
          { name: 'node', about: 'This node, and the instances on it.' },
          { name: 'since', about: 'How far back, like 6h: 24h, and 168h at most.' },
        ],
        handle: health,
      },
    },
  },
];
