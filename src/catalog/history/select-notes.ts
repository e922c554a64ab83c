/**
 * Which notes of the history somebody asks for, newest first.
 *
 * A note is named by the index of its write and its place among the notes of that write ("42.0"): names are never reused
 * and sort in time. Looks from the newest page backwards and stops where the question does, so that a page of answers
 * costs what it shows and what was passed over, never more than the history holds.
 */
import type { HistoryNote, HistoryRow, NoteKind } from '../../model/history-types.ts';
import type { View } from '../tables.ts';

/** Where a note stands in time. */
export interface NotePlace {
  readonly index: number;
  readonly place: number;
}

export interface PlacedNote extends NotePlace {
  readonly note: HistoryNote;
}

export interface NoteQuery {
  /** Empty is every kind. */
  readonly kinds: ReadonlySet<NoteKind>;
  /** Names are compared without case; undefined is any. */
  readonly node?: string | undefined;
  readonly service?: string | undefined;
  /** The key itself, or, with a slash at its end, everything below it; '' is every key. */
  readonly key?: string | undefined;
  /** Only notes of writes above this index. */
  readonly aboveIndex: number;
  /** Only notes from this time on. */
  readonly fromMs: number;
  /** Only notes before this one. */
  readonly before?: NotePlace | undefined;
  readonly limit: number;
}

export interface FoundNotes {
  readonly notes: readonly PlacedNote[];
  /** Whether there are older ones that match. */
  readonly hasMore: boolean;
}

const isNamed = (name: string | undefined, wanted: string | undefined): boolean =>
  wanted === undefined || name?.toLowerCase() === wanted.toLowerCase();

function isOfKey(key: string | undefined, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  if (key === undefined) return false;
  return wanted === '' || wanted.endsWith('/') ? key.startsWith(wanted) : key === wanted;
}

/** Whether a note is about what is asked for; when it was does not matter. */
export function isAbout(
  note: HistoryNote,
  { kinds, node, service, key }: Pick<NoteQuery, 'kinds' | 'node' | 'service' | 'key'>,
): boolean {
  if (kinds.size > 0 && !kinds.has(note.kind)) return false;
  return isNamed(note.node, node) && isNamed(note.service, service) && isOfKey(note.key, key);
}

/** The notes of a page with their places, oldest first. */
export function placedNotes({ notes }: Pick<HistoryRow, 'notes'>): readonly PlacedNote[] {
  let place = 0;
  return notes.map((note, at) => {
    place = notes[at - 1]?.index === note.index ? place + 1 : 0;
    return { index: note.index, place, note };
  });
}

const isBefore = (one: NotePlace, other: NotePlace): boolean =>
  one.index < other.index || (one.index === other.index && one.place < other.place);

/** All notes, newest first; those of pages that are wholly after `before` are not looked at. */
function* newestFirst({ history }: View, before: NotePlace | undefined): Iterable<PlacedNote> {
  for (const page of [...history.withPrefix('')].reverse()) {
    if (before !== undefined && (page.notes[0]?.index ?? 0) > before.index) continue;
    for (const placed of placedNotes(page).toReversed())
      if (before === undefined || isBefore(placed, before)) yield placed;
  }
}

/** What is remembered of what is asked for. */
export function selectNotes(view: View, query: NoteQuery): FoundNotes {
  const found: PlacedNote[] = [];
  for (const placed of newestFirst(view, query.before)) {
    if (placed.index <= query.aboveIndex || placed.note.atMs < query.fromMs) break;
    if (!isAbout(placed.note, query)) continue;
    if (found.length === query.limit) return { notes: found, hasMore: true };
    found.push(placed);
  }
  return { notes: found, hasMore: false };
}

/** The lowest index from which on nothing is missing: what was written before it may have been dropped. */
export function oldestIndex(view: View): number | undefined {
  const [oldest] = view.history.withPrefix('');
  return oldest?.notes[0]?.index;
}
