/** DNS over UDP on real sockets, both ways: many packets with one system call, and node:dgram. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { watchDrops } from '../../src/dns/transport/kernel-drops.ts';
import { loadUdpLibrary } from '../../src/dns/transport/udp-library.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import type { ServiceId } from '../../src/model/types.ts';
import { decoded, nodeRow, queryPacket, serviceRow } from '../support/dns-rig.ts';
import { askUdp, type SocketRig, startSocketRig, startUpstream } from '../support/dns-sockets.ts';
import { manualClock } from '../support/manual-clock.ts';

const HAS_LIBRARY = typeof loadUdpLibrary() !== 'string';
const TRANSPORTS = HAS_LIBRARY ? (['batch', 'dgram'] as const) : (['dgram'] as const);
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function rig(options: Parameters<typeof startSocketRig>[0]): Promise<SocketRig> {
  const started = await startSocketRig(options);
  open.push(started.server);
  started.install([
    { op: 'put', table: 'nodes', row: nodeRow('n1', '10.0.0.1') },
    { op: 'put', table: 'services', row: serviceRow('n1', 'web', { address: '10.1.0.1' }) },
  ]);
  return started;
}

const WEB = queryPacket('web.service.consul', 'A');

function withId(packet: Uint8Array, id: number): Buffer {
  const made = Buffer.from(packet);
  made.writeUInt16BE(id);
  return made;
}

async function client(type: 'udp4' | 'udp6' = 'udp4'): Promise<dgram.Socket> {
  const socket = dgram.createSocket({ type, recvBufferSize: 4 * 1024 * 1024 });
  open.push(socket);
  socket.bind(0);
  await once(socket, 'listening');
  return socket;
}

/** Ids of the replies that come until there are `count`, or nothing comes for a second. */
async function idsOf(socket: dgram.Socket, count: number): Promise<Set<number>> {
  const ids = new Set<number>();
  const isDone = new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, 1_000);
    socket.on('message', (reply) => {
      ids.add(reply.readUInt16BE(0));
      clearTimeout(timer);
      timer = setTimeout(resolve, 1_000);
      if (ids.size === count) resolve();
    });
  });
  await isDone;
  socket.removeAllListeners('message');
  return ids;
}

const hasIpv6 = Object.values(os.networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

describe.each(TRANSPORTS)('UDP by %s', (transport) => {
  it('answers a burst of a thousand questions, each its own', async () => {
    const { server } = await rig({ transport });
    const socket = await client();
    const answered = idsOf(socket, 1_000);
    for (let id = 0; id < 1_000; id += 1) {
      socket.send(withId(WEB, id), server.port, '127.0.0.1');
      if (id % 100 === 99) await delay(2);
    }
    expect((await answered).size).toBe(1_000);
  });

  it('answers on literal addresses of both families, each on the same port that was given back', async () => {
    const addresses = hasIpv6 ? ['127.0.0.1', '127.0.0.2', '::1'] : ['127.0.0.1', '127.0.0.2'];
    const { server } = await rig({ transport, addresses });
    expect(server.port).toBeGreaterThan(0);
    for (const host of addresses) {
      const answer = await askUdp(server.port, WEB, { host });
      expect(answer && decoded(answer).answer, host).toHaveLength(1);
    }
  });

  it('refuses an address that is not of this machine, and one that is taken, with the words of the system', async () => {
    await expect(rig({ transport, addresses: ['192.0.2.1'] })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    });
  });

  it('answers a forwarded question after thousands of others have used its place', async () => {
    const upstream = await startUpstream(() => []);
    open.push(upstream);
    const { server } = await rig({
      transport,
      config: { recursors: [{ address: upstream.address, port: upstream.port }], recursorTimeoutMs: 300 },
    });
    const late = askUdp(server.port, withId(queryPacket('www.example.com', 'A'), 7), { timeoutMs: 5_000 });
    const socket = await client();
    for (let i = 0; i < 20; i += 1) {
      const answered = idsOf(socket, 100);
      for (let id = 0; id < 100; id += 1) socket.send(withId(WEB, 1_000 + id), server.port, '127.0.0.1');
      await answered;
    }
    const reply = await late;
    expect(reply?.readUInt16BE(0)).toBe(7);
    expect(decoded(reply as Buffer)).toMatchObject({ rcode: 'SERVFAIL', question: 'www.example.com.' });
  });

  it('answers with threads too', async () => {
    const { server } = await rig({ transport, threads: 2 });
    await expect
      .poll(async () => {
        const reply = await askUdp(server.port, WEB, { timeoutMs: 200 });
        return reply && decoded(reply).answer;
      })
      .toHaveLength(1);
  });

  it('closes with questions under way', async () => {
    const started = await startSocketRig({ transport });
    const socket = await client();
    for (let i = 0; i < 200; i += 1) socket.send(WEB, started.server.port, '127.0.0.1');
    await started.server.close();
    const again = await startSocketRig({ transport });
    await again.server.close();
  });
});

describe.runIf(HAS_LIBRARY)('a socket of all addresses', () => {
  it('answers from the address that was asked', async () => {
    const { server } = await rig({ transport: 'batch', addresses: ['0.0.0.0'] });
    const socket = await client();
    socket.connect(server.port, '127.0.0.2');
    await once(socket, 'connect');
    const answered = idsOf(socket, 1);
    socket.send(withId(WEB, 5));
    expect([...(await answered)]).toEqual([5]);
  });

  it.runIf(hasIpv6)('answers both families side by side', async () => {
    const { server } = await rig({ transport: 'batch', addresses: ['0.0.0.0', '::'], threads: 1 });
    for (const host of ['127.0.0.1', '::1']) {
      const poll = expect.poll(
        async () => (await askUdp(server.port, WEB, { host, timeoutMs: 200 }))?.length,
      );
      await poll.toBeGreaterThan(40);
    }
  });

  it('counts what is longer than any question, and goes on', async () => {
    const { server, metrics } = await rig({ transport: 'batch' });
    const socket = await client();
    socket.send(Buffer.alloc(5_000), server.port, '127.0.0.1');
    expect(await askUdp(server.port, WEB)).toBeDefined();
    expect(metrics.collect().get('dns_dropped')?.labelSets).toContainEqual(['udp', 'too_large']);
  });

  it('leaves a reply out that the system refuses, counts it, and sends the others', async () => {
    const { server, install, metrics } = await rig({
      transport: 'batch',
      config: { maxUdpPayloadBytes: 65_535, udpAnswerLimit: 0 },
    });
    const row = (i: number) =>
      serviceRow('n1', 'big', { id: `b${i}` as ServiceId, address: `10.2.${i >> 8}.${i & 255}` });
    install(
      Array.from({ length: 6_000 }, (_, i) => ({ op: 'put', table: 'services', row: row(i) }) as const),
    );
    const big = queryPacket('big.service.consul', 'A', { edns: 65_535 });
    const socket = await client();
    const answered = idsOf(socket, 2);
    for (const [id, packet] of [WEB, big, WEB].entries())
      socket.send(withId(packet, id), server.port, '127.0.0.1');
    expect([...(await answered)].sort()).toEqual([0, 2]);
    expect(metrics.collect().get('dns_dropped')?.labelSets).toContainEqual(['udp', 'unsendable']);
  });
});

it('says in the log that node:dgram may answer from another address', async () => {
  const said: string[] = [];
  const log = { ...silentLogger, warn: (_: object, message: string) => void said.push(message) };
  await rig({ transport: 'dgram', addresses: ['0.0.0.0'], log });
  expect(said).toEqual([expect.stringContaining('may leave from another address')]);
});

it.runIf(process.platform === 'linux')(
  'counts what the kernel dropped because nobody came to read it',
  async () => {
    const socket = await client();
    const { port } = socket.address();
    const dropped: (number | undefined)[] = [];
    const clock = manualClock();
    const stop = watchDrops({
      addresses: ['0.0.0.0'],
      port,
      clock,
      readFile: (file) => readFile(file, 'utf8'),
      log: silentLogger,
      counters: { dropped: (_, _reason, count) => void dropped.push(count) },
    });
    // Without a turn of the event loop in between, as when something else keeps it busy.
    for (let i = 0; i < 20_000; i += 1) socket.send(new Uint8Array(1_000), port, '127.0.0.1');
    await delay(50);
    await clock.advanceAndSettle(10_000);
    await expect.poll(() => dropped.length).toBe(1);
    expect(dropped[0]).toBeGreaterThan(0);
    stop();
  },
);
