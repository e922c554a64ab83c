/**
 * Notes of a stretch of time that a question about health needs, oldest first, and from when on they are complete.
 *
 * Reads pages from the newest backwards. What bounds it is the number of pages read, in vain or not: then the stretch is shorter
 * than was asked for, and says so.
 */
import type { HistoryNote, HistoryRow } from '../../model/history-types.ts';
import type { View } from '../tables.ts';
import { notesOf } from './history-page.ts';

/** Pages that are read for one question: some 0.02 ms each. Turning it up lets one question hold up others. */
const MAX_PAGES = 500;
/** Notes of one question. */
const MAX_NOTES = 4_000;

export interface NotesWanted {
  readonly fromMs: number;
  /** Whether reading a page may be worth it. */
  readonly mayHold: (page: HistoryRow) => boolean;
  readonly isWanted: (note: HistoryNote) => boolean;
}

export interface NotesSince {
  /** Oldest first. */
  readonly notes: readonly HistoryNote[];
  /** Nothing that was wanted is missing from here on; the present when nothing is remembered. */
  readonly knownFromMs: number;
}

function wantedOf(page: HistoryRow, { fromMs, isWanted }: NotesWanted): readonly HistoryNote[] {
  return notesOf(page)
    .filter((note) => note.atMs >= fromMs && isWanted(note))
    .reverse();
}

/** The notes that are wanted; none where nothing is remembered. */
export function notesSince(
  { history }: Pick<View, 'history'>,
  wanted: NotesWanted,
  nowMs: number,
): NotesSince {
  const pages = [...history.withPrefix('')];
  const found: HistoryNote[] = [];
  let read = 0;
  let knownFromMs = Math.max(wanted.fromMs, Math.min(pages[0]?.fromMs ?? nowMs, nowMs));
  for (const page of pages.reverse()) {
    if (page.toMs < wanted.fromMs) break;
    if (!wanted.mayHold(page)) continue;
    if (read === MAX_PAGES || found.length >= MAX_NOTES) {
      knownFromMs = page.toMs;
      break;
    }
    read += 1;
    for (const note of wantedOf(page, wanted)) found.push(note);
  }
  return { notes: found.reverse(), knownFromMs };
}
