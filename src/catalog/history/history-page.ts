/**
 * A page of the history: the notes of one commit as a row of the catalog.
 *
 * The notes are one text, encoded when they are written and parsed when somebody asks: fifty thousand of them as
 * objects would keep the garbage collector busy all day. What tells whether parsing is worth it stands beside the text.
 */
import type { HistoryNote, HistoryRow } from '../../model/history-types.ts';
import { UNSTAMPED } from '../../model/types.ts';

/** Digits of the largest index that a number can hold. */
const KEY_LENGTH = 16;
/** Stands before and behind each word of `about`; it is in no name. */
const BOUND = '\n';

const lowerCased = (name: string): string => name.toLowerCase();

/** What a note can be found by, as one word for each. */
export const aboutKind = (kind: string): string => `${BOUND}kind:${kind}${BOUND}`;
export const aboutNode = (name: string): string => `${BOUND}node:${lowerCased(name)}${BOUND}`;
export const aboutService = (name: string): string => `${BOUND}service:${lowerCased(name)}${BOUND}`;
export const aboutKey = (key: string): string => `${BOUND}key:${key}${BOUND}`;
/** All keys that begin so. */
export const aboutKeys = (prefix: string): string => `${BOUND}key:${prefix}`;

/** Notes of what counts for everything on a node: its own checks, its maintenance, that it comes and goes. */
export const ABOUT_NODES_THEMSELVES = `${BOUND}nodes themselves${BOUND}`;

function aboutAll(notes: readonly HistoryNote[]): string {
  const words = new Set<string>();
  for (const { kind, node, service, serviceId, key } of notes) {
    words.add(aboutKind(kind));
    if (node !== undefined && serviceId === undefined) words.add(ABOUT_NODES_THEMSELVES);
    if (node !== undefined) words.add(aboutNode(node));
    if (service !== undefined) words.add(aboutService(service));
    if (key !== undefined) words.add(aboutKey(key));
  }
  return [...words].join('');
}

/** The page of the notes of a commit whose first write has the index `first`. */
export function pageOf(notes: readonly HistoryNote[], first: number): HistoryRow {
  const text = JSON.stringify(notes);
  const about = aboutAll(notes);
  return Object.freeze({
    ...UNSTAMPED,
    key: String(first).padStart(KEY_LENGTH, '0'),
    count: notes.length,
    bytes: text.length + about.length,
    fromIndex: notes[0]?.index ?? first,
    fromMs: notes[0]?.atMs ?? 0,
    toIndex: notes.at(-1)?.index ?? first,
    toMs: notes.at(-1)?.atMs ?? 0,
    about,
    notes: text,
  });
}

/** The notes of a page, oldest first; none when its text cannot be read. */
export function notesOf({ notes }: Pick<HistoryRow, 'notes'>): readonly HistoryNote[] {
  try {
    return JSON.parse(notes) as readonly HistoryNote[];
  } catch {
    return [];
  }
}
