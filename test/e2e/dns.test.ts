import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServiceId } from '../../src/model/types.ts';
import { FLAG, TYPE } from '../../src/wire/constants.ts';
import { encodeReply } from '../../src/wire/fit.ts';
import { decodeQuery, type Query, record } from '../../src/wire/message.ts';
import { nameFromText, type WireName } from '../../src/wire/name.ts';
import type { Rdata } from '../../src/wire/rdata.ts';
import { decoded, nodeRow, queryPacket, serviceRow } from '../support/dns-rig.ts';
import {
  askUdp,
  framed,
  type SocketRig,
  startSocketRig,
  startUpstream,
  tcpReader,
  type Upstream,
} from '../support/dns-sockets.ts';
import { describeWith } from '../support/needs-program.ts';
import { startAgent } from '../support/start-agent.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function rig(options: Parameters<typeof startSocketRig>[0] = {}): Promise<SocketRig> {
  const started = await startSocketRig(options);
  open.push(started.server);
  started.install([
    { op: 'put', table: 'nodes', row: nodeRow('n1', '10.0.0.1') },
    { op: 'put', table: 'services', row: serviceRow('n1', 'web', { address: '10.1.0.1' }) },
  ]);
  return started;
}

async function upstream(replies: Parameters<typeof startUpstream>[0]): Promise<Upstream> {
  const started = await startUpstream(replies);
  open.push(started);
  return started;
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  open.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

const WEB = queryPacket('web.service.consul', 'A');
const name = (text: string): WireName => nameFromText(text) as WireName;

/** An upstream's reply to `query` with these records, all owned by the question. */
function reply(
  query: Uint8Array,
  records: readonly Rdata[],
  fields: { rcode?: number; flags?: number } = {},
): Uint8Array {
  const { id, question } = decodeQuery(query) as Query;
  const answers = records.map((data) => ({ answer: record(null, 300, data), addresses: [], notes: [] }));
  const out = new Uint8Array(4_096);
  const flags = FLAG.QR | FLAG.RD | FLAG.RA | (fields.flags ?? 0);
  const message = {
    id,
    flags,
    rcode: fields.rcode ?? 0,
    question,
    answers,
    authority: [],
    additional: [],
    edns: null,
  };
  return out.slice(
    0,
    encodeReply(message, out, { maxBytes: 4_096, compress: true, mayMarkTruncated: false }).length,
  );
}

const A = (last: number): Rdata => ({ type: TYPE.A, address: Uint8Array.of(192, 0, 2, last) });

describe('DNS over TCP', () => {
  it('takes the length prefix and the message cut anywhere', async () => {
    const { server } = await rig();
    const socket = await connect(server.port);
    const reader = tcpReader(socket);
    for (const octet of framed(WEB)) {
      socket.write(Buffer.from([octet]));
      await delay(1);
    }
    expect(decoded(await reader.next()).answer).toHaveLength(1);
  });

  it('answers a thousand pipelined queries on one connection', async () => {
    const { server } = await rig();
    const socket = await connect(server.port);
    const reader = tcpReader(socket);
    socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => framed(WEB))));
    for (let i = 0; i < 1_000; i += 1) expect((await reader.next()).length).toBeGreaterThan(40);
  });

  it('ends a connection that is idle', async () => {
    const { server } = await rig({ config: { tcpIdleTimeoutMs: 200 } });
    await once(await connect(server.port), 'close');
  });

  it('takes a newcomer when all places are taken, in place of the longest idle one', async () => {
    const { server, metrics } = await rig({ config: { tcpMaxConnections: 2 } });
    const used = await connect(server.port);
    const idle = await connect(server.port);
    used.write(framed(WEB));
    await tcpReader(used).next();
    const ended = once(idle, 'close');
    const newcomer = await connect(server.port);
    await ended;
    for (const socket of [used, newcomer]) {
      socket.write(framed(WEB));
      expect(decoded(await tcpReader(socket).next()).answer).toHaveLength(1);
    }
    const dropped = metrics.collect().get('dns_dropped');
    expect(dropped?.labelSets).toContainEqual(['tcp', 'too_many']);
  });

  it('answers over UDP while many connections pipeline questions that nobody reads the answers of', async () => {
    const { server, install } = await rig({ config: { udpAnswerLimit: 0 } });
    const row = (i: number) => serviceRow('n1', 'many', { id: `m${i}` as ServiceId, address: `10.3.0.${i}` });
    install(Array.from({ length: 250 }, (_, i) => ({ op: 'put', table: 'services', row: row(i) }) as const));
    const flood = Buffer.concat(
      Array.from({ length: 1_500 }, () => framed(queryPacket('many.service.consul', 'SRV'))),
    );
    const sockets = await Promise.all(Array.from({ length: 60 }, () => connect(server.port)));
    for (const socket of sockets) socket.pause().write(flood);
    let slowestMs = 0;
    for (let asked = 0; asked < 20; asked += 1) {
      const before = performance.now();
      expect(await askUdp(server.port, WEB)).toBeDefined();
      slowestMs = Math.max(slowestMs, performance.now() - before);
    }
    expect(slowestMs).toBeLessThan(400);
  });

  it('lets a client half-close and still read its answer', async () => {
    const { server } = await rig();
    const socket = await connect(server.port);
    const reader = tcpReader(socket);
    socket.end(framed(WEB));
    expect(decoded(await reader.next()).answer).toHaveLength(1);
  });

  it('drops a client that does not read', async () => {
    const { server, install, metrics } = await rig();
    const row = (i: number) =>
      serviceRow('n1', 'big', { id: `b${i}` as ServiceId, address: `10.2.${i >> 8}.${i & 255}` });
    install(
      Array.from({ length: 2_000 }, (_, i) => ({ op: 'put', table: 'services', row: row(i) }) as const),
    );
    const socket = await connect(server.port);
    socket.pause();
    const query = framed(queryPacket('big.service.consul', 'A'));
    for (let i = 0; i < 400 && !socket.destroyed; i += 1) socket.write(query);
    await expect
      .poll(() => metrics.collect().get('dns_dropped')?.labelSets, { timeout: 5_000 })
      .toContainEqual(['tcp', 'too_slow']);
  });
});

describe('sockets', () => {
  it('answer on several addresses, IPv6 too, on one port', async () => {
    const { server } = await rig({ addresses: ['127.0.0.1', '::1'] });
    for (const host of ['127.0.0.1', '::1']) {
      const answer = await askUdp(server.port, WEB, { host });
      expect(answer && decoded(answer).answer).toHaveLength(1);
    }
  });

  it('say nothing to scraps and go on', async () => {
    const { server } = await rig();
    expect(await askUdp(server.port, Buffer.from('x'), { timeoutMs: 100 })).toBeUndefined();
    expect(await askUdp(server.port, WEB)).toBeDefined();
  });
});

describe('recursion', () => {
  const OUTSIDE = queryPacket('www.example.com', 'A');
  const recursors = (...servers: Upstream[]) => servers.map(({ address, port }) => ({ address, port }));

  it('forwards octet for octet with an id and a port of its own, and sets RA', async () => {
    const up = await upstream((query) => [reply(query, [A(1)])]);
    const { server } = await rig({ config: { recursors: recursors(up) } });
    const answers = await Promise.all([1, 2, 3].map(() => askUdp(server.port, OUTSIDE)));
    for (const answer of answers) {
      expect(answer?.readUInt16BE(0)).toBe(0x1234);
      expect(decoded(answer as Buffer)).toMatchObject({
        flags: 'qr rd ra',
        answer: ['www.example.com. 300 IN A 192.0.2.1'],
      });
    }
    for (const { query } of up.seen) expect(query.subarray(2)).toEqual(Buffer.from(OUTSIDE.subarray(2)));
    expect(new Set(up.seen.map(({ fromPort }) => fromPort)).size).toBe(3);
  });

  it('believes no reply with another id or another question', async () => {
    const up = await upstream((query) => {
      const wrongId = reply(query, [A(66)]);
      wrongId[0] = (wrongId[0] as number) ^ 0xff;
      const other = Buffer.from(queryPacket('evil.example.com', 'A'));
      other.set(query.subarray(0, 2));
      return [wrongId, reply(other, [A(67)]), reply(query, [A(1)])];
    });
    const { server } = await rig({ config: { recursors: recursors(up) } });
    const answer = await askUdp(server.port, OUTSIDE);
    expect(decoded(answer as Buffer).answer).toEqual(['www.example.com. 300 IN A 192.0.2.1']);
  });

  it('asks the next server after silence, SERVFAIL and REFUSED, and says SERVFAIL with RA when there is none', async () => {
    const silent = await upstream(() => []);
    const broken = await upstream((query) => [reply(query, [], { rcode: 2 })]);
    const good = await upstream((query) => [reply(query, [A(1)])]);
    const config = { recursorTimeoutMs: 150, recursors: recursors(silent, broken, good) };
    const { server, reconfigure } = await rig({ config });
    expect(decoded((await askUdp(server.port, OUTSIDE)) as Buffer).answer).toHaveLength(1);
    reconfigure({ recursors: recursors(silent, broken) });
    const edns = queryPacket('www.example.com', 'A', { edns: 1_232 });
    const failed = decoded((await askUdp(server.port, edns)) as Buffer);
    expect(failed).toMatchObject({ rcode: 'SERVFAIL', flags: 'qr rd ra' });
    expect(new TextDecoder().decode(failed.edns?.options.subarray(6))).toContain('no reply within 150 ms');
  });

  it('spreads questions with the random strategy', async () => {
    const ups = await Promise.all([1, 2].map((i) => upstream((query) => [reply(query, [A(i)])])));
    const { server } = await rig({ config: { recursorStrategy: 'random', recursors: recursors(...ups) } });
    for (let i = 0; i < 30; i += 1) await askUdp(server.port, OUTSIDE);
    for (const { seen } of ups) expect(seen.length).toBeGreaterThan(2);
  });

  it('passes TC on, and forwards the retry over TCP', async () => {
    const up = await upstream((query, transport) =>
      transport === 'udp' ? [reply(query, [], { flags: FLAG.TC })] : [reply(query, [A(1)])],
    );
    const { server } = await rig({ config: { recursors: recursors(up) } });
    expect(decoded((await askUdp(server.port, OUTSIDE)) as Buffer).flags).toBe('qr tc rd ra');
    const socket = await connect(server.port);
    const reader = tcpReader(socket);
    socket.write(framed(OUTSIDE));
    expect(decoded(await reader.next()).answer).toHaveLength(1);
    expect(up.seen.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('cuts a reply that is larger than the client takes', async () => {
    const many = Array.from({ length: 60 }, (_, i) => A(i));
    const up = await upstream((query) => [reply(query, many)]);
    const { server } = await rig({ config: { recursors: recursors(up) } });
    const short = (await askUdp(server.port, OUTSIDE)) as Buffer;
    expect(decoded(short)).toMatchObject({ flags: 'qr tc rd ra', answer: [] });
    const long = await askUdp(server.port, queryPacket('www.example.com', 'A', { edns: 4_096 }));
    expect(decoded(long as Buffer).answer).toHaveLength(60);
  });

  it('never asks itself', async () => {
    const { server, reconfigure } = await rig();
    reconfigure({ recursors: [{ address: '127.0.0.1', port: server.port }] });
    expect(decoded((await askUdp(server.port, OUTSIDE)) as Buffer).rcode).toBe('SERVFAIL');
  });

  it('takes no more questions than it may have under way', async () => {
    const silent = await upstream(() => []);
    const config = { recursorTimeoutMs: 500, recursorMaxInFlight: 2, recursors: recursors(silent) };
    const { server } = await rig({ config });
    const answers = await Promise.all(Array.from({ length: 5 }, () => askUdp(server.port, OUTSIDE)));
    expect(silent.seen).toHaveLength(2);
    for (const answer of answers) expect(decoded(answer as Buffer).rcode).toBe('SERVFAIL');
  });

  it('asks for reverse names only when nobody here has the address', async () => {
    const up = await upstream((query) => [reply(query, [{ type: TYPE.PTR, name: name('far.example.com') }])]);
    const { server } = await rig({ config: { recursors: recursors(up) } });
    const here = await askUdp(server.port, queryPacket('1.0.0.10.in-addr.arpa', 'PTR'));
    expect(decoded(here as Buffer).answer[0]).toContain('n1.node.dc1.consul.');
    const far = await askUdp(server.port, queryPacket('9.9.9.9.in-addr.arpa', 'PTR'));
    expect(decoded(far as Buffer).answer[0]).toContain('far.example.com.');
  });

  it('finds addresses of both families behind a service that is a host name', async () => {
    const six = { type: TYPE.AAAA, address: Uint8Array.from({ length: 16 }, (_, i) => i) } as const;
    const up = await upstream((query) => [
      reply(query, [(decodeQuery(query) as Query).qtype === TYPE.A ? A(1) : six]),
    ]);
    const { server, install } = await rig({ config: { recursors: recursors(up) } });
    install([{ op: 'put', table: 'services', row: serviceRow('n1', 'ext', { address: 'www.example.com' }) }]);
    const four = decoded((await askUdp(server.port, queryPacket('ext.service.consul', 'A'))) as Buffer);
    expect(four.answer).toEqual([
      'ext.service.consul. 0 IN CNAME www.example.com.',
      'www.example.com. 0 IN A 192.0.2.1',
    ]);
    const both = decoded((await askUdp(server.port, queryPacket('ext.service.consul', 'AAAA'))) as Buffer);
    expect(both.answer[1]).toContain(' IN AAAA 1:203:405:607:809:a0b:c0d:e0f');
  });
});

describe('threads', () => {
  it('share the port, follow writes and configuration, and report what they counted', async () => {
    const { server, install, reconfigure, metrics } = await rig({ threads: 2 });
    let asked = 0;
    /** What all of twelve clients get, sorted; each has a port of its own, so every thread is asked. */
    const answers = async (): Promise<string[]> => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => askUdp(server.port, WEB)));
      asked += replies.length;
      return [
        ...new Set(
          replies.map((each) => (each ? (decoded(each).answer[0] ?? decoded(each).rcode) : 'silence')),
        ),
      ];
    };
    const becomes = (text: string) => expect.poll(answers, { timeout: 5_000, interval: 20 }).toEqual([text]);
    await becomes('web.service.consul. 0 IN A 10.1.0.1');
    install([{ op: 'put', table: 'services', row: serviceRow('n1', 'web', { address: '10.1.0.2' }) }]);
    await becomes('web.service.consul. 0 IN A 10.1.0.2');
    reconfigure({ serviceTtlSeconds: { web: 9 } });
    await becomes('web.service.consul. 9 IN A 10.1.0.2');
    install([{ op: 'remove', table: 'services', key: 'n1\u0000web' }]);
    await becomes('NXDOMAIN');
    const counted = (): number =>
      metrics
        .collect()
        .get('dns_queries')
        ?.values.reduce((sum, count) => sum + count, 0) ?? 0;
    await expect.poll(counted, { timeout: 5_000 }).toBe(asked);
  });

  it('know where nodes are, so that a prepared query for the nearest is answered as in the main thread', async () => {
    const agent = await startAgent({ config: { dns_config: { threads: 1 } } });
    open.push({ close: () => agent.stop() });
    const send = (method: string, path: string, body: object) =>
      fetch(`${agent.httpUrl}${path}`, { method, body: JSON.stringify(body) });
    for (const [i, Node] of ['far', 'close', 'middle'].entries()) {
      const Service = { ID: 'web', Service: 'web', Port: 80 };
      await send('PUT', '/v1/catalog/register', { Node, Address: `10.0.0.${i}`, Service });
      const Vec = [[9, 1, 5][i] ?? 0, 0, 0, 0, 0, 0, 0, 0];
      const Coord = { Vec, Error: 1, Adjustment: 0, Height: 0 };
      await send('PUT', '/v1/coordinate/update', { Node, Coord });
    }
    await send('POST', '/v1/query', { Name: 'nearest', Service: { Service: 'web', Near: 'n1' } });
    const nearest = async (): Promise<readonly string[]> => {
      const reply = await askUdp(agent.dnsPort, queryPacket('nearest.query.consul', 'A'));
      return reply ? decoded(reply).answer.map((line) => line.split(' ').at(-1) ?? '') : [];
    };
    await expect.poll(nearest, { timeout: 5_000 }).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.0']);
  });
});

describeWith('dig', 'dig', () => {
  it('shows instances, and why there are none', async () => {
    const agent = await startAgent();
    open.push({ close: () => agent.stop() });
    const put = (path: string, body?: object) =>
      fetch(`${agent.httpUrl}${path}`, { method: 'PUT', ...(body && { body: JSON.stringify(body) }) });
    await put('/v1/agent/service/register', { Name: 'web', Port: 8080, Address: '10.0.0.9' });
    const dig = (...args: string[]): string =>
      spawnSync('dig', ['@127.0.0.1', '-p', String(agent.dnsPort), ...args], { encoding: 'utf8' }).stdout;
    expect(dig('+short', 'web.service.consul', 'SRV').trim()).toBe('1 1 8080 0a000009.addr.dc1.consul.');
    expect(dig('+tcp', '+short', 'web.service.consul').trim()).toBe('10.0.0.9');
    await put('/v1/agent/service/maintenance/web?enable=true&reason=upgrade');
    const refused = dig('web.service.consul');
    expect(refused).toContain('status: NXDOMAIN');
    expect(refused).toMatch(/EDE: 0 \(Other\).*1 instance, 0 passing: 1 maintenance/);
    const explained = (await (
      await fetch(`${agent.httpUrl}/v1/dns/explain?name=web.service.consul`)
    ).json()) as {
      Instances: { Reason: string }[];
    };
    expect(explained.Instances[0]?.Reason).toContain('maintenance: check "_service_maintenance:web"');
    expect(explained.Instances[0]?.Reason).toContain('output "upgrade"');
  });
});
