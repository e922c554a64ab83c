/**
 * What the main thread and the DNS threads tell each other. Everything here survives a structured clone.
 *
 * Main → thread: the rows at the start, every installed write after that, new configurations, the names of other
 * datacenters and what they answer, whether somebody watches the questions, the order to end. Thread → main: that it
 * listens (or cannot), lines for the log, what it wants asked in other datacenters, questions for those who watch, and
 * once a second what it has counted.
 */
import type { Applied, Change, PutChange } from '../../catalog/state.ts';
import { type AnyRow, TABLES, type TableName, type View } from '../../catalog/tables.ts';
import type { MetricName } from '../../metrics/metric-table.ts';
import type { ModifyIndex } from '../../model/types.ts';
import type { DnsConfig } from '../dns-config.ts';
import type { QuestionBatch } from '../question-sample.ts';
import type { ThreadQuestion, ToldThread } from './ask-main.ts';
import type { BoundSocket } from './udp-sockets.ts';

/** What a DNS thread is started with. */
export interface ThreadStart {
  readonly addresses: readonly string[];
  readonly port: number;
  /** Sockets that the main thread has opened for this one; null: it opens its own, with node:dgram. */
  readonly sockets: readonly BoundSocket[] | null;
  readonly config: DnsConfig;
  readonly nodeName: string;
  readonly rows: readonly PutChange[];
  readonly index: ModifyIndex;
  /** Names of other datacenters. */
  readonly datacenters: readonly string[];
  /** Somebody watches the questions. */
  readonly isWatched: boolean;
}

export type ToThread =
  | { readonly kind: 'write'; readonly changes: readonly Change[]; readonly index: ModifyIndex }
  | { readonly kind: 'config'; readonly config: DnsConfig }
  | { readonly kind: 'datacenters'; readonly names: readonly string[] }
  | { readonly kind: 'told'; readonly id: number; readonly told: ToldThread }
  | { readonly kind: 'watch'; readonly isOn: boolean }
  | { readonly kind: 'stop' };

/** What was counted under one label set since the last report. */
export interface Counted {
  readonly metric: MetricName;
  readonly labels: readonly string[];
  readonly value: number;
  readonly buckets: readonly number[];
}

export type FromThread =
  | { readonly kind: 'listening' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: ThreadQuestion }
  | { readonly kind: 'refused'; readonly code: string; readonly address: string; readonly message: string }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly message: string;
    }
  | { readonly kind: 'questions'; readonly batch: QuestionBatch }
  | { readonly kind: 'counted'; readonly counted: readonly Counted[] };

/** The tables that answers are made of. */
const DNS_TABLES: readonly TableName[] = ['nodes', 'services', 'checks', 'queries', 'coordinates'];

/** All rows that a DNS thread needs. O(rows). */
export function rowsForThread(view: View): readonly PutChange[] {
  return DNS_TABLES.flatMap((table) => {
    const rows: readonly AnyRow[] = [...view[table].values()];
    return rows.map((row) => ({ op: 'put', table, row }) as PutChange);
  });
}

/** The changes behind applied ones, for tables that DNS threads have. */
export function changesForThread(applied: readonly Applied[]): readonly Change[] {
  const changes: Change[] = [];
  for (const { table, before, after } of applied) {
    if (!DNS_TABLES.includes(table)) continue;
    if (after !== undefined) changes.push({ op: 'put', table, row: after } as PutChange);
    else if (before !== undefined) changes.push({ op: 'remove', table, key: keyOf(table, before) });
  }
  return changes;
}

function keyOf(table: TableName, row: AnyRow): string {
  return TABLES[table].key(row as never);
}
