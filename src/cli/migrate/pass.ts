/**
 * One pass of a migration: what the source has and the target has not, or has otherwise, is written to the target.
 * Nothing else is touched, so a pass can be repeated. What an earlier pass saw at the source and this one does not is
 * removed from the target.
 */
import { AppError } from '../../model/errors.ts';
import type { Client } from '../client.ts';
import type { Collection, Item, Items } from './collection.ts';

export interface Sides {
  readonly source: Client;
  readonly target: Client;
}

/** What became of one kind of thing. */
export interface Outcome {
  readonly name: string;
  added: number;
  changed: number;
  same: number;
  removed: number;
  /** Names of what is not copied, by the reason. */
  readonly leftOut: Map<string, string[]>;
  /** What could not be written, each with the reason. */
  readonly failures: string[];
  /** Why nothing of it could be read. */
  unread: string | undefined;
}

/** What the source had of each kind, from pass to pass. */
export type Seen = Map<string, ReadonlySet<string>>;

export interface PassOptions {
  readonly isDryRun: boolean;
  readonly seen: Seen;
  readonly interrupted: AbortSignal;
}

const emptyOutcome = (name: string): Outcome => ({
  name,
  added: 0,
  changed: 0,
  same: 0,
  removed: 0,
  leftOut: new Map(),
  failures: [],
  unread: undefined,
});

const reasonOf = (error: unknown): string => {
  if (error instanceof AppError) return error.message;
  throw error;
};

class CollectionPass {
  readonly #collection: Collection;
  readonly #sides: Sides;
  readonly #options: PassOptions;
  readonly outcome: Outcome;
  readonly #names = new Set<string>();

  constructor(collection: Collection, sides: Sides, options: PassOptions) {
    this.#collection = collection;
    this.#sides = sides;
    this.#options = options;
    this.outcome = emptyOutcome(collection.name);
  }

  async run(): Promise<void> {
    const { parts, list } = this.#collection;
    const { source, target } = this.#sides;
    const { seen, interrupted } = this.#options;
    const { name } = this.#collection;
    const before = new Set(seen.get(name));
    const all = await parts(source);
    for (const part of new Set([...all, ...this.#partsOfGone(before, all)])) {
      if (interrupted.aborted) return;
      const [wanted, existing] = [await list(source, part), await list(target, part)];
      await this.#copy(wanted, existing, before);
    }
    seen.set(name, this.#names);
  }

  /** Parts that the source no longer has at all. */
  #partsOfGone(before: ReadonlySet<string>, all: readonly string[]): readonly string[] {
    if (all.length === 1 && all[0] === '') return [];
    const folderOf = (name: string): string => /^[^/]*\/?/.exec(name)?.[0] ?? name;
    return [...before].map(folderOf).filter((part) => !all.includes(part));
  }

  async #copy(wanted: Items, existing: Items, before: ReadonlySet<string>): Promise<void> {
    for (const [name, item] of wanted) await this.#copyOne(name, item, existing.get(name));
    for (const [name, item] of existing) {
      if (!before.has(name) || wanted.has(name)) continue;
      const { remove } = this.#collection;
      if (await this.#write(this.#nameOf(name, item), () => remove(this.#sides.target, item)))
        this.outcome.removed += 1;
    }
  }

  async #copyOne(name: string, item: Item, existing: Item | undefined): Promise<void> {
    const { outcome } = this;
    const why = this.#collection.leftOut?.(item);
    if (why !== undefined) {
      const names = outcome.leftOut.get(why) ?? [];
      names.push(this.#nameOf(name, item));
      outcome.leftOut.set(why, names);
      return;
    }
    this.#names.add(name);
    if (existing?.content === item.content) {
      outcome.same += 1;
      return;
    }
    const { put } = this.#collection;
    if (!(await this.#write(this.#nameOf(name, item), () => put(this.#sides.target, item, existing)))) return;
    if (existing === undefined) outcome.added += 1;
    else outcome.changed += 1;
  }

  #nameOf(name: string, item: Item): string {
    return this.#collection.nameOf?.(item) ?? name;
  }

  async #write(name: string, write: () => Promise<void>): Promise<boolean> {
    const { isDryRun, interrupted } = this.#options;
    if (isDryRun) return true;
    if (interrupted.aborted) return false;
    try {
      await write();
      return true;
    } catch (error) {
      this.outcome.failures.push(`${name}: ${reasonOf(error)}`);
      return false;
    }
  }
}

/** Copy all of these kinds, one after the other. Rejects with nothing but bugs. */
export async function pass(
  collections: readonly Collection[],
  sides: Sides,
  options: PassOptions,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const collection of collections) {
    const one = new CollectionPass(collection, sides, options);
    try {
      await one.run();
    } catch (error) {
      one.outcome.unread = reasonOf(error);
    }
    outcomes.push(one.outcome);
  }
  return outcomes;
}
