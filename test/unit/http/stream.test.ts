import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Authorizer } from '../../../src/http/access/right.ts';
import type { Call } from '../../../src/http/call-and-reply.ts';
import { Budget } from '../../../src/http/listen/budget.ts';
import { ROUTES } from '../../../src/http/server.ts';
import { EventStream } from '../../../src/http/stream/event-stream.ts';
import { StreamEvents } from '../../../src/http/stream/stream-events.ts';
import { type StreamTopic, streamTopics } from '../../../src/http/stream/stream-topics.ts';
import { Turns } from '../../../src/lib/fair-turns.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';

interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Following {
  /** The next event; comments are passed over. */
  next(): Promise<StreamEvent>;
  /** Rejects when the stream goes on. */
  ended(): Promise<void>;
  readonly status: number;
  text(): Promise<string>;
  close(): void;
}

const servers: TestServer[] = [];
const streams: Following[] = [];

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  for (const { app } of servers.splice(0)) await app.close();
});

async function listening(...config: Parameters<typeof startHttp>): Promise<TestServer & { url: string }> {
  const server = await startHttp(...config);
  servers.push(server);
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  return { ...server, url };
}

function parse(block: string): StreamEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  const event = fields.get('event');
  if (event === undefined) return undefined;
  return { event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? '{}') as StreamEvent['data'] };
}

async function follow(url: string, query: string, headers: Record<string, string> = {}): Promise<Following> {
  const controller = new AbortController();
  const response = await fetch(`${url}/v1/stream?${query}`, { headers, signal: controller.signal });
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  async function next(): Promise<StreamEvent> {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const event = parse(text.slice(0, end));
        text = text.slice(end + 2);
        if (event !== undefined) return event;
        continue;
      }
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) throw new Error('the stream has ended');
      text += decoder.decode(chunk.value, { stream: true });
    }
  }
  const following: Following = {
    next,
    status: response.status,
    ended: async () => {
      const chunk = await reader?.read();
      if (chunk !== undefined && !chunk.done) throw new Error(`more: ${decoder.decode(chunk.value)}`);
    },
    text: async () => {
      const chunk = await reader?.read();
      return decoder.decode(chunk?.value);
    },
    close: () => controller.abort(),
  };
  streams.push(following);
  return following;
}

/** What /v1/health/service answers, as an event has it. */
const ports = ({ data }: StreamEvent): readonly number[] =>
  (data['Value'] as { Service: { Port: number } }[]).map(({ Service }) => Service.Port);

const CALL = {
  headers: {},
  query: {},
  remoteAddress: '',
  isForwarded: false,
  isEncrypted: false,
  readOptions: { maxStaleMs: 0 },
  signal: () => new AbortController().signal,
} as unknown as Call;

/** A stream that nobody reads yet. */
async function unread(): Promise<{ server: TestServer; stream: EventStream; ends: boolean[] }> {
  const server = await startHttp();
  servers.push(server);
  const ends: boolean[] = [];
  const stream = new EventStream({
    http: server.parts,
    events: new StreamEvents(server.parts, ROUTES, new Turns(server.clock)),
    call: CALL,
    topics: streamTopics(['kv:app/']),
    isBare: false,
    share: new Budget({ total: 1_000_000, perClient: 1_000_000 }).open(''),
    onEnd: (wasCut) => ends.push(wasCut),
  });
  return { server, stream, ends };
}

async function readAll({ body }: EventStream): Promise<string> {
  let text = '';
  for await (const chunk of body) text += String(chunk);
  return text;
}

describe('a reader that does not read', () => {
  test('is cut after a while, and told why', async () => {
    const { server, stream, ends } = await unread();
    const running = stream.run({ missedSince: undefined });
    await delay(5);
    server.clock.advance(30_000);
    await running;
    expect(ends).toEqual([true]);
    expect(await readAll(stream)).toContain('events were not read in time');
  });

  test('is told of many changes as of one', async () => {
    const { server, stream } = await unread();
    void stream.run({ from: server.state.index });
    for (let i = 0; i < 50; i += 1) await server.put(`/v1/kv/app/${i}`, 'x');
    const reading = readAll(stream);
    await delay(20);
    stream.end('enough');
    const text = await reading;
    expect(text.match(/^event: change$/gm)?.length).toBeLessThan(5);
    expect(text).toContain('app/49');
  });
});

describe('/v1/stream', () => {
  test('begins with what is, and tells each change with the new value and what happened', async () => {
    const server = await listening();
    await server.put('/v1/agent/service/register', { Name: 'web', Port: 80 });
    const stream = await follow(server.url, 'topics=service:web');
    const snapshot = await stream.next();
    expect(snapshot).toMatchObject({ event: 'snapshot', data: { Topic: 'service:web' } });
    expect(ports(snapshot)).toEqual([80]);
    await server.put('/v1/agent/service/register', { Name: 'web', Port: 81 });
    const change = await stream.next();
    expect(change.event).toBe('change');
    expect(ports(change)).toEqual([81]);
    expect(change.data['Entries']).toMatchObject([
      { Action: 'changed', Before: { Port: 80 }, After: { Port: 81 } },
    ]);
    expect(Number(change.id)).toBe(change.data['Index']);
    expect(Number(change.id)).toBeGreaterThan(Number(snapshot.id));
  });

  test('a key, a folder of keys and a list are topics; what others change is not told', async () => {
    const server = await listening();
    await server.put('/v1/kv/app/a', '1');
    const stream = await follow(server.url, 'topics=kv:app/,kv:app/a,nodes');
    const begun = [await stream.next(), await stream.next(), await stream.next()];
    expect(begun.map(({ data }) => data['Topic']).sort()).toEqual(['kv:app/', 'kv:app/a', 'nodes']);
    await server.put('/v1/kv/other', '1');
    await server.put('/v1/kv/app/b', '2');
    const change = await stream.next();
    expect(change.data).toMatchObject({
      Topic: 'kv:app/',
      Value: ['app/a', 'app/b'],
      Entries: [{ Action: 'created', Key: 'app/b' }],
    });
  });

  test('of a folder of very many keys no more names are looked at than an event would have room for', async () => {
    const server = await startHttp();
    servers.push(server);
    let looked = 0;
    const names = new Proxy(
      Array.from({ length: 100_000 }, (_, i) => `app/key-${i}`),
      {
        get: (keys, at) => {
          looked += 1;
          return Reflect.get(keys, at) as unknown;
        },
      },
    );
    const kv = { ...server.state.view.kv, keysWithPrefix: () => names };
    const parts = {
      ...server.parts,
      state: { ...server.state, view: { ...server.state.view, kv } } as never,
    };
    const [topic] = streamTopics(['kv:app/']) as [StreamTopic];
    const events = new StreamEvents(parts, ROUTES, new Turns(server.clock));
    const text = await events.event({ call: CALL, topic, index: 1, since: undefined });
    expect(text).toContain('"IsLarge":true');
    expect(looked).toBeLessThan(names.length);
  });

  test('who comes back with the last id gets what he missed, and nothing twice', async () => {
    const server = await listening();
    await server.put('/v1/kv/app/a', '1');
    const { id } = await (await follow(server.url, 'topics=kv:app/')).next();
    await server.put('/v1/kv/app/b', '2');
    await server.put('/v1/kv/app/c', '3');
    const again = await follow(server.url, 'topics=kv:app/', { 'Last-Event-ID': String(id) });
    const missed = await again.next();
    expect(missed).toMatchObject({ event: 'change', data: { Value: ['app/a', 'app/b', 'app/c'] } });
    expect((missed.data['Entries'] as { Key: string }[]).map(({ Key }) => Key)).toEqual(['app/c', 'app/b']);
    const third = await follow(server.url, `topics=kv:app/&last-event-id=${missed.id}`);
    await server.put('/v1/kv/app/d', '4');
    expect((await third.next()).data['Entries']).toMatchObject([{ Key: 'app/d' }]);
  });

  test('a gap is said, and everything is told anew', async () => {
    const server = await listening();
    await server.put('/v1/kv/a', '1');
    const { id } = await (await follow(server.url, 'topics=kv:a')).next();
    await server.put('/v1/kv/a', '2');
    const { state } = server;
    const forgotten = [...state.view.history.values()].map(
      ({ key }) => ({ op: 'remove', table: 'history', key }) as const,
    );
    state.install(forgotten, state.index);
    for (const last of ['999999', String(id)]) {
      const stream = await follow(server.url, 'topics=kv:a', { 'Last-Event-ID': last });
      expect(await stream.next()).toMatchObject({ event: 'gap', data: { Since: Number(last) } });
      expect(await stream.next()).toMatchObject({ event: 'snapshot' });
    }
  });

  test('without values only says what changed at which index, to who may read it', async () => {
    const server = await listening();
    const stream = await follow(server.url, 'topics=kv:app/a,checks&values=false');
    const first = [await stream.next(), await stream.next()];
    expect(first.map(({ event }) => event)).toEqual(['snapshot', 'snapshot']);
    expect(first.map(({ data }) => Object.keys(data))).toEqual([
      ['Topic', 'Index'],
      ['Topic', 'Index'],
    ]);
    await server.put('/v1/kv/app/a', '1');
    expect(await stream.next()).toMatchObject({
      event: 'change',
      data: { Topic: 'kv:app/a', Index: server.state.index },
    });
    expect((await fetch(`${server.url}/v1/stream?topics=checks&values=some`)).status).toBe(400);
  });

  test('silence is broken by a comment', async () => {
    const server = await listening();
    const stream = await follow(server.url, 'topics=nodes');
    await stream.next();
    await delay(20);
    server.clock.advance(25_000);
    expect(await stream.text()).toBe(': still here\n\n');
  });

  test('what may not be read is not pushed', async () => {
    const reader: Authorizer = {
      isUnlimited: false,
      group: 'r',
      allows: ({ resource, name }) => resource === 'node' || (resource === 'service' && name === 'web'),
    };
    const server = await listening({}, { authorizerOf: () => reader });
    const stream = await follow(server.url, 'topics=kv:secret');
    expect(stream.status).toBe(403);
    const other = await follow(server.url, 'topics=service:db');
    expect((await other.next()).data['Value']).toEqual([]);
  });

  test.each([
    ['', 'Missing topics'],
    ['topics=nothing', 'Unknown topic "nothing"'],
    ['topics=service:', 'Unknown topic "service:"'],
    [`topics=${Array.from({ length: 65 }, (_, i) => `service:s${i}`).join(',')}`, 'up to 64 topics'],
  ])('refuses ?%s with a sentence', async (query, text) => {
    const server = await listening();
    const stream = await follow(server.url, query);
    expect(stream.status).toBe(400);
    expect(await stream.text()).toContain(text);
  });

  test('ends with a reason when the agent does', async () => {
    const server = await listening();
    const stream = await follow(server.url, 'topics=nodes');
    await stream.next();
    const closing = server.app.close();
    expect(await stream.next()).toMatchObject({ event: 'end', data: { Reason: 'the agent ends' } });
    await closing;
  });

  test('many streams of one topic are told by one read', async () => {
    const server = await listening();
    await server.put('/v1/agent/service/register', { Name: 'web', Port: 80 });
    const crowd = await Promise.all(
      Array.from({ length: 20 }, () => follow(server.url, 'topics=service:web')),
    );
    await Promise.all(crowd.map((stream) => stream.next()));
    let reads = 0;
    const by = server.state.view.services.by.bind(server.state.view.services);
    server.state.view.services.by = ((...args: Parameters<typeof by>) => {
      if (args[0] === 'name') reads += 1;
      return by(...args);
    }) as typeof by;
    await server.put('/v1/agent/service/register', { Name: 'web', Port: 81 });
    const told = await Promise.all(crowd.map((stream) => stream.next()));
    expect(told.every((event) => ports(event)[0] === 81)).toBe(true);
    expect(reads).toBeLessThan(5);
  });
});
