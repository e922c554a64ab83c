/**
 * /v1/history: what the catalog remembers of its own past.
 *
 * Newest first, in pages: `before` takes what the header X-Rollcall-Next of the page before says; it is there while there
 * may be more, also beside fewer entries than `limit`. Blocks like every read. Refuses times and kinds that it does not know with 400.
 */
import { type NotePlace, type NoteQuery, selectNotes } from '../../catalog/history/select-notes.ts';
import { HISTORY_TOPIC } from '../../catalog/topics.ts';
import { parseDuration } from '../../lib/duration.ts';
import { hintOf } from '../../lib/nearest.ts';
import { AppError } from '../../model/errors.ts';
import { NOTE_KINDS, type NoteKind } from '../../model/history-types.ts';
import { historyFilter } from '../access/answer-filters.ts';
import { filtered } from '../access/permission.ts';
import { answerRead } from '../blocking.ts';
import type { Call } from '../call-and-reply.ts';
import { noteDocument } from '../documents/history-document.ts';
import { CATALOG_READ } from '../place.ts';
import { json } from '../reply.ts';
import { all, first } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Route } from '../route.ts';

const DEFAULT_LIMIT = 100;
/** Entries of one answer. Turning it up makes answers that take longer than others should wait. */
const MAX_LIMIT = 1_000;

function kindsOf(call: Call): ReadonlySet<NoteKind> {
  const names = all(call.query, 'kind')
    .flatMap((value) => value.split(','))
    .filter((name) => name !== '');
  for (const name of names)
    if (!(NOTE_KINDS as readonly string[]).includes(name))
      throw new AppError(
        'bad_request',
        `Unknown kind ${JSON.stringify(name)}: one of ${NOTE_KINDS.join(', ')}${hintOf(name, NOTE_KINDS)}`,
      );
  return new Set(names as NoteKind[]);
}

function limitOf(call: Call): number {
  const text = first(call.query, 'limit');
  if (text === undefined || text === '') return DEFAULT_LIMIT;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit === 0) throw new AppError('bad_request', 'Invalid value for ?limit: a number above 0');
  return Math.min(limit, MAX_LIMIT);
}

function placeOf(text: string): NotePlace {
  const [, index, place = '0'] = /^(\d{1,16})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (index === undefined) throw new AppError('bad_request', 'Invalid value for ?before: the ID of an entry');
  return { index: Number(index), place: Number(place) };
}

/** An index or the ID of an entry, a time, or how long ago. */
function sinceOf(text: string | undefined, nowMs: number): Pick<NoteQuery, 'aboveIndex' | 'fromMs'> {
  if (text === undefined || text === '') return { aboveIndex: 0, fromMs: 0 };
  if (/^\d{1,16}(?:\.\d{1,9})?$/.test(text)) return { aboveIndex: Math.trunc(Number(text)), fromMs: 0 };
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return { aboveIndex: 0, fromMs: nowMs - agoMs };
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs))
    throw new AppError(
      'bad_request',
      'Invalid value for ?since: an index, a time like 2030-01-31T12:00:00Z, or 1h',
    );
  return { aboveIndex: 0, fromMs: timeMs };
}

function queryOf(call: Call, nowMs: number): NoteQuery {
  const { query } = call;
  const before = first(query, 'before');
  return {
    kinds: kindsOf(call),
    node: first(query, 'node') || undefined,
    service: first(query, 'service') || undefined,
    key: first(query, 'key'),
    ...sinceOf(first(query, 'since'), nowMs),
    before: before ? placeOf(before) : undefined,
    limit: limitOf(call),
  };
}

const history: Handler = (call, parts) => {
  const query = queryOf(call, parts.clock.now());
  return answerRead(call, parts, {
    topics: [HISTORY_TOPIC],
    isVolatile: true,
    reply: () => {
      const { notes, next } = selectNotes(parts.state.view, query);
      const header = next && { 'X-Rollcall-Next': `${next.index}.${next.place}` };
      return json(notes.map(noteDocument), header);
    },
  });
};

export const historyRoutes: readonly Route[] = [
  {
    path: '/v1/history',
    operations: {
      GET: {
        about: 'What changed, newest first: when, what, from what to what, who and why.',
        place: CATALOG_READ,
        permission: filtered('read on what each entry is about', historyFilter),
        query: [
          ...READ_PARAMETERS,
          { name: 'since', about: 'Only entries above this index, from this time on, or of the last 1h.' },
          { name: 'service', about: 'Only entries about instances of this service.' },
          { name: 'node', about: 'Only entries about this node and what is on it.' },
          { name: 'kind', about: 'Only entries of these kinds, like check,service.', isRepeatable: true },
          { name: 'key', about: 'Only entries about this key, or, ending in a slash, about keys below it.' },
          { name: 'before', about: 'Only entries older than the one with this ID.' },
          { name: 'limit', about: 'Number of entries: 100, and 1000 at most.' },
        ],
        handle: history,
      },
    },
  },
];
