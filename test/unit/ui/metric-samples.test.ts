/** What the web page reads out of the agent's counters. */
import { describe, expect, test } from 'vitest';
import { gaugeOf, increase, quantile, samplesOf, sumBy, sumOf } from '../../../ui/api/metric-samples.ts';

const METRICS = {
  Counters: [
    { Name: 'x.dns.queries', Labels: { type: 'A', rcode: 'NOERROR' }, Count: 5 },
    { Name: 'x.dns.queries', Labels: { type: 'A', rcode: 'NXDOMAIN' }, Count: 2 },
    { Name: 'x.dns.queries', Labels: { type: 'SRV', rcode: 'NOERROR' }, Count: 1 },
    { Name: 'x.http.requests', Labels: {}, Count: 99 },
  ],
  Samples: [
    {
      Name: 'x.dns.latency_seconds',
      Labels: { transport: 'udp' },
      Buckets: { '0.001': 90, '0.01': 99, '+Inf': 100 },
    },
  ],
};

describe('counters', () => {
  const samples = samplesOf(METRICS, 'dns.');

  test('are added up by a label, whatever their prefix', () => {
    expect([...sumBy(samples, 'dns.queries', 'type')]).toEqual([
      ['A', 7],
      ['SRV', 1],
    ]);
    expect(sumOf(samples, 'dns.queries')).toBe(8);
  });

  test('that fell have started anew', () => {
    expect([
      ...increase(
        new Map([['A', 10]]),
        new Map([
          ['A', 3],
          ['B', 1],
        ]),
      ),
    ]).toEqual([
      ['A', 3],
      ['B', 1],
    ]);
  });
});

describe('quantiles', () => {
  const buckets = sumBy(samplesOf(METRICS, 'dns.'), 'dns.latency_seconds_bucket', 'le');

  test('are the upper bound of their bucket', () => {
    expect([0.5, 0.95, 0.999].map((share) => quantile(buckets, share))).toEqual([0.001, 0.01, Infinity]);
  });

  test('of nothing are not known', () => {
    expect(quantile(new Map([['+Inf', 0]]), 0.5)).toBeUndefined();
  });
});

test('a gauge is found by the end of its name and its labels, or not at all', () => {
  const metrics = {
    Counters: null,
    Samples: null,
    Gauges: [
      { Name: 'x.process.memory_bytes', Labels: { part: 'rss' }, Value: 7 },
      { Name: 'x.process.memory_bytes', Labels: { part: 'heapUsed' }, Value: 5 },
      { Name: 'x.process.uptime_seconds', Value: 3 },
    ],
  };
  expect(gaugeOf(metrics, 'process.memory_bytes', { part: 'heapUsed' })).toBe(5);
  expect(gaugeOf(metrics, 'process.uptime_seconds')).toBe(3);
  expect(gaugeOf(metrics, 'time_seconds')).toBeUndefined();
  expect(gaugeOf({ Counters: null, Samples: null }, 'process.uptime_seconds')).toBeUndefined();
});
