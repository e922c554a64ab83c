import { expect, test } from 'vitest';
import { makeReport } from '../../../../src/dns/transport/thread-report.ts';
import { Metrics } from '../../../../src/metrics/metrics.ts';

test('a report says what came since the last one, also of a label set that went and came again', () => {
  const metrics = new Metrics();
  const alive = new Set(['a', 'b']);
  metrics.keepWhile('dns_service_queries', ([service = '']) => alive.has(service));
  const counter = metrics.counter('dns_service_queries');
  const report = makeReport(metrics);
  const said = (): unknown[] => report().map(({ labels, value }) => [...labels, value]);
  counter.add(counter.slot('a'), 5);
  expect(said()).toEqual([['a', 5]]);
  counter.add(counter.slot('a'), 2);
  expect(said()).toEqual([['a', 2]]);
  alive.delete('a');
  expect(said()).toEqual([]);
  alive.add('a');
  counter.add(counter.slot('b'), 1);
  counter.add(counter.slot('a'), 3);
  expect(said()).toEqual([
    ['b', 1],
    ['a', 3],
  ]);
});
