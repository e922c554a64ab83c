/** What is measured of the process itself. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { processPart } from '../../../src/agent/process-part.ts';
import { metricsDocument } from '../../../src/metrics/exposition.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { manualClock } from '../../support/manual-clock.ts';

function gaugesOf(metrics: Metrics): ReadonlyMap<string, number> {
  const { Gauges } = metricsDocument(metrics, 'consul', 'now') as {
    Gauges: readonly { Name: string; Value: number; Labels: Record<string, string> }[];
  };
  return new Map(
    Gauges.map(({ Name, Value, Labels }) => [[Name, ...Object.values(Labels)].join(' '), Value]),
  );
}

test('memory and what the process waits for are told under the names of Consul', () => {
  const metrics = new Metrics();
  processPart(metrics, manualClock());
  const gauges = gaugesOf(metrics);
  const of = (name: string): number => gauges.get(`consul.runtime.${name}`) ?? 0;
  expect(of('alloc_bytes')).toBeGreaterThan(1_000_000);
  expect(of('sys_bytes')).toBeGreaterThan(of('alloc_bytes'));
  expect(of('num_goroutines')).toBeGreaterThan(0);
});

test('a main thread that is held up shows in the delay of its event loop, until that is long ago', async () => {
  const [metrics, clock] = [new Metrics(), manualClock()];
  const part = processPart(metrics, clock);
  await part.start();
  const worst = (): number => gaugesOf(metrics).get('consul.event.loop_delay_seconds 1') ?? -1;
  worst();
  await pause(50);
  const heldUntil = performance.now() + 200;
  while (performance.now() < heldUntil);
  await pause(50);
  expect(worst()).toBeGreaterThan(0.1);
  expect(gaugesOf(metrics).get('consul.event.loop_utilization')).toBeGreaterThan(0);
  clock.advance(10_000);
  worst();
  expect(worst()).toBeLessThan(0.1);
  await part.stop();
});
