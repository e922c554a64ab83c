/**
 * Which notes of the history somebody asks for, newest first.
 *
 * A note is named by the index of its write and its place among the notes of that write ("42.0"): names are never reused
 * and sort in time. Looks from the newest page backwards and stops where the question does, so that a page of answers
 * costs what it shows; where little of what it reads matches, it ends early and says where to go on.
 */
import type { HistoryNote, HistoryRow, NoteKind } from '../../model/history-types.ts';
import type { View } from '../tables.ts';
import { aboutKey, aboutKeys, aboutKind, aboutNode, aboutService, notesOf } from './history-page.ts';

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
  /** What to give as `before` to look further; absent at the end. */
  readonly next?: NotePlace;
}

/** Pages that are read for one question. Turning it up lets a question for what is rare hold up others: some 0.02 ms each. */
const MAX_PAGES = 250;

const isNamed = (name: string | undefined, wanted: string | undefined): boolean =>
  wanted === undefined || name?.toLowerCase() === wanted.toLowerCase();

const isFolder = (key: string): boolean => key === '' || key.endsWith('/');

function isOfKey(key: string | undefined, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  if (key === undefined) return false;
  return isFolder(wanted) ? key.startsWith(wanted) : key === wanted;
}

/** Whether a note is about what is asked for; when it was does not matter. */
function isAbout(
  note: HistoryNote,
  { kinds, node, service, key }: Pick<NoteQuery, 'kinds' | 'node' | 'service' | 'key'>,
): boolean {
  if (kinds.size > 0 && !kinds.has(note.kind)) return false;
  return isNamed(note.node, node) && isNamed(note.service, service) && isOfKey(note.key, key);
}

/** The notes of a page with their places, oldest first. */
function placedNotes(page: HistoryRow): readonly PlacedNote[] {
  const notes = notesOf(page);
  let place = 0;
  return notes.map((note, at) => {
    place = notes[at - 1]?.index === note.index ? place + 1 : 0;
    return { index: note.index, place, note };
  });
}

const isBefore = (one: NotePlace, other: NotePlace): boolean =>
  one.index < other.index || (one.index === other.index && one.place < other.place);

/** Words of which a page must have one each to hold what is asked for. */
function wordsOf({ kinds, node, service, key }: NoteQuery): readonly (readonly string[])[] {
  return [
    ...(kinds.size > 0 ? [[...kinds].map(aboutKind)] : []),
    ...(node === undefined ? [] : [[aboutNode(node)]]),
    ...(service === undefined ? [] : [[aboutService(service)]]),
    ...(key === undefined ? [] : [[isFolder(key) ? aboutKeys(key) : aboutKey(key)]]),
  ];
}

/** Pages that may hold what is asked for, newest first. */
function* pagesFor({ history }: View, query: NoteQuery): Iterable<HistoryRow> {
  const words = wordsOf(query);
  for (const page of [...history.withPrefix('')].reverse()) {
    if (page.toIndex <= query.aboveIndex || page.toMs < query.fromMs) return;
    if (query.before !== undefined && page.fromIndex > query.before.index) continue;
    if (words.every((some) => some.some((word) => page.about.includes(word)))) yield page;
  }
}

/** The notes of a page that are asked for, newest first. */
function notesFor(page: HistoryRow, query: NoteQuery): readonly PlacedNote[] {
  const { before, aboveIndex, fromMs } = query;
  return placedNotes(page)
    .filter((placed) => before === undefined || isBefore(placed, before))
    .filter(({ index, note }) => index > aboveIndex && note.atMs >= fromMs && isAbout(note, query))
    .reverse();
}

/** What is remembered of what is asked for. */
export function selectNotes(view: View, query: NoteQuery): FoundNotes {
  const notes: PlacedNote[] = [];
  let pages = 0;
  for (const page of pagesFor(view, query)) {
    // An answer ends between pages only where much was read in vain.
    if (pages === MAX_PAGES) return { notes, next: { index: page.toIndex + 1, place: 0 } };
    pages += 1;
    notes.push(...notesFor(page, query));
    if (notes.length > query.limit) {
      const shown = notes.slice(0, query.limit);
      return { notes: shown, next: shown.at(-1) as PlacedNote };
    }
  }
  return { notes };
}

/** The lowest index from which on nothing is missing; undefined while nothing is remembered. */
export function oldestIndex(view: View): number | undefined {
  const [oldest] = view.history.withPrefix('');
  return oldest?.fromIndex;
}
