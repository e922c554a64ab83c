/** Where probes of an agent with few of them run. */
import { expect, test } from 'vitest';
import type { PolledKind, Probes } from '../../../src/checks/check.ts';
import { MOST_IN_WINDOW, sparingProbes } from '../../../src/checks/sparing-probes.ts';
import { manualClock } from '../../support/manual-clock.ts';

const KINDS: readonly PolledKind[] = [
  'http',
  'tcp',
  'udp',
  'grpc',
  'h2ping',
  'script',
  'docker',
  'os-service',
];
const LIMITS = { timeoutMs: 1_000, outputMaxBytes: 100, signal: new AbortController().signal };

/** Probes that note where they ran. */
function noting(place: string, ran: string[]): Probes {
  const probe = async () => {
    ran.push(place);
    return { status: 'passing', output: '' };
  };
  return Object.fromEntries(KINDS.map((kind) => [kind, probe])) as unknown as Probes;
}

function makeProbes() {
  const ran: string[] = [];
  const clock = manualClock();
  const probes = sparingProbes({ here: noting('here', ran), there: noting('there', ran), clock });
  const run = (kind: PolledKind): Promise<unknown> => probes[kind]({ kind } as never, LIMITS);
  return { run, clock, ran };
}

test('twenty HTTP checks a second never start the thread', async () => {
  const { run, clock, ran } = makeProbes();
  for (let second = 0; second < 60; second += 1) {
    for (let i = 0; i < 20; i += 1) await run('http');
    clock.advance(1_000);
  }
  expect(new Set(ran)).toEqual(new Set(['here']));
});

test('more than that run on the thread, which then gets everything', async () => {
  const { run, clock, ran } = makeProbes();
  for (let i = 0; i < MOST_IN_WINDOW; i += 1) await run('tcp');
  expect(ran).not.toContain('there');
  await run('tcp');
  expect(ran.at(-1)).toBe('there');
  clock.advance(3_600_000);
  await run('http');
  expect(ran.at(-1)).toBe('there');
});

test('programs start it sooner: each holds the main thread up for longer', async () => {
  const { run, ran } = makeProbes();
  for (let i = 0; i < 20; i += 1) await run('script');
  expect(ran).not.toContain('there');
  await run('script');
  expect(ran.at(-1)).toBe('there');
});

test('every kind reaches the probe of its kind', async () => {
  const { run, ran } = makeProbes();
  for (const kind of KINDS) await expect(run(kind)).resolves.toMatchObject({ status: 'passing' });
  expect(ran).toHaveLength(KINDS.length);
});
