/**
 * The catalog of this process: store → rows in memory → indexes and waiters → the one write queue.
 *
 * The rows are loaded before anything listens, so the first DNS answer after a restart is already complete.
 */
import path from 'node:path';
import { type InstalledListener, Installer } from '../catalog/installer.ts';
import type { Persistence, Stored } from '../catalog/persistence.ts';
import { reduce } from '../catalog/reduce.ts';
import { ServiceSummaries } from '../catalog/service-summary.ts';
import { State } from '../catalog/state.ts';
import { TABLES } from '../catalog/tables.ts';
import { TopicIndexes, topicsOf } from '../catalog/topics.ts';
import { Watch } from '../catalog/watch.ts';
import { Writer } from '../catalog/writer.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { systemErrorText } from '../lib/system-error.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { AppError } from '../model/errors.ts';
import type { Part } from './lifecycle.ts';
import { makeFolder } from './make-folder.ts';
import { meteredStore } from './metered-store.ts';

const DATABASE_FILE = 'rollcall.db';

export interface Core {
  readonly store: Persistence;
  readonly state: State;
  readonly indexes: TopicIndexes;
  readonly watch: Watch;
  readonly summaries: ServiceSummaries;
  readonly writer: Writer;
  /** Have `listener` told of every installed write, in order, before those who wait are woken. */
  onInstalled(listener: InstalledListener): void;
  /** Take no more changes from outside. */
  unfollow(): void;
}

export interface CoreParts {
  /** '' keeps everything in memory. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Drivers are loaded when they are chosen: the native module costs a development agent nothing. */
async function openStore(dataDir: string): Promise<Persistence> {
  if (dataDir === '') return (await import('../store/memory.ts')).memoryStore();
  try {
    makeFolder(dataDir);
  } catch (cause) {
    const why = systemErrorText(cause);
    throw new AppError('config_invalid', `data_dir: ${dataDir} cannot be created: ${why}`, { cause });
  }
  const { sqliteFile } = await import('../store/sqlite.ts');
  return sqliteFile(path.join(dataDir, DATABASE_FILE)).store('catalog', TABLES);
}

/** Everything that is stored. A store that cannot be read is closed: its thread would keep the process alive. */
async function loadOrClose(store: Persistence): Promise<Stored> {
  try {
    return await store.load();
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Load the catalog and make its write queue. Rejects with AppError when the store cannot be opened. */
export async function openCore({ dataDir, clock, random, metrics, log }: CoreParts): Promise<Core> {
  const store = meteredStore(await openStore(dataDir), { metrics, clock, log });
  const stored = await loadOrClose(store);
  const state = new State(TABLES);
  state.load(stored.rows, stored.index);
  const indexes = new TopicIndexes(stored.index);
  const watch = new Watch(clock);
  const installer = new Installer({ state, indexes, watch, topicsOf });
  const unfollow = store.follow(stored.index, installer);
  const writer = new Writer({ specs: TABLES, reduce, state, installer, persistence: store, clock, random });
  const summaries = new ServiceSummaries(state.view, indexes);
  return {
    store,
    state,
    indexes,
    watch,
    summaries,
    writer,
    onInstalled: (listener) => installer.onInstalled(listener),
    unfollow,
  };
}

/** Store and write queue as one part: what was taken is durable before the store closes. */
export function corePart({ writer, watch, store, unfollow }: Core): Part {
  return {
    name: 'catalog',
    start: async () => {},
    stop: async () => {
      await writer.stop();
      unfollow();
      watch.abandonAll();
      await store.close();
    },
  };
}
