/**
 * What the catalog remembers of its own past: notes, each about one thing that one write changed.
 *
 * A note says when, what, before and after, who and why. Values of keys are in it only where `kv_history` asks for them;
 * secrets never are.
 */
import type { JsonObject, ModifyIndex, Stamp } from './types.ts';

/** Who asked for a write, as far as it is known. */
export interface Origin {
  /** Name of the agent that sent it. */
  readonly agent?: string;
  /** AccessorID of the token that it was asked with. */
  readonly accessor?: string;
  /** IP address of the client. */
  readonly address?: string;
  /** In a few words, where nobody asked: "critical for too long". */
  readonly why?: string;
}

export const NOTE_KINDS = [
  'node',
  'service',
  'check',
  'maintenance',
  'member',
  'leader',
  'kv',
  'query',
  'acl',
  'setting',
  'catalog',
] as const;
export type NoteKind = (typeof NOTE_KINDS)[number];

/** A note before it has an index. */
export interface NoteContent {
  readonly kind: NoteKind;
  /** In the past tense: registered, changed, deregistered, failed, written, deleted, locked … */
  readonly action: string;
  readonly node?: string;
  readonly service?: string;
  readonly serviceId?: string;
  readonly checkId?: string;
  /** Name of a check, a query, a policy …, as people know it. */
  readonly name?: string;
  readonly key?: string;
  /** A status, or the fields that differ. */
  readonly before?: string | JsonObject;
  readonly after?: string | JsonObject;
  /** What a check said. */
  readonly output?: string;
  /** So many more things of this kind were changed by the same write, and have no note of their own. */
  readonly more?: number;
}

/** Times are wall time in ms. */
export interface HistoryNote extends NoteContent {
  readonly index: ModifyIndex;
  readonly atMs: number;
  readonly by?: Origin;
}

/** The notes of the writes that were committed together. */
export interface HistoryRow extends Stamp {
  /** The index of its first write, padded: keys sort as indexes do. */
  readonly key: string;
  /** Number of the notes, and about their octets. */
  readonly count: number;
  readonly bytes: number;
  /** Of the oldest and of the newest of them. */
  readonly fromIndex: ModifyIndex;
  readonly toIndex: ModifyIndex;
  readonly fromMs: number;
  readonly toMs: number;
  /** Everything that one of them can be found by (catalog/history/history-page.ts). */
  readonly about: string;
  /** The notes, oldest first, as JSON. */
  readonly notes: string;
}
