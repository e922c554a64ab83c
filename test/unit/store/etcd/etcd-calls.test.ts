import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/lib/clock.ts';
import { type EtcdClient, type EtcdClientParts, etcdClient } from '../../../../src/store/etcd/etcd-client.ts';
import type { Answer } from '../../../../src/store/etcd/etcd-fault.ts';
import { METHODS } from '../../../../src/store/etcd/etcd-messages.ts';
import { encode } from '../../../../src/store/etcd/protobuf.ts';
import { type FakeGrpc, type FakeStream, fakeGrpc } from '../../../support/fake-grpc.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(onMessage: (stream: FakeStream, message: Buffer) => void): Promise<FakeGrpc> {
  const fake = await fakeGrpc(onMessage);
  closing.push(() => fake.close());
  return fake;
}

function clientOf(endpoints: readonly string[], more: Partial<EtcdClientParts> = {}): EtcdClient {
  const client = etcdClient({ endpoints, clock: systemClock, ...more });
  closing.push(() => client.close());
  return client;
}

const TXN = METHODS.txn;
const DONE = encode(TXN.response, { isSucceeded: true });
const answerDone = (stream: FakeStream): void => {
  stream.send(DONE);
  stream.end();
};

/** A port that refuses connections. */
async function deadUrl(): Promise<string> {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as net.AddressInfo;
  taken.close();
  await once(taken, 'close');
  return `http://127.0.0.1:${port}`;
}

const kindAndReason = (answer: Answer<unknown>): string =>
  answer.kind === 'done' ? 'done' : `${answer.kind} ${answer.reason}`;

describe('a transaction', () => {
  test('that is answered is done', async () => {
    const { url } = await server(answerDone);
    expect(await clientOf([url]).txn({})).toMatchObject({ kind: 'done', reply: { isSucceeded: true } });
  });

  test('that nobody could be asked is refused, in no time, with every endpoint named', async () => {
    const [one, two] = [await deadUrl(), await deadUrl()];
    const answer = await clientOf([one, two]).txn({});
    expect(answer).toMatchObject({ kind: 'refused', reason: 'unreachable' });
    const why = ({ host }: URL): string => `connect ECONNREFUSED ${host}`;
    expect(answer.kind === 'refused' && answer.text).toMatch(`${one}: ${why(new URL(one))}`);
    expect(answer.kind === 'refused' && answer.text).toMatch(`${two}: ${why(new URL(two))}`);
  });

  test('goes to the next endpoint when the first one refuses connections', async () => {
    const { url } = await server(answerDone);
    expect(kindAndReason(await clientOf([await deadUrl(), url]).txn({}))).toBe('done');
  });

  test('whose connection breaks is unknown, and not asked again', async () => {
    const breaking = await server(() => breaking.cut());
    const other = await server(answerDone);
    const client = clientOf([breaking.url, other.url]);
    expect(kindAndReason(await client.txn({}))).toBe('unknown unavailable');
    expect(other.seen).toEqual([]);
    expect(kindAndReason(await client.txn({})), 'the next one goes elsewhere').toBe('done');
  });

  test('that is not answered in time is unknown, and the next one goes elsewhere', async () => {
    const clock = manualClock();
    const arrived = Promise.withResolvers<void>();
    const silent = await server(() => arrived.resolve());
    const other = await server(answerDone);
    const client = clientOf([silent.url, other.url], { clock });
    const asked = client.txn({});
    await arrived.promise;
    clock.advance(5_000);
    expect(kindAndReason(await asked)).toBe('unknown timeout');
    expect(kindAndReason(await client.txn({}))).toBe('done');
  });

  test.each([
    [3, 'refused invalid'],
    [5, 'refused not-found'],
    [7, 'refused permission'],
    [8, 'unknown exhausted'],
    [9, 'refused precondition'],
    [11, 'refused out-of-range'],
    [12, 'unknown unimplemented'],
    [14, 'unknown unavailable'],
    [2, 'unknown other'],
    [77, 'unknown other'],
  ])('with status %i is %s', async (status, outcome) => {
    const { url } = await server((stream) => stream.end(status, 'etcdserver: 100% so'));
    const answer = await clientOf([url]).txn({});
    expect(kindAndReason(answer)).toBe(outcome);
    expect(answer.kind !== 'done' && answer.text).toBe(`${url}: etcdserver: 100% so`);
  });

  test('that is answered with nonsense is unknown', async () => {
    const { url } = await server((stream) => {
      stream.send(Buffer.from([0x0a, 0x7f]));
      stream.end();
    });
    expect(kindAndReason(await clientOf([url]).txn({}))).toBe('unknown malformed');
  });

  test('that is answered well but without a message is unknown', async () => {
    const { url } = await server((stream) => stream.end());
    expect(kindAndReason(await clientOf([url]).txn({}))).toBe('unknown unimplemented');
  });
});

describe('what is no etcd', () => {
  test('a server of HTTP/1 is unreachable', async () => {
    const web = http.createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(web, 'listening');
    closing.push(() => web.close());
    const url = `http://127.0.0.1:${(web.address() as net.AddressInfo).port}`;
    expect(kindAndReason(await clientOf([url]).txn({}))).toBe('refused unreachable');
  });

  test('a server of HTTP/2 that knows no gRPC is told by its status', async () => {
    const { url } = await server(({ raw }) => {
      raw.respond({ ':status': 404 });
      raw.end('no');
    });
    const answer = await clientOf([url]).txn({});
    expect(answer).toMatchObject({ kind: 'unknown', text: `${url}: Received HTTP status code 404` });
  });

  test('a listener that says nothing is given up after the time for connecting', async () => {
    const mute = net.createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    closing.push(() => mute.close());
    const url = `http://127.0.0.1:${(mute.address() as net.AddressInfo).port}`;
    const answer = await clientOf([url], { connectTimeoutMs: 50 }).txn({});
    expect(answer).toMatchObject({ text: `${url}: cannot be connected to within 50 ms` });
  });
});

describe('a read', () => {
  test('whose answer was lost is asked for at the next endpoint', async () => {
    const breaking = await server(() => breaking.cut());
    const leaderless = await server((stream) => stream.end(14, 'etcdserver: no leader'));
    const other = await server((stream) => {
      stream.send(encode(METHODS.range.response, { count: 7 }));
      stream.end();
    });
    const answer = await clientOf([breaking.url, leaderless.url, other.url]).range({ key: Buffer.from('k') });
    expect(answer).toMatchObject({ kind: 'done', reply: { count: 7 } });
  });

  test('that nobody answers ends, having asked everybody', async () => {
    const servers = [
      await server((stream) => stream.end(14, 'no leader')),
      await server((stream) => stream.end(14, 'no leader')),
    ];
    const answer = await clientOf(servers.map(({ url }) => url)).range({ key: Buffer.from('k') });
    expect(kindAndReason(answer)).toBe('unknown unavailable');
    expect(servers.map(({ seen }) => seen.length > 0)).toEqual([true, true]);
  });
});

describe('many calls at once', () => {
  test('share one connection', async () => {
    const sessions = new Set<unknown>();
    const { url } = await server((stream) => {
      sessions.add(stream.raw.session);
      answerDone(stream);
    });
    const client = clientOf([url]);
    await Promise.all(Array.from({ length: 20 }, () => client.txn({})));
    expect(sessions.size).toBe(1);
  });

  test('end when the client is closed, and later ones are refused', async () => {
    const arrived = Promise.withResolvers<void>();
    const { url } = await server(() => arrived.resolve());
    const client = clientOf([url]);
    const asked = client.txn({});
    await arrived.promise;
    client.close();
    expect(kindAndReason(await asked)).toBe('unknown connection-lost');
    expect(kindAndReason(await client.txn({}))).toBe('refused closed');
  });
});

describe('with a password', () => {
  test('a call has a token, and a new one when the old one is no longer taken', async () => {
    let tokens = 0;
    const used: unknown[] = [];
    const { url } = await server((stream) => {
      if (stream.path === METHODS.authenticate.path) {
        tokens += 1;
        stream.send(encode(METHODS.authenticate.response, { token: `t${tokens}` }));
        stream.end();
        return;
      }
      used.push(stream.headers['token']);
      if (stream.headers['token'] === 't1' && used.length > 1)
        stream.end(16, 'etcdserver: invalid auth token');
      else answerDone(stream);
    });
    const client = clientOf([url], { credentials: { username: 'u', password: 'p' } });
    expect(kindAndReason(await client.txn({}))).toBe('done');
    expect(kindAndReason(await client.txn({}))).toBe('done');
    expect(used).toEqual(['t1', 't1', 't2']);
  });

  test('that is wrong a call is refused, and does not try for ever', async () => {
    const { url, seen } = await server((stream) => stream.end(3, 'etcdserver: authentication failed'));
    const client = clientOf([url], { credentials: { username: 'u', password: 'wrong' } });
    expect(await client.txn({})).toMatchObject({ kind: 'refused', reason: 'invalid' });
    expect(seen.length).toBeLessThanOrEqual(2);
  });
});
