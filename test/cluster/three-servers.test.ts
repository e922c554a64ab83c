/**
 * Three real servers as one datacenter: what is written on one is read on all, whoever leads, and what is answered when
 * nobody does. One cluster for all of it, in this order.
 */
import { Resolver } from 'node:dns/promises';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identityFromSecret } from '../../src/rpc/shared-secret.ts';
import { askServer, askUntil, type ClusterAnswer } from '../support/ask-cluster.ts';
import { type FaultCluster, startFaultCluster } from '../support/faults/fault-cluster.ts';
import type { ServerProcess } from '../support/faults/server-process.ts';
import { describeWith } from '../support/needs-program.ts';

const SECRET = Buffer.alloc(32, 7).toString('base64');

let cluster: FaultCluster;
const at = (which: number): ServerProcess => cluster.servers[which] as ServerProcess;
const url = (server: ServerProcess, path: string): string => `${server.httpUrl}${path}`;
const json = ({ text }: ClusterAnswer): unknown => JSON.parse(text);

async function put(server: ServerProcess, path: string, body = ''): Promise<ClusterAnswer> {
  return askServer(url(server, path), 'PUT', body);
}

async function get(server: ServerProcess, path: string): Promise<ClusterAnswer> {
  return askServer(url(server, path));
}

async function leader(): Promise<ServerProcess> {
  const found = await cluster.leader();
  if (found === undefined) throw new Error('nobody leads');
  return found;
}

/** What the other side says to somebody who asks and waits until it has ended, or for a second. */
function heardFrom(socket: net.Socket, asking: string): Promise<string> {
  let heard = '';
  return new Promise((resolve) => {
    const end = (): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.on('data', (piece: Buffer) => {
      heard += piece.toString('latin1');
    });
    socket.on('error', end);
    socket.on('close', end);
    socket.setTimeout(1_000, end);
    socket.write(asking);
  });
}

/** The addresses of a name, as the server at an address answers. */
async function askDns(address: string, name: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([`${address}:8600`]);
  return resolver.resolve4(name).catch(() => []);
}

const followersOf = (leads: ServerProcess): readonly ServerProcess[] =>
  cluster.servers.filter((server) => server !== leads && server.isUp);

describeWith('etcd', 'three servers', () => {
  beforeAll(async () => {
    cluster = await startFaultCluster({ size: 3, args: ['-encrypt', SECRET] });
  });
  afterAll(() => cluster?.remove());

  test('say nothing that nobody can act on', () => {
    for (const server of cluster.servers) expect(server.output()).not.toMatch(/DeprecationWarning|TypeError/);
  });

  test('agree on who leads and who belongs to them', async () => {
    const answers = await Promise.all(cluster.servers.map((server) => get(server, '/v1/status/leader')));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const peers = await get(at(0), '/v1/status/peers');
    expect((json(peers) as string[]).toSorted()).toEqual(
      cluster.servers.map(({ place }) => `${place.address}:8300`).toSorted(),
    );
  });

  test.each([8300, 2379, 2380])(
    'tell nothing to a stranger on port %i, with TLS or without',
    async (port) => {
      const host = at(0).place.address;
      const { certificate: cert, key } = await identityFromSecret(Buffer.alloc(32, 1), []);
      const asking = 'GET /v2/members HTTP/1.1\r\nHost: a\r\n\r\n';
      for (const dial of [
        () => net.connect({ host, port }),
        () => tls.connect({ host, port, rejectUnauthorized: false }),
        () => tls.connect({ host, port, rejectUnauthorized: false, cert, key, ALPNProtocols: ['h2'] }),
      ])
        expect(await heardFrom(dial(), asking)).not.toMatch(/HTTP\/1.1 200|members|raft/i);
    },
  );

  test('show a write on any of them to a read on any other', async () => {
    for (const [i, writer] of cluster.servers.entries()) {
      expect((await put(writer, `/v1/kv/k${i}`, `v${i}`)).text).toBe('true');
      for (const reader of cluster.servers) {
        expect((await get(reader, `/v1/kv/k${i}?raw`)).text).toBe(`v${i}`);
        expect((await get(reader, `/v1/kv/k${i}?raw&consistent`)).text).toBe(`v${i}`);
      }
    }
  });

  test('wake who waits on another one', async () => {
    const [reader, writer] = [at(0), at(1)];
    const index = (await get(reader, '/v1/kv/waited')).headers.get('x-consul-index');
    const waiting = get(reader, `/v1/kv/waited?raw&index=${index}&wait=10s`);
    await delay(50);
    await put(writer, '/v1/kv/waited', 'now');
    expect((await waiting).text).toBe('now');
  });

  test('share sessions and locks: one holds it, also when it is asked elsewhere', async () => {
    const [a, b] = followersOf(await leader()) as [ServerProcess, ServerProcess];
    const open = async (server: ServerProcess) =>
      (json(await put(server, '/v1/session/create', '{"TTL":"15s"}')) as { ID: string }).ID;
    const [one, other] = [await open(a), await open(b)];
    expect((await put(a, `/v1/kv/lock?acquire=${one}`)).text).toBe('true');
    expect((await put(b, `/v1/kv/lock?acquire=${other}`)).text).toBe('false');
    expect((await put(b, `/v1/session/renew/${one}`)).status).toBe(200);
    expect((await put(b, '/v1/session/renew/00000000-0000-0000-0000-000000000000')).status).toBe(404);
    await put(b, `/v1/kv/lock?release=${one}`);
    expect((await put(b, `/v1/kv/lock?acquire=${other}`)).text).toBe('true');
  });

  test('take transactions and prepared queries on a follower', async () => {
    const [follower] = followersOf(await leader()) as [ServerProcess];
    const txn = JSON.stringify([{ KV: { Verb: 'set', Key: 't', Value: 'eA==' } }]);
    expect((await put(follower, '/v1/txn', txn)).status).toBe(200);
    const query = JSON.stringify({ Name: 'steady', Service: { Service: 'steady' } });
    expect((await askServer(url(follower, '/v1/query'), 'POST', query)).status).toBe(200);
    const found = json(await get(follower, '/v1/query/steady/execute')) as { Nodes: unknown[] };
    expect(found.Nodes).toHaveLength(1);
  });

  test('register what an agent was asked for, and answer DNS for it everywhere', async () => {
    await put(at(2), '/v1/agent/service/register', JSON.stringify({ Name: 'web', Port: 8080 }));
    for (const server of cluster.servers) {
      const { address } = server.place;
      await expect.poll(() => askDns(address, 'web.service.consul')).toEqual([at(2).place.address]);
    }
  });

  test('hear of an event that was fired on one of them, once', async () => {
    await put(at(1), '/v1/event/fire/deploy', 'now');
    for (const server of cluster.servers) {
      const { text } = await askUntil(
        url(server, '/v1/event/list?name=deploy'),
        (answer) => answer.text !== '[]',
      );
      expect(JSON.parse(text)).toMatchObject([{ Name: 'deploy', Payload: 'bm93' }]);
    }
  });

  test('each know of themselves and of the others as healthy nodes', async () => {
    const nodes = json(await get(at(1), '/v1/catalog/service/consul')) as { Node: string }[];
    expect(nodes.map(({ Node }) => Node).toSorted()).toEqual(['s1', 's2', 's3']);
  });

  test('tell how old a stale answer may be, and that there is a leader', async () => {
    const [follower] = followersOf(await leader()) as [ServerProcess];
    const { headers } = await get(follower, '/v1/kv/k0?stale');
    expect(headers.get('x-consul-knownleader')).toBe('true');
    expect(Number(headers.get('x-consul-lastcontact'))).toBeLessThan(1_000);
  });

  test('save a snapshot on one and restore it on another, whoever leads', async () => {
    const [one, two] = followersOf(await leader()) as [ServerProcess, ServerProcess];
    const large = 'x'.repeat(400_000);
    for (let i = 0; i < 30; i += 1) await put(one, `/v1/kv/large/${i}`, `${i}${large}`);
    const saved = await fetch(url(one, '/v1/snapshot'));
    const archive = Buffer.from(await saved.arrayBuffer());
    await askServer(url(one, '/v1/kv/large/?recurse'), 'DELETE');
    await put(one, '/v1/kv/k0', 'changed');
    const restored = await fetch(url(two, '/v1/snapshot'), { method: 'PUT', body: archive });
    expect([restored.status, await restored.text()]).toEqual([200, '']);
    for (const reader of cluster.servers) {
      expect((await get(reader, '/v1/kv/k0?raw&consistent')).text).toBe('v0');
      expect(json(await get(reader, '/v1/kv/large/?keys'))).toHaveLength(30);
    }
    const web = () => get(two, '/v1/catalog/service/web');
    await expect.poll(async () => json(await web())).toHaveLength(1);
  });

  test('lose their leader and go on: nothing acknowledged is gone, sessions live, a lock is still held', async () => {
    const killed = await leader();
    const [survivor] = followersOf(killed) as [ServerProcess];
    const { ID } = json(await put(survivor, '/v1/session/create', '{"TTL":"10s"}')) as { ID: string };
    await put(survivor, `/v1/kv/kept?acquire=${ID}`, 'before');
    await killed.kill();
    await expect.poll(async () => (await put(survivor, '/v1/kv/after', 'x')).text).toBe('true');
    expect((await get(survivor, '/v1/kv/kept?raw&consistent')).text).toBe('before');
    expect((await put(survivor, `/v1/session/renew/${ID}`)).status).toBe(200);
    const again = (await put(survivor, '/v1/kv/kept?acquire=00000000-0000-0000-0000-000000000000')).status;
    expect(again).toBe(500);
    killed.start();
    await askUntil(url(killed, '/v1/kv/after?raw'), ({ text }) => text === 'x');
  });

  test('with one of three left say that nobody leads, and answer what is stale', async () => {
    const last = await leader();
    const others = followersOf(last);
    await Promise.all(others.map((server) => server.kill()));
    await askUntil(url(last, '/v1/kv/k0'), ({ status }) => status === 500);
    const read = await get(last, '/v1/kv/k0');
    expect([read.status, read.text]).toEqual([500, 'No cluster leader']);
    expect(
      ['index', 'knownleader', 'lastcontact'].map((name) => read.headers.get(`x-consul-${name}`)),
    ).toEqual(['1', 'false', '0']);
    const write = await put(last, '/v1/kv/k0', 'v');
    expect([write.status, write.text]).toEqual([500, 'No cluster leader']);
    expect((await get(last, '/v1/status/leader')).text).toBe('""');
    expect(json(await get(last, '/v1/status/peers'))).toHaveLength(3);
    const stale = await get(last, '/v1/kv/k0?stale&raw');
    expect([stale.text, stale.headers.get('x-consul-knownleader')]).toEqual(['v0', 'false']);
    expect(Number(stale.headers.get('x-consul-lastcontact'))).toBeGreaterThan(0);
    expect((await put(last, '/v1/agent/service/register', '{"Name":"late","Port":1}')).status).toBe(200);
    expect(await askDns(last.place.address, 'web.service.consul')).toHaveLength(1);
    for (const server of others) server.start();
    await askUntil(url(others[0] as ServerProcess, '/v1/catalog/service/late'), ({ text }) =>
      text.includes('late'),
    );
  });

  test('started again all at once hold what they held', async () => {
    const before = (await get(at(0), '/v1/kv/?recurse')).text;
    await Promise.all(cluster.servers.map((server) => server.kill()));
    for (const server of cluster.servers) server.start();
    for (const server of cluster.servers) {
      const { text } = await askUntil(url(server, '/v1/kv/?recurse'), ({ status }) => status === 200);
      expect(text).toBe(before);
    }
  });
});
