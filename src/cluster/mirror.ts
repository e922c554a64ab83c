/**
 * The part of the catalog that a client agent follows, in memory: the same tables, indexes and waiters as on a server, so
 * that whoever reads them never knows the difference.
 *
 * A row is there as long as a topic is followed that it belongs to. What was told stays when the servers are gone. Indexes
 * of topics never fall while they mean the same catalog; a topic that is not here has the index 0, which no answer has.
 */
import type { InstalledListener } from '../catalog/installer.ts';
import { type Change, State } from '../catalog/state.ts';
import { TABLES } from '../catalog/tables.ts';
import { topicsOf } from '../catalog/topics.ts';
import type { Watch } from '../catalog/watch.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { RowsMessage } from './agent-messages.ts';
import { removalOf, rowKeyOf } from './topic-rows.ts';

interface Topic {
  index: ModifyIndex;
  /** Keys of its rows. */
  readonly rows: Set<string>;
}

export class Mirror {
  readonly state = new State(TABLES);
  readonly #watch: Watch;
  readonly #topics = new Map<string, Topic>();
  /** How many topics a row belongs to. */
  readonly #uses = new Map<string, number>();
  readonly #listeners: InstalledListener[] = [];
  /** Topics whose rows are those of another catalog than the servers have now. */
  readonly #outdated = new Set<string>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** Have `listener` told of every change, before those who wait are woken. */
  onInstalled(listener: InstalledListener): void {
    this.#listeners.push(listener);
  }

  /** The topics that are here. */
  get topics(): Iterable<string> {
    return this.#topics.keys();
  }

  /** Whether nothing is registered under a topic that is here. */
  isEmpty(topic: string): boolean {
    return this.#topics.get(topic)?.rows.size === 0;
  }

  /** Whether the rows of a topic are here. */
  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /** Index of a topic; 0 for one that is not here. */
  indexOf(topic: string): ModifyIndex {
    return this.#topics.get(topic)?.index ?? 0;
  }

  /** Take what a server told. */
  take(message: RowsMessage): void {
    const known = this.#topics.get(message.topic);
    // Changes of what was given up meanwhile, or never was here, mean nothing.
    if (known === undefined && !message.isWhole) return;
    const topic = known ?? { index: 0, rows: new Set<string>() };
    this.#topics.set(message.topic, topic);
    topic.index = Math.max(topic.index, message.index, 1);
    const put = message.put.map((change) => ({ change, key: rowKeyOf(change) }));
    const kept = message.isWhole ? new Set(put.map(({ key }) => key)) : undefined;
    const removed = kept ? [...topic.rows].filter((key) => !kept.has(key)) : message.removed;
    const changes: Change[] = removed.flatMap((key) => this.#release(topic, key));
    const isOutdated = this.#outdated.delete(message.topic);
    for (const { change, key } of put) {
      this.#hold(topic, key);
      if (isOutdated || !this.#isHere(change)) changes.push(change);
    }
    this.#install(changes, message.index, [message.topic]);
  }

  /** Give up a topic: nobody tells of its changes any more, so whoever waits for one has to look again. */
  forget(name: string): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    this.#topics.delete(name);
    this.#outdated.delete(name);
    const changes = [...topic.rows].flatMap((key) => this.#release(topic, key));
    this.#install(changes, this.state.index, [name]);
  }

  /** The servers have another catalog now, whose indexes began anew: who waits has to look again. */
  restart(): void {
    for (const [name, topic] of this.#topics) {
      topic.index = 1;
      this.#outdated.add(name);
    }
    this.#watch.wake(this.#topics.keys());
  }

  /** A row with the same stamps is the same row; it then stays the object that it is. */
  #isHere({ table, row }: Extract<Change, { op: 'put' }>): boolean {
    const before = this.state.view[table].get(TABLES[table].key(row as never));
    return before?.modifyIndex === row.modifyIndex && before.createIndex === row.createIndex;
  }

  #hold(topic: Topic, key: string): void {
    if (topic.rows.has(key)) return;
    topic.rows.add(key);
    this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
  }

  #release(topic: Topic, key: string): readonly Change[] {
    if (!topic.rows.delete(key)) return [];
    const left = (this.#uses.get(key) ?? 1) - 1;
    if (left > 0) {
      this.#uses.set(key, left);
      return [];
    }
    this.#uses.delete(key);
    return [removalOf(key)];
  }

  #install(changes: readonly Change[], index: ModifyIndex, topics: readonly string[]): void {
    const applied = this.state.adopt(changes, index);
    if (applied.length > 0) for (const listener of this.#listeners) listener(applied, this.state.index);
    this.#watch.wake(new Set([...topics, ...topicsOf(applied, this.state.view)]));
  }
}
