/** Metrics pushed to a collector, as a collector receives them. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { loadConfig } from '../../../src/agent/config/load-config.ts';
import { otlpPart } from '../../../src/agent/otlp-part.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A collector that does with each request what `answer` says; gives its address. */
async function collector(answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`;
}

function partFor(endpoint: string, metrics: Metrics, warned: unknown[] = []) {
  return otlpPart({
    config: {
      datacenter: 'dc1',
      'telemetry.otlp_endpoint': endpoint,
      'telemetry.otlp_interval': 1_000,
    } as never,
    identity: { nodeId: 'an-id', nodeName: 'n1' } as never,
    ownVersion: '1.2.3',
    metrics,
    clock: systemClock,
    log: { warn: (fields) => warned.push(fields) },
  });
}

interface Sent {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue: string } }[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

test('a collector gets every metric in its kind, with who sends them', async () => {
  let sent: Sent | undefined;
  const endpoint = await collector((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      sent = JSON.parse(String(text)) as Sent;
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  const metrics = new Metrics();
  const runs = metrics.counter('check_runs');
  runs.add(runs.slot('http', 'passing'), 3);
  metrics.gauge('catalog_index').set(0, 29);
  metrics.histogram('store_commit_seconds').observe(0, 0.002);
  const part = partFor(endpoint, metrics);
  await part.start();
  await part.stop(); // what was counted to the end is sent
  const [{ resource, scopeMetrics } = { resource: { attributes: [] }, scopeMetrics: [] }] =
    sent?.resourceMetrics ?? [];
  const who = Object.fromEntries(resource.attributes.map(({ key, value }) => [key, value.stringValue]));
  expect(who).toMatchObject({ 'service.name': 'rollcall', 'service.version': '1.2.3', 'host.name': 'n1' });
  const told = new Map(scopeMetrics.flatMap((scope) => scope.metrics).map((metric) => [metric.name, metric]));
  expect(told.get('rollcall.check_runs')).toMatchObject({
    sum: {
      isMonotonic: true,
      dataPoints: [
        {
          asDouble: 3,
          attributes: [
            { key: 'kind', value: { stringValue: 'http' } },
            { key: 'status', value: { stringValue: 'passing' } },
          ],
        },
      ],
    },
  });
  expect(told.get('rollcall.catalog_index')).toMatchObject({ gauge: { dataPoints: [{ asDouble: 29 }] } });
  expect(told.get('rollcall.store_commit_seconds')).toMatchObject({
    unit: 's',
    histogram: { dataPoints: [{ count: 1, sum: 0.002 }] },
  });
});

test('a collector that never answers holds up the end for a second at most', async () => {
  const endpoint = await collector(() => {});
  const part = partFor(endpoint, new Metrics());
  await part.start();
  const startedMs = performance.now();
  await part.stop();
  expect(performance.now() - startedMs).toBeLessThan(2_500);
});

test('a collector that refuses is spoken of in the log, and the agent goes on', async () => {
  const endpoint = await collector((_request, response) => response.writeHead(403).end('no'));
  const warned: unknown[] = [];
  const part = partFor(endpoint, new Metrics(), warned);
  await part.start();
  await part.stop();
  expect(warned).toContainEqual({ endpoint, why: expect.stringContaining('403') });
});

test('the log holds no key of a collector', async () => {
  const endpoint = await collector((_request, response) => response.writeHead(403).end('no'));
  const warned: unknown[] = [];
  const withKeys = `${endpoint.replace('://', '://user:secret1@')}?api-key=secret2`;
  const part = partFor(withKeys, new Metrics(), warned);
  await part.start();
  await part.stop();
  expect(warned).toMatchObject([{ endpoint }]);
  expect(JSON.stringify(warned)).not.toContain('secret');
});

test('what is no address is refused without being quoted', async () => {
  const fragments = ['data_dir = "/tmp/none"\ntelemetry { otlp_endpoint = "collector:4318?api-key=hidden" }'];
  const loading = loadConfig({ isDev: false, paths: [], format: undefined, flags: [], fragments, env: {} });
  const fault = await loading.then(String, String);
  expect(fault).toContain('telemetry.otlp_endpoint: must be an address');
  expect(fault).not.toContain('hidden');
});
