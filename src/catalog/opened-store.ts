/**
 * A store with everything that makes it usable: the rows in memory, their indexes, the step that installs and the one
 * queue that writes.
 *
 * An agent has two: the catalog, and what it was asked to keep registered. Everything is loaded before this resolves, so
 * whoever listens afterwards answers from complete rows.
 */
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { Command, Results } from './command.ts';
import type { Journal } from './history/keep-notes.ts';
import { Installer, type TopicsOf } from './installer.ts';
import type { Persistence, Write } from './persistence.ts';
import type { Reduce } from './reduce-context.ts';
import { type Applied, State } from './state.ts';
import type { Kinds, TableSpecs, ViewOf } from './table-set.ts';
import type { CatalogKinds } from './tables.ts';
import { TopicIndexes } from './topics.ts';
import type { Watch } from './watch.ts';
import { Writer } from './writer.ts';

/** What makes a set of tables this one and no other. */
export interface Rules<K extends Kinds, C> {
  readonly specs: TableSpecs<K>;
  readonly reduce: Reduce<K, C>;
  readonly topicsOf: TopicsOf<K>;
  /** Makes what remembers the writes; none remembers nothing. */
  readonly makeJournal?: (view: ViewOf<K>) => Journal<K, C> & Pick<RowRoom<K>, 'onInstalled'>;
}

export interface StoreTools {
  /** Who waits for a change; the stores of one agent share it, because their topics differ. */
  readonly watch: Watch;
  readonly clock: Clock;
  readonly random: Random;
}

/** Decides whether there is room for more rows, and follows what is installed (catalog/room.ts). */
export interface RowRoom<K extends Kinds> {
  /** Throws AppError for changes of the view that there is no room for. */
  admit(changes: Write<K>, view: ViewOf<K>): void;
  onInstalled?(applied: readonly Applied<K>[]): void;
}

export interface OpenedStore<
  K extends Kinds = CatalogKinds,
  C extends { readonly kind: string } = Command,
  R = Results,
> {
  readonly state: State<K>;
  readonly indexes: TopicIndexes;
  readonly installer: Installer<K>;
  readonly writer: Writer<K, C, R>;
  /** End with what was taken durable. */
  close(): Promise<void>;
}

/** Load a store and make its queue. Rejects with AppError, the store closed, when it cannot be read. */
export async function openStore<K extends Kinds, C extends { readonly kind: string }, R>(
  persistence: Persistence<K>,
  { specs, reduce, topicsOf, makeJournal }: Rules<K, C>,
  { watch, clock, random }: StoreTools,
  makeRoom?: (view: ViewOf<K>) => RowRoom<K>,
): Promise<OpenedStore<K, C, R>> {
  const stored = await persistence.load().catch(async (error: unknown) => {
    await persistence.close(); // what it holds open would keep the process alive
    throw error;
  });
  const state = new State(specs);
  state.load(stored.rows, stored.index);
  const indexes = new TopicIndexes(stored.index);
  const installer = new Installer({ state, indexes, watch, topicsOf });
  const unfollow = persistence.follow(stored.index, installer);
  const room = makeRoom?.(state.view);
  const journal = makeJournal?.(state.view);
  installer.onInstalled((applied) => {
    room?.onInstalled?.(applied);
    journal?.onInstalled?.(applied);
  });
  const admit = room && { admit: room.admit.bind(room) };
  const writer = new Writer<K, C, R>({
    specs,
    reduce,
    state,
    installer,
    persistence,
    clock,
    random,
    ...admit,
    ...(journal && { journal }),
  });
  const close = async (): Promise<void> => {
    await writer.stop();
    unfollow();
    await persistence.close();
  };
  return { state, indexes, installer, writer, close };
}
