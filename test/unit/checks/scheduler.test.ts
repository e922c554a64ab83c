import { expect, test } from 'vitest';
import type { PolledKind, ProbeLimits, ProbeResult, Probes } from '../../../src/checks/check.ts';
import { Scheduler } from '../../../src/checks/scheduler.ts';
import { Slots } from '../../../src/checks/slots.ts';
import { decodeCheck } from '../../../src/decode/definitions.ts';
import type { CheckDefinition } from '../../../src/model/types.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const PASSING: ProbeResult = { status: 'passing', output: 'ok' };

interface Run {
  readonly url: string;
  readonly atMs: number;
  readonly limits: ProbeLimits;
  answer(result: ProbeResult): void;
}

interface Bench {
  readonly clock: ManualClock;
  readonly scheduler: Scheduler;
  readonly runs: Run[];
  readonly results: string[];
  /** Let every probe answer at once with this; undefined leaves them open. */
  reply: ProbeResult | undefined;
  /** The check whose result throws. */
  fails?: string;
}

function bench(slots?: Slots): Bench {
  const clock = manualClock();
  const runs: Run[] = [];
  const results: string[] = [];
  const open: Bench = { clock, runs, results, reply: PASSING } as never;
  const probe = (spec: { url?: string }, limits: ProbeLimits): Promise<ProbeResult> =>
    new Promise((resolve) => {
      runs.push({ url: spec.url ?? '', atMs: clock.monotonic(), limits, answer: resolve });
      limits.signal.addEventListener('abort', () => resolve({ status: 'critical', output: 'aborted' }));
      if (open.reply) resolve(open.reply);
    });
  const kinds: PolledKind[] = ['http', 'tcp', 'udp', 'grpc', 'h2ping', 'script', 'docker', 'os-service'];
  const scheduler = new Scheduler(
    {
      clock,
      random: seededRandom(3),
      probes: Object.fromEntries(kinds.map((kind) => [kind, probe])) as unknown as Probes,
      follow: (spec, _own, onResult) => {
        onResult({ status: 'passing', output: `following ${spec.serviceId}` });
        return () => void results.push('unfollowed');
      },
      onResult: (id, status, output) => {
        if (id === open.fails) throw new Error(`nobody takes ${id}`);
        results.push(`${id} ${status} ${output}`);
      },
    },
    slots,
  );
  scheduler.start();
  return Object.assign(open, { scheduler });
}

function check(json: object = {}): CheckDefinition {
  const http = { ID: 'h', Name: 'h', HTTP: 'http://a/', Interval: '10s', Timeout: '2s', ...json };
  return decodeCheck(http, 'api', { outputMaxBytes: 4_096 });
}

function add({ scheduler, clock }: Bench, definition: CheckDefinition, isRestored = false): void {
  const ttlMs = definition.probe.kind === 'ttl' ? definition.probe.ttlMs : 0;
  const ttlExpiresAtMs = ttlMs === 0 ? 0 : clock.monotonic() + ttlMs;
  scheduler.add({ definition, output: '', ttlExpiresAtMs, isRestored });
}

test('a new check runs at once, again after half an interval to one, and then every interval', async () => {
  const b = bench();
  add(b, check());
  await b.clock.advanceAndSettle(0);
  expect(b.results).toEqual(['h passing ok']);
  await b.clock.advanceAndSettle(100_000);
  const times = b.runs.map(({ atMs }) => atMs);
  const gaps = times.slice(1).map((at, i) => at - (times[i] as number));
  expect(gaps[0]).toBeGreaterThanOrEqual(5_000);
  expect(gaps[0]).toBeLessThanOrEqual(10_000);
  expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual(9_500);
  expect(Math.max(...gaps.slice(1))).toBeLessThanOrEqual(10_500);
});

test('checks that are registered together do not stay together', async () => {
  const b = bench();
  for (let i = 0; i < 200; i += 1) add(b, check({ ID: `h${i}` }));
  await b.clock.advanceAndSettle(200_000);
  const late = b.runs.filter(({ atMs }) => atMs > 190_000).map(({ atMs }) => Math.floor(atMs / 1_000));
  const perSecond = [...new Set(late)].map((second) => late.filter((other) => other === second).length);
  expect(perSecond.length).toBeGreaterThanOrEqual(9);
  expect(Math.max(...perSecond)).toBeLessThan(60);
});

test('checks of before a restart wait for their turn', async () => {
  const b = bench();
  for (let i = 0; i < 100; i += 1) add(b, check({ ID: `h${i}` }), true);
  await b.clock.advanceAndSettle(1_000);
  expect(b.runs.length).toBeGreaterThan(2);
  expect(b.runs.length).toBeLessThan(30);
  await b.clock.advanceAndSettle(9_000);
  expect(b.runs.length).toBeGreaterThanOrEqual(100);
});

test('a probe that is still running when its interval comes is not doubled', async () => {
  const b = bench();
  b.reply = undefined;
  add(b, check({ Interval: '1s', Timeout: '60s' }));
  await b.clock.advanceAndSettle(30_000);
  expect(b.runs.length).toBe(1);
  b.runs[0]?.answer(PASSING);
  await b.clock.advanceAndSettle(1_100);
  expect(b.runs.length).toBe(2);
});

test('a time limit ends a probe, and its answer is a result', async () => {
  const b = bench();
  b.reply = undefined;
  add(b, check());
  await b.clock.advanceAndSettle(1_999);
  expect(b.results).toEqual([]);
  await b.clock.advanceAndSettle(1);
  expect(b.results).toEqual(['h critical aborted']);
});

test('a removed check is ended at once and its late result dropped', async () => {
  const b = bench();
  b.reply = undefined;
  add(b, check());
  await b.clock.advanceAndSettle(0);
  b.scheduler.remove('h' as never);
  expect(b.runs[0]?.limits.signal.aborted).toBe(true);
  b.runs[0]?.answer(PASSING);
  await b.clock.advanceAndSettle(60_000);
  expect([b.results, b.runs.length]).toEqual([[], 1]);
});

test('a check that is replaced runs its new target at once and keeps its history', async () => {
  const b = bench();
  add(b, check());
  await b.clock.advanceAndSettle(0);
  add(b, check({ HTTP: 'http://b/' }));
  await b.clock.advanceAndSettle(0);
  expect(b.runs.map(({ url }) => url)).toEqual(['http://a/', 'http://b/']);
  expect(b.scheduler.history('h' as never)?.results.length).toBe(2);
});

test('a process that stood still for an hour runs every check once, not once for each missed time', async () => {
  const b = bench();
  for (let i = 0; i < 50; i += 1) add(b, check({ ID: `h${i}` }));
  await b.clock.advanceAndSettle(20_000);
  const before = b.runs.length;
  b.clock.stall(3_600_000);
  await b.clock.advanceAndSettle(100);
  expect(b.runs.length - before).toBe(50);
  await b.clock.advanceAndSettle(10_500);
  expect(b.runs.length - before).toBeGreaterThanOrEqual(99);
  expect(b.runs.length - before).toBeLessThanOrEqual(151);
});

test('a jump of wall time starts nothing and expires nothing', async () => {
  const b = bench();
  add(b, check({ ID: 't', HTTP: '', Interval: '0s', TTL: '60s' }));
  add(b, check());
  await b.clock.advanceAndSettle(0);
  b.clock.jumpWallTime(86_400_000);
  await b.clock.advanceAndSettle(4_000);
  expect([b.runs.length, b.results]).toEqual([1, ['h passing ok']]);
});

test('thresholds hold back results until they are reached', async () => {
  const b = bench();
  add(b, check({ FailuresBeforeCritical: 3 }));
  await b.clock.advanceAndSettle(0);
  b.reply = { status: 'critical', output: 'down' };
  await b.clock.advanceAndSettle(21_500);
  expect(b.results).toEqual(['h passing ok']);
  await b.clock.advanceAndSettle(10_500);
  expect(b.results).toEqual(['h passing ok', 'h critical down']);
});

test('a TTL check expires when nobody reports, quoting the last words, and not before', async () => {
  const b = bench();
  add(b, check({ ID: 't', HTTP: '', Interval: '0s', TTL: '10s' }));
  await b.clock.advanceAndSettle(8_000);
  b.scheduler.heartbeat('t' as never, b.clock.monotonic() + 10_000, { status: 'passing', output: 'fresh' });
  await b.clock.advanceAndSettle(9_999);
  expect(b.results).toEqual([]);
  await b.clock.advanceAndSettle(1);
  expect(b.results).toEqual(['t critical TTL expired (last output before timeout follows): fresh']);
  b.scheduler.heartbeat('t' as never, b.clock.monotonic() + 10_000, { status: 'passing', output: '' });
  await b.clock.advanceAndSettle(10_000);
  expect(b.results.at(-1)).toBe('t critical TTL expired');
});

test('reports for a TTL check are in its history, registering it again is not', () => {
  const b = bench();
  add(b, check({ ID: 't', HTTP: '', Interval: '0s', TTL: '10s' }));
  b.scheduler.heartbeat('t' as never, 10_000, { status: 'passing', output: 'fresh' });
  b.scheduler.heartbeat('t' as never, 10_000);
  const history = b.scheduler.history('t' as never);
  expect(history?.results.map(({ status, output }) => `${status} ${output}`)).toEqual(['passing fresh']);
});

test('an alias follows from the start and stops following when it is removed', () => {
  const b = bench();
  add(b, check({ ID: 'al', HTTP: '', Interval: '0s', AliasService: 'web' }));
  expect(b.results).toEqual(['al passing following web']);
  b.scheduler.remove('al' as never);
  expect(b.results.at(-1)).toBe('unfollowed');
});

test('more probes than slots wait in line, and a check that is removed leaves the line', async () => {
  const b = bench(new Slots({ network: 2, process: 1 }));
  b.reply = undefined;
  for (const id of ['a', 'b', 'c', 'd']) add(b, check({ ID: id, HTTP: `http://${id}/` }));
  await b.clock.advanceAndSettle(0);
  expect(b.runs.length).toBe(2);
  const waiting = ['a', 'b', 'c', 'd'].filter((id) => b.runs.every(({ url }) => url !== `http://${id}/`));
  b.scheduler.remove(waiting[0] as never);
  b.runs[0]?.answer(PASSING);
  b.runs[1]?.answer(PASSING);
  await b.clock.advanceAndSettle(0);
  expect(b.runs.slice(2).map(({ url }) => url)).toEqual([`http://${waiting[1]}/`]);
});

test('slow programs do not keep network probes waiting', async () => {
  const b = bench(new Slots({ network: 1, process: 1 }));
  b.reply = undefined;
  add(b, check({ ID: 's', HTTP: '', Args: ['sleep'] }));
  add(b, check({ ID: 's2', HTTP: '', Args: ['sleep'] }));
  add(b, check({ ID: 'h' }));
  await b.clock.advanceAndSettle(0);
  expect(b.runs.map(({ url }) => url)).toEqual(['', 'http://a/']);
});

test('a probe that breaks is critical with what it said, and runs again', async () => {
  const b = bench();
  const definition = check();
  const broken = new Scheduler({
    clock: b.clock,
    random: seededRandom(1),
    probes: { http: () => Promise.reject(new Error('bug')) } as never,
    follow: () => () => {},
    onResult: (id, status, output) => void b.results.push(`${id} ${status} ${output}`),
  });
  broken.start();
  broken.add({ definition, output: '', ttlExpiresAtMs: 0, isRestored: false });
  await b.clock.advanceAndSettle(11_000);
  expect(b.results).toEqual(['h critical Error: bug', 'h critical Error: bug']);
});

test('nothing leaves after the end', async () => {
  const b = bench();
  b.reply = undefined;
  add(b, check());
  await b.clock.advanceAndSettle(0);
  b.scheduler.stop();
  b.runs[0]?.answer(PASSING);
  await b.clock.advanceAndSettle(60_000);
  expect([b.results, b.clock.pendingCount()]).toEqual([[], 0]);
});

test('checks that come and go by the thousand leave the others their times', async () => {
  const b = bench();
  add(b, check({ ID: 'stays', HTTP: 'http://stays/' }));
  for (let i = 0; i < 3_000; i += 1) add(b, check({ ID: 'changes', HTTP: `http://${i}/`, Interval: '24h' }));
  await b.clock.advanceAndSettle(60_000);
  expect(b.runs.filter(({ url }) => url === 'http://stays/').length).toBeGreaterThanOrEqual(6);
  expect(b.runs.filter(({ url }) => url === 'http://2999/').length).toBe(1);
});

test('a result that nobody can take stops no other check', () => {
  const b = bench();
  const ttl = (id: string): CheckDefinition =>
    decodeCheck({ ID: id, Name: id, TTL: '10s' }, 'api', { outputMaxBytes: 4_096 });
  add(b, ttl('first'));
  add(b, ttl('second'));
  b.fails = 'first';
  expect(() => b.clock.advance(10_000)).toThrow('nobody takes first');
  b.clock.advance(1);
  expect(b.results).toEqual([expect.stringContaining('second critical')]);
});
