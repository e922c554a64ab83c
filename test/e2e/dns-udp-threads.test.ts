/** DNS threads that die while packets come: the process goes on, and nobody waits for an answer. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { State } from '../../src/catalog/state.ts';
import { TABLES } from '../../src/catalog/tables.ts';
import { DNS_DEFAULTS } from '../../src/dns/dns-config.ts';
import { makeThreadSockets } from '../../src/dns/transport/thread-sockets.ts';
import { startThreads } from '../../src/dns/transport/threads.ts';
import { loadUdpLibrary, type UdpLibrary } from '../../src/dns/transport/udp-library.ts';
import { closeSocket, openSocket } from '../../src/dns/transport/udp-sockets.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { decoded, dnsRig, nodeRow, queryPacket } from '../support/dns-rig.ts';
import { askUdp } from '../support/dns-sockets.ts';

const loaded = loadUdpLibrary();
const DEATHS = 10;
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const moduleOf = (file: string): string => JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);
const scriptUrl = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`);

/** A thread that sends back what comes to a socket. */
const ECHO = scriptUrl(`
  import { parentPort, workerData } from 'node:worker_threads';
  const { loadUdpLibrary } = await import(${moduleOf('dns/transport/udp-library.ts')});
  const { serveBatches } = await import(${moduleOf('dns/transport/udp-batch.ts')});
  const handler = { handle(packet, client, out) { out.set(packet); return packet.length; } };
  serveBatches(workerData, {
    library: loadUdpLibrary(), handler, counters: { dropped() {} }, clock: { after() {} }, log: { warn() {} },
  });
  parentPort.on('message', () => { throw new Error('out of luck'); });
  parentPort.postMessage('listening');
`);

/** Keeps `width` packets under way and counts; a packet that is not answered in time is sent again and counts as lost. */
async function flood(port: number, width: number) {
  const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const counts = { answered: 0, lost: 0 };
  let isDone = false;
  const sentAt = new Array<number>(width).fill(0);
  const send = (id: number): void => {
    sentAt[id] = performance.now();
    socket.send(Uint8Array.of(id >> 8, id & 0xff, 1, 0, 0, 1), port, '127.0.0.1');
  };
  socket.on('message', (reply) => {
    counts.answered += 1;
    if (!isDone) send(reply.readUInt16BE(0));
  });
  const timer = setInterval(() => {
    for (const [id, at] of sentAt.entries()) {
      if (performance.now() - at < 2_000) continue;
      counts.lost += 1;
      send(id);
    }
  }, 500);
  for (let id = 0; id < width; id += 1) send(id);
  const stop = (): void => {
    isDone = true;
    clearInterval(timer);
    socket.close();
  };
  return { counts, stop };
}

describe.runIf(typeof loaded !== 'string')('a thread that dies under load', () => {
  const library = loaded as UdpLibrary;

  it.each(['terminated', 'by an exception'])('%s, again and again, takes nothing with it', async (how) => {
    const own = openSocket(library, { address: '127.0.0.1', port: 0 }, false);
    const { counts, stop } = await flood(own.port, 64);
    for (let death = 0; death < DEATHS; death += 1) {
      const worker = new Worker(ECHO, { workerData: { fd: own.fd, isV6: false } });
      worker.on('error', () => {});
      await once(worker, 'message');
      const before = counts.answered;
      await expect.poll(() => counts.answered - before, { timeout: 10_000 }).toBeGreaterThan(500);
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      if (how === 'terminated') void worker.terminate();
      else worker.postMessage('die');
      await ended;
    }
    const last = new Worker(ECHO, { workerData: { fd: own.fd, isV6: false } });
    await once(last, 'message');
    await delay(2_600);
    const before = counts.answered;
    await expect.poll(() => counts.answered - before, { timeout: 10_000 }).toBeGreaterThan(500);
    stop();
    await last.terminate();
    closeSocket(library, own);
    console.log(`${DEATHS} deaths (${how}): ${counts.answered} answered, ${counts.lost} lost`);
    // A thread that is ended in the middle of a batch takes that batch with it; one that ends by itself does not.
    expect(counts.lost).toBeLessThanOrEqual(how === 'terminated' ? DEATHS * 64 : 0);
  });

  it('is stood in for by the main thread until another one listens', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-stand-in-'));
    open.push({ close: () => fs.rmSync(folder, { recursive: true }) });
    const marker = JSON.stringify(path.join(folder, 'died'));
    const dyingOnce = scriptUrl(`
      import fs from 'node:fs';
      await import(${moduleOf('dns/transport/dns-worker.ts')});
      if (!fs.existsSync(${marker})) setTimeout(() => {
        fs.writeFileSync(${marker}, '');
        throw new Error('out of luck');
      }, 300);`);
    const mine = dnsRig();
    mine.put(nodeRow('who', '10.0.0.1'));
    const state = new State(TABLES);
    state.install([{ op: 'put', table: 'nodes', row: nodeRow('who', '10.0.0.2') }], 1 as never);
    const log = silentLogger;
    const counters = { dropped: () => {} };
    const parts = { library, handler: mine.handler, counters, clock: systemClock, log };
    const sockets = makeThreadSockets(1, parts);
    sockets.open({ address: '127.0.0.1', port: 0 });
    const [socket] = sockets.of(0);
    const port = library.port(socket?.fd ?? -1);
    const starting = startThreads(
      {
        count: 1,
        addresses: ['127.0.0.1'],
        port,
        sockets,
        view: state.view,
        index: () => state.index,
        config: DNS_DEFAULTS,
        nodeName: 'n1',
        clock: systemClock,
        log,
        metrics: new Metrics(),
        live: { isOn: false, hear: () => {} },
      },
      dyingOnce,
    );
    const threads = await starting.listening;
    const whoAnswered: string[] = [];
    const ask = async (): Promise<string> => {
      const reply = await askUdp(port, queryPacket('who.node.consul', 'A'), { timeoutMs: 1_000 });
      return reply === undefined ? 'nobody' : (decoded(reply).answer[0]?.split(' ')[4] ?? '');
    };
    const isThreadBack = (): boolean =>
      whoAnswered.includes('10.0.0.1') &&
      whoAnswered.at(-1) === '10.0.0.2' &&
      whoAnswered.at(-2) === '10.0.0.2';
    const untilMs = performance.now() + 20_000;
    while (!isThreadBack() && performance.now() < untilMs) whoAnswered.push(await ask());
    await threads.stop();
    sockets.close();
    expect(whoAnswered.filter((one) => one === 'nobody')).toEqual([]);
    const [first, second, third] = whoAnswered.filter((one, i) => one !== whoAnswered[i - 1]);
    expect([first, second, third]).toEqual(['10.0.0.2', '10.0.0.1', '10.0.0.2']);
  });
});
