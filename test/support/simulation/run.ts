/**
 * One life of three servers under faults, from a seed: the same seed gives the same life, down to each message.
 */
import { IDS, Life, storedIn, termOf, untilLevel, unwell } from './life.ts';
import { Workload } from './workload.ts';

/** Simulated time in ms with faults, and after them. */
const FAULTS_MS = 15_000;
const CALM_MS = 12_000;

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly acknowledged: number;
  readonly terms: number;
  /** What was done to the servers, in order, for whoever replays the seed. */
  readonly faults: readonly string[];
}

/** Live through the faults of a seed. */
export async function runSeed(
  seed: number,
  options: { readonly isGuarded?: boolean } = {},
): Promise<Outcome> {
  const life = new Life(seed);
  const { clock, random, world, network } = life;
  world.etcd.isGuarded = options.isGuarded ?? true;
  for (const id of IDS) life.start(id);
  const workload = new Workload(clock, random, () => [...life.servers.values()]);
  await clock.pass(2_000);
  const clients = workload.start();
  const endMs = clock.monotonic() + FAULTS_MS;
  while (clock.monotonic() < endMs) {
    life.harm();
    await clock.pass(random.below(2_500));
  }
  network.calmDown();
  for (const { process } of life.servers.values()) process.resume();
  const before = workload.acknowledged;
  await clock.pass(CALM_MS / 2);
  workload.isOver = true;
  await clock.pass(CALM_MS);
  await clients;
  await untilLevel(life);
  const stored = await storedIn(life);
  const violations = [...workload.check(stored), ...network.bugs, ...unwell(life, stored)];
  if (workload.acknowledged === before)
    violations.push('nothing was acknowledged after the faults were over');
  const { acknowledged } = workload;
  return { seed, violations, acknowledged, terms: termOf(life), faults: life.faults };
}
