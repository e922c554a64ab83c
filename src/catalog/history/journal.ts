/**
 * The history of the catalog: which notes are kept, for how long, and how much they may take.
 *
 * Bounded by age, number and octets, whichever comes first; the oldest go as new ones come, a few pages with each commit,
 * so that no commit pays for all of it. Follows what is installed, so the totals are right on every server, whoever wrote.
 */
import type { HistoryNote, HistoryRow } from '../../model/history-types.ts';
import type { Command } from '../command.ts';
import type { Applied, Change } from '../state.ts';
import type { CatalogKinds, View } from '../tables.ts';
import { describeWrite } from './describe-write.ts';
import { pageOf } from './history-page.ts';
import type { Journal, PendingNote } from './keep-notes.ts';

export interface HistorySettings {
  /** 0 keeps no history. */
  readonly maxNotes: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  /** Prefixes of keys whose values are kept; '' is all of them. */
  readonly kvPrefixes: readonly string[];
}

/** Pages that go with one commit. Above 1, or a history that is too large never gets smaller. */
const MAX_DROPPED = 8;
/** Octets of a note beside what differs from note to note. */
const NOTE_BYTES = 160;

const sizeOfText = (text: string | undefined): number => text?.length ?? 0;

const sizeOfSide = (side: PendingNote['before']): number =>
  typeof side === 'object' ? JSON.stringify(side).length : sizeOfText(side);

/** About the octets of a note as JSON: counted, because to encode each note twice would cost more than the note. */
function sizeOfNote(note: PendingNote): number {
  const texts =
    sizeOfText(note.output) + sizeOfText(note.key) + sizeOfText(note.checkId) + sizeOfText(note.name);
  const names = sizeOfText(note.node) + sizeOfText(note.service) + sizeOfText(note.serviceId);
  return NOTE_BYTES + texts + names + sizeOfSide(note.before) + sizeOfSide(note.after);
}

/** Commands that change keys because a session ended, not because somebody wrote them. */
const whyOf = (command: Command): string | undefined => {
  if (command.kind === 'session-destroy') return `session ${command.id} ended`;
  return command.kind === 'restore' ? 'a snapshot was restored' : undefined;
};

function originOf(command: Command): Pick<PendingNote, 'by'> {
  const why = command.by?.why ?? whyOf(command);
  if (command.by === undefined && why === undefined) return {};
  return { by: { ...command.by, ...(why !== undefined && { why }) } };
}

export class HistoryJournal implements Journal<CatalogKinds, Command> {
  readonly maxOperations = 1 + MAX_DROPPED;
  readonly #view: View;
  readonly #settings: HistorySettings;
  #notes = 0;
  #bytes = 0;

  constructor(view: View, settings: HistorySettings) {
    this.#view = view;
    this.#settings = settings;
    for (const row of view.history.values()) this.#count(row, 1);
  }

  /** What is kept now. */
  get size(): { readonly notes: number; readonly bytes: number; readonly oldestMs: number | undefined } {
    const [oldest] = this.#view.history.values();
    return { notes: this.#notes, bytes: this.#bytes, oldestMs: oldest?.fromMs };
  }

  onInstalled(applied: readonly Pick<Applied, 'table' | 'before' | 'after'>[]): void {
    for (const { table, before, after } of applied) {
      if (table !== 'history') continue;
      if (before !== undefined) this.#count(before as HistoryRow, -1);
      if (after !== undefined) this.#count(after as HistoryRow, 1);
    }
  }

  note(
    command: Command,
    changes: readonly Change[],
    { view, nowMs }: { readonly view: View; readonly nowMs: number },
  ): readonly PendingNote[] {
    if (this.#settings.maxNotes === 0 || changes.length === 0) return [];
    const told = describeWrite(changes, view, this.#settings);
    if (told.length === 0) return [];
    const origin = originOf(command);
    return told.map((content) => ({ atMs: nowMs, ...content, ...origin }));
  }

  sizeOf(notes: readonly PendingNote[]): number {
    return notes.reduce((sum, note) => sum + 2 * sizeOfNote(note), 0);
  }

  keep(notes: readonly HistoryNote[], first: number): readonly Change[] {
    const row = pageOf(notes, first);
    return [{ op: 'put', table: 'history', row }, ...this.#overdue(row)];
  }

  /** The oldest pages that have to go when this one comes. */
  #overdue(coming: HistoryRow): readonly Change[] {
    const { maxNotes, maxAgeMs, maxBytes } = this.#settings;
    const oldestMs = coming.toMs - maxAgeMs;
    let [count, bytes] = [this.#notes + coming.count, this.#bytes + coming.bytes];
    const dropped: Change[] = [];
    for (const row of this.#view.history.values()) {
      const fits = count <= maxNotes && bytes <= maxBytes && row.toMs >= oldestMs;
      if (fits || dropped.length === MAX_DROPPED) break;
      dropped.push({ op: 'remove', table: 'history', key: row.key });
      count -= row.count;
      bytes -= row.bytes;
    }
    return dropped;
  }

  #count({ count, bytes }: HistoryRow, sign: 1 | -1): void {
    this.#notes += sign * count;
    this.#bytes += sign * bytes;
  }
}
