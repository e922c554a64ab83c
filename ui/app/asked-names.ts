/**
 * What DNS clients ask, added up from a sample of their questions: which names, which of them are not there. Pure.
 *
 * A sample stands for all questions of its batch, so a name counts for as many as it is likely to have been asked. The number of
 * names is bounded; those that were asked least go first.
 */
import type { LiveBatch, LiveQuestion } from '../api/shapes.ts';

export interface AskedName {
  readonly name: string;
  /** About so many questions. */
  readonly count: number;
  readonly lastMs: number;
  /** Of the last answer. */
  readonly rcode: string;
  readonly type: string;
  readonly client: string;
}

export interface Asked {
  readonly names: ReadonlyMap<string, AskedName>;
  /** The newest first. */
  readonly latest: readonly LiveQuestion[];
  /** All questions, sampled or not. */
  readonly seen: number;
  readonly sampled: number;
}

export const NOTHING_ASKED: Asked = { names: new Map(), latest: [], seen: 0, sampled: 0 };

const MAX_NAMES = 500;
const KEPT_LATEST = 40;

/** Case does not count in DNS; clients vary it to be safe. */
const keyOf = ({ Name, Type }: LiveQuestion): string => `${Name.toLowerCase()} ${Type}`;

function bounded(names: Map<string, AskedName>): ReadonlyMap<string, AskedName> {
  if (names.size <= MAX_NAMES) return names;
  const most = [...names].sort(([, a], [, b]) => b.count - a.count || b.lastMs - a.lastMs);
  return new Map(most.slice(0, Math.floor(MAX_NAMES / 2)));
}

/** One more batch. */
export function addBatch(asked: Asked, { Seen, Questions }: LiveBatch): Asked {
  const weight = Questions.length === 0 ? 0 : Seen / Questions.length;
  const names = new Map(asked.names);
  for (const question of Questions) {
    const key = keyOf(question);
    names.set(key, {
      name: question.Name.toLowerCase(),
      type: question.Type,
      count: (names.get(key)?.count ?? 0) + weight,
      lastMs: Date.parse(question.Time),
      rcode: question.Rcode,
      client: question.Client,
    });
  }
  return {
    names: bounded(names),
    latest: [...Questions.toReversed(), ...asked.latest].slice(0, KEPT_LATEST),
    seen: asked.seen + Seen,
    sampled: asked.sampled + Questions.length,
  };
}

/** The names that were asked most, of those that `isWanted`. */
export function topNames(
  { names }: Asked,
  count: number,
  isWanted: (asked: AskedName) => boolean = () => true,
): readonly AskedName[] {
  return [...names.values()]
    .filter(isWanted)
    .sort((a, b) => b.count - a.count || b.lastMs - a.lastMs)
    .slice(0, count);
}

/** A batch out of a line of the stream; undefined for what is none. */
export function readBatch(line: string): LiveBatch | undefined {
  try {
    const batch = JSON.parse(line) as Partial<LiveBatch>;
    return typeof batch.Seen === 'number' && Array.isArray(batch.Questions)
      ? (batch as LiveBatch)
      : undefined;
  } catch {
    return undefined;
  }
}
