/** Real threads on a real port; threads at work are tested through sockets in test/e2e/dns.test.ts. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { State } from '../../../../src/catalog/state.ts';
import { TABLES } from '../../../../src/catalog/tables.ts';
import { DNS_DEFAULTS } from '../../../../src/dns/dns-config.ts';
import type { Elsewhere } from '../../../../src/dns/elsewhere.ts';
import type { QuestionBatch } from '../../../../src/dns/question-sample.ts';
import { startThreads, type ThreadsParts } from '../../../../src/dns/transport/threads.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { silentLogger } from '../../../../src/lib/logger.ts';
import { Metrics } from '../../../../src/metrics/metrics.ts';
import { decoded, nodeRow, queryPacket } from '../../../support/dns-rig.ts';
import { askUdp } from '../../../support/dns-sockets.ts';
import { freePort } from '../../../support/free-port.ts';

// Starting a thread takes long on a machine that has much else to do.
vi.setConfig({ testTimeout: 30_000 });

const REAL_WORKER = new URL('../../../../src/dns/transport/dns-worker.ts', import.meta.url);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-threads-'));

afterAll(() => fs.rmSync(folder, { recursive: true }));

/** The real worker, which dies soon after its first start. */
function dyingOnce(): URL {
  const marker = JSON.stringify(path.join(folder, 'died'));
  const source = `
    import fs from 'node:fs';
    await import(${JSON.stringify(REAL_WORKER.href)});
    if (!fs.existsSync(${marker})) setTimeout(() => {
      fs.writeFileSync(${marker}, '');
      throw new Error('out of luck');
    }, 20);`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

function partsFor(state: State, port: number, errors: string[]): ThreadsParts {
  return {
    count: 1,
    addresses: ['127.0.0.1'],
    port,
    sockets: null,
    view: state.view,
    index: () => state.index,
    config: DNS_DEFAULTS,
    nodeName: 'n1',
    clock: systemClock,
    log: { ...silentLogger, error: (_, message) => void errors.push(message) },
    metrics: new Metrics(),
    live: { isOn: false, hear: () => {} },
  };
}

test('a thread shows its questions from when somebody watches to when nobody does', async () => {
  const state = new State(TABLES);
  const port = await freePort();
  const heard: QuestionBatch[] = [];
  const live = { isOn: false, hear: (batch: QuestionBatch) => void heard.push(batch) };
  const starting = startThreads({ ...partsFor(state, port, []), live });
  const threads = await starting.listening;
  const ask = (name: string) => askUdp(port, queryPacket(`${name}.node.consul`, 'A'), { timeoutMs: 1_000 });
  await ask('before');
  starting.watch(true);
  await expect.poll(() => ask('during').then(() => heard.length), { timeout: 20_000 }).toBeGreaterThan(0);
  starting.watch(false);
  await ask('after');
  await threads.stop();
  const names = heard.flatMap(({ questions }) => questions.map(({ name, rcode }) => `${name} ${rcode}`));
  expect(new Set(names)).toEqual(new Set(['during.node.consul. NXDOMAIN']));
});

test('a thread that dies is replaced by one that knows what was written meanwhile and hears of what comes', async () => {
  const state = new State(TABLES);
  const [port, errors] = [await freePort(), [] as string[]];
  const starting = startThreads(partsFor(state, port, errors), dyingOnce());
  const threads = await starting.listening;
  const install = (name: string, address: string): void => {
    const row = nodeRow(name, address);
    starting.write(state.install([{ op: 'put', table: 'nodes', row }], state.index + 1), state.index);
  };
  const ask = async (name: string): Promise<readonly string[]> => {
    const reply = await askUdp(port, queryPacket(`${name}.node.consul`, 'A'), { timeoutMs: 200 });
    return reply ? decoded(reply).answer : [];
  };
  await vi.waitUntil(() => errors.length > 0, 20_000);
  install('early', '10.0.0.1');
  await expect.poll(() => ask('early'), { timeout: 20_000 }).toEqual(['early.node.consul. 0 IN A 10.0.0.1']);
  install('late', '10.0.0.2');
  await expect.poll(() => ask('late'), { timeout: 20_000 }).toEqual(['late.node.consul. 0 IN A 10.0.0.2']);
  expect(errors).toEqual(['a DNS thread died; another takes its place']);
  await threads.stop();
});

test('a thread has other datacenters asked by the main thread, also those that it hears of later', async () => {
  const state = new State(TABLES);
  const port = await freePort();
  let tellNames: (names: readonly string[]) => void = () => {};
  const asked: unknown[] = [];
  const elsewhere: Elsewhere = {
    placeOf: () => undefined,
    datacenters: () => ['DC2'],
    onDatacenters: (listener) => {
      tellNames = listener;
    },
    fetch: async () => false,
    ask: async (packet, place) => {
      asked.push(place);
      const reply = packet.slice();
      reply[2] = (reply[2] as number) | 0x80;
      return reply;
    },
  };
  const starting = startThreads({ ...partsFor(state, port, []), elsewhere });
  const threads = await starting.listening;
  const rcodeOf = async (name: string): Promise<string | undefined> => {
    const reply = await askUdp(port, queryPacket(name, 'A'), { timeoutMs: 2_000 });
    return reply && decoded(reply).rcode;
  };
  expect(await rcodeOf('web.service.dc2.consul')).toBe('NOERROR');
  expect(await rcodeOf('web.service.dc3.consul')).toBe('NXDOMAIN');
  tellNames(['dc2', 'dc3']);
  await expect.poll(() => rcodeOf('web.service.dc3.consul'), { timeout: 20_000 }).toBe('NOERROR');
  expect(asked).toEqual([
    { kind: 'datacenter', datacenter: 'dc2' },
    { kind: 'datacenter', datacenter: 'dc3' },
  ]);
  await threads.stop();
});
