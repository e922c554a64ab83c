/**
 * The one step that makes committed writes visible: install → topics → indexes → notify → wake.
 *
 * It has two doors. The write queue installs its own commits; a store that others write to tells of everybody's writes
 * (`onWrite`) and, where it cannot tell all of them, of everything there is (`onReset`). A write that comes through both
 * doors is installed once: its index tells. Never writes, never waits.
 */
import { invariant } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { Follower, NumberedWrite, Stored } from './persistence.ts';
import type { Applied, State } from './state.ts';
import type { Kinds, ViewOf } from './table-set.ts';
import type { CatalogKinds } from './tables.ts';
import type { TopicIndexes } from './topics.ts';
import type { Watch } from './watch.ts';

/** The topics that applied changes touch; `view` is the state after them. */
export type TopicsOf<K extends Kinds> = (
  applied: readonly Applied<K>[],
  view: ViewOf<K>,
) => ReadonlySet<string>;

/** Told of every installed write, in order, before those who wait are woken. */
export type InstalledListener<K extends Kinds = CatalogKinds> = (
  applied: readonly Applied<K>[],
  index: ModifyIndex,
) => void;

export interface InstallerParts<K extends Kinds> {
  readonly state: State<K>;
  readonly indexes: TopicIndexes;
  readonly watch: Watch;
  readonly topicsOf: TopicsOf<K>;
}

export class Installer<K extends Kinds = CatalogKinds> implements Follower<K> {
  readonly #parts: InstallerParts<K>;
  readonly #listeners: InstalledListener<K>[] = [];
  /** Topics of installed writes that nobody was woken for yet. */
  #touched = new Set<string>();

  constructor(parts: InstallerParts<K>) {
    this.#parts = parts;
  }

  /** Have `listener` told of every installed write from now on. */
  onInstalled(listener: InstalledListener<K>): void {
    this.#listeners.push(listener);
  }

  /** Install a write of our own; `wake` has to follow. One that arrived from outside already is left alone. */
  install({ index, changes }: NumberedWrite<K>): void {
    const { state } = this.#parts;
    if (index <= state.index) return;
    invariant(index === state.index + 1, `write ${index} cannot follow on ${state.index}`);
    this.#publish(state.install(changes, index), index);
  }

  /** Wake everybody whose topics were touched since the last time. */
  wake(): void {
    const touched = this.#touched;
    this.#touched = new Set();
    this.#parts.watch.wake(touched);
  }

  /** Install a write that arrived from outside. */
  onWrite(write: NumberedWrite<K>): void {
    this.install(write);
    this.wake();
  }

  /**
   * Become what the store holds; what was read before the last of our own writes is left alone, all of it is installed.
   * Whoever waits for what did not change is not woken.
   */
  onReset({ rows, index }: Stored<K>): void {
    const { state } = this.#parts;
    if (index < state.index) return;
    // The first that is told: a client may wait with an index of before, for something that has been removed since.
    if (state.index === 0) this.#parts.indexes.raiseFloor(index);
    const isNewer = index > state.index;
    const applied = state.replace(rows, index);
    // Also when no row differs: who waits for an index has to hear that it was reached.
    if (isNewer || applied.length > 0) this.#publish(applied, index);
    this.wake();
  }

  #publish(applied: readonly Applied<K>[], index: ModifyIndex): void {
    const { state, indexes, topicsOf } = this.#parts;
    const topics = topicsOf(applied, state.view);
    indexes.touch(topics, index);
    for (const topic of topics) this.#touched.add(topic);
    for (const listener of this.#listeners) listener(applied, index);
  }
}
