/** Servers that meet and begin a cluster: all alike, each in one only, whatever they know of each other. */
import { expect, test } from 'vitest';
import { Founding } from '../../../src/agent/cluster/founding.ts';
import type { FoundingRecord } from '../../../src/agent/cluster/founding-record.ts';
import { type Introduction, Meeting } from '../../../src/cluster/meeting.ts';
import { type Logger, silentLogger } from '../../../src/lib/logger.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { CallEnd, RpcAddress } from '../../../src/rpc/rpc-connection.ts';
import type { RpcCall, RpcMethod } from '../../../src/rpc/rpc-server.ts';
import type { MemberStart } from '../../../src/store/etcd/member-options.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';

interface Server {
  readonly founding: Founding;
  readonly said: string[];
  record: FoundingRecord | undefined;
  /** How it starts, once it knows. */
  start: MemberStart | undefined;
  isUp: boolean;
  run(): void;
}

interface Options {
  readonly expect?: number;
  readonly joins: readonly string[];
  readonly more?: Partial<Introduction>;
  readonly atStart?: readonly string[];
}

const hostOf = (id: string): string => `10.0.0.${id.charCodeAt(0)}`;
const address = (id: string): RpcAddress => ({ host: hostOf(id), port: 8300 });

function world() {
  const clock: ManualClock = manualClock();
  const servers = new Map<string, { server: Server; methods: Readonly<Record<string, RpcMethod>> }>();

  async function call(to: RpcAddress, method: string, request: unknown): Promise<CallEnd> {
    const there = servers.get(to.host);
    if (!there?.server.isUp) return { kind: 'unsent', why: 'connection refused' };
    const run = there.methods[method];
    try {
      if (run === undefined) throw new AppError('unsupported', `no ${method}`);
      return { kind: 'answered', value: await run(structuredClone(request), {} as RpcCall) };
    } catch (error) {
      return { kind: 'refused', error: error as AppError };
    }
  }

  function add(id: string, { expect: wanted = 3, joins, more, atStart = [] }: Options): Server {
    const said: string[] = [];
    const note = (_fields: object, text: string): void => void said.push(text);
    const log: Logger = { ...silentLogger, info: note, warn: note, error: note };
    const server: Server = {
      record: undefined,
      start: undefined,
      isUp: true,
      said,
      founding: undefined as never,
      run: () => {
        void server.founding.decide().then((start) => {
          server.start = start;
        });
      },
    };
    const introduce = (): Introduction => ({
      id,
      name: id,
      ...address(id),
      datacenter: 'dc1',
      expect: wanted,
      prefix: '/rollcall/dc1/',
      peerUrl: `http://${hostOf(id)}:2380`,
      cluster: server.record?.start === undefined ? null : server.record.first,
      ...more,
    });
    const meeting = new Meeting({ introduce, call }, []);
    const join = {
      atStart: atStart.map(address),
      again: joins.map(address),
      intervalMs: 30_000,
      maxTries: 0,
    };
    const record = {
      get: () => server.record,
      set: (next: FoundingRecord) => {
        server.record = next;
      },
    };
    const founding = new Founding({ meeting, introduce, join, call, record, clock, log });
    Object.assign(server, { founding });
    servers.set(hostOf(id), { server, methods: { ...meeting.methods(), ...founding.methods() } });
    return server;
  }
  return { clock, add };
}

const tokensOf = (servers: readonly Server[]) =>
  new Set(servers.flatMap(({ start }) => (start?.kind === 'first' ? [start.first.token] : [])));

test('three begin the same cluster, in whatever order they come', async () => {
  const { clock, add } = world();
  const servers = ['c', 'a', 'b'].map((id) => add(id, { joins: ['a', 'b', 'c'] }));
  for (const server of servers) {
    server.run();
    await clock.advanceAndSettle(1_500);
  }
  await clock.advanceAndSettle(2_000);
  expect(servers.every(({ start }) => start?.kind === 'first')).toBe(true);
  expect(tokensOf(servers).size).toBe(1);
});

test('of five that expect three and know each other in part, three begin one cluster and no two begin different ones', async () => {
  const { clock, add } = world();
  const knows = { a: ['b', 'c'], b: ['a'], c: ['d', 'e'], d: ['e', 'c'], e: ['c'] };
  const servers = Object.entries(knows).map(([id, joins]) => add(id, { joins }));
  for (const server of servers) server.run();
  await clock.advanceAndSettle(20_000);
  const began = servers.filter(({ start }) => start?.kind === 'first');
  expect([began.length, tokensOf(servers).size]).toEqual([3, 1]);
});

test('a server that has agreed to one list agrees to no other, also after a restart', async () => {
  const { clock, add } = world();
  const [a, b, d] = ['a', 'b', 'd'].map((id) => add(id, { joins: ['a', 'b', 'd'] })) as [
    Server,
    Server,
    Server,
  ];
  const elsewhere = { initialCluster: 'b=http://10.0.0.98:2380,x=http://10.0.0.1:2380', token: 'other' };
  b.record = { first: elsewhere, by: 'x' };
  for (const server of [a, b, d]) server.run();
  await clock.advanceAndSettle(15_000);
  expect([a.start, b.start, d.start]).toEqual([undefined, undefined, undefined]);
  expect(a.said.join('\n')).toContain('it has agreed to begin with others');
});

test('servers whose first one is gone for good say what to do, and begin with its successor when that was done', async () => {
  const { clock, add } = world();
  const knowing = { joins: ['a', 'b', 'c', 'd'] };
  const lost = {
    initialCluster: 'a=http://10.0.0.97:2380,b=http://10.0.0.98:2380,c=http://10.0.0.99:2380',
    token: 'lost',
  };
  const [b, c, d] = ['b', 'c', 'd'].map((id) => add(id, knowing)) as [Server, Server, Server];
  for (const server of [b, c]) server.record = { first: lost, by: 'a' };
  for (const server of [b, c, d]) server.run();
  await clock.advanceAndSettle(15_000);
  const remedy =
    'if server a, which asked for that, is gone for good, delete etcd/founding.json in its data directory and restart it';
  expect(b.said.join('\n')).toContain(
    `this server cannot begin the cluster: it has agreed to begin with others: ${lost.initialCluster}; ${remedy}`,
  );
  b.record = undefined;
  await clock.advanceAndSettle(15_000);
  expect(b.said.join('\n')).toContain(
    `c (10.0.0.99): it has agreed to begin with others: ${lost.initialCluster}; ${remedy}`,
  );
  c.record = undefined;
  await clock.advanceAndSettle(15_000);
  expect([b, c, d].every(({ start }) => start?.kind === 'first')).toBe(true);
});

test('says every ten seconds whom it waits for, and why', async () => {
  const { clock, add } = world();
  const a = add('a', { joins: ['a', 'b', 'c'] });
  add('b', { joins: [], expect: 5 });
  a.run();
  await clock.advanceAndSettle(25_000);
  expect(a.said).toHaveLength(3);
  expect(a.said[0]).toContain('server b at http://10.0.0.98:2380 expects 5 servers, this one 3');
});

test('ends when none of those to join at the start can be reached', async () => {
  const { add } = world();
  const a = add('a', { joins: [], atStart: ['z'] });
  await expect(a.founding.decide()).rejects.toThrow(
    'start_join (-join): no server could be reached: 10.0.0.122:8300: connection refused',
  );
});

test('finds out that its data is of another cluster than that of all who answer', async () => {
  const { add } = world();
  const a = add('a', { joins: ['b', 'c'] });
  const [mine, theirs] = [
    { initialCluster: '', token: 'mine' },
    { initialCluster: '', token: 'theirs' },
  ];
  a.record = { first: mine, by: 'a', start: { kind: 'first', first: mine } };
  expect(await a.founding.otherCluster()).toBe(undefined);
  add('b', { joins: [], more: { cluster: theirs } });
  expect((await a.founding.otherCluster())?.message).toContain(
    'the data of this server is of another cluster than that of b (10.0.0.98); give another -data-dir',
  );
  add('c', { joins: [], more: { cluster: mine } });
  expect(await a.founding.otherCluster()).toBe(undefined);
});
