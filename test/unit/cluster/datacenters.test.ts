import { expect, it } from 'vitest';
import { Datacenters, type WanServer } from '../../../src/cluster/datacenters.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { CallEnd, RpcAddress } from '../../../src/rpc/rpc-connection.ts';
import type { RpcCall } from '../../../src/rpc/rpc-server.ts';
import { agentOn } from '../../support/cluster-rows.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';

/** A call of a server that shows a certificate of this datacenter. */
const callOf = (datacenter: string) =>
  ({ peer: { isServer: (claimed?: string) => claimed === datacenter } }) as RpcCall;

const serverOf = (datacenter: string, name: string, host = name): WanServer => ({
  agent: { ...agentOn(name), datacenter },
  host,
  port: 8300,
});

/** Servers of several datacenters that reach each other by their names, unless they are down. */
class World {
  readonly clock: ManualClock = manualClock();
  readonly down = new Set<string>();
  /** Connections to these are never made; whoever tries gives up after two seconds. */
  readonly cutOff = new Set<string>();
  readonly measured: string[] = [];
  readonly #servers = new Map<string, Datacenters>();
  /** Round trips in ms from anywhere to a server. */
  readonly #rttMs = new Map<string, number>();
  readonly #connected = new Set<string>();
  asked = 0;

  add(name: string, datacenter: string, join: readonly string[] = [], rttMs = 1): Datacenters {
    const self = serverOf(datacenter, name);
    const made = new Datacenters({
      own: datacenter,
      servers: () => [self],
      joinAddresses: async () => join.map((host) => ({ host, port: 8300 })),
      retryMs: 30_000,
      onMeasured: ({ host }, ms) => void this.measured.push(`${name} ${host} ${ms}`),
      peers: {
        call: (to, method, request) => this.#call(datacenter, to, method, request),
        // The first call makes the connection, whose heartbeat measures.
        takeRoundTripMs: ({ host }) => {
          const key = `${name} ${host}`;
          const isConnected = this.#connected.has(key);
          this.#connected.add(key);
          return isConnected ? this.#rttMs.get(host) : undefined;
        },
        close: () => {},
      },
      clock: this.clock,
      log: silentLogger,
    });
    this.#servers.set(name, made);
    this.#rttMs.set(name, rttMs);
    made.start();
    return made;
  }

  async #call(from: string, { host }: RpcAddress, method: string, request: unknown): Promise<CallEnd> {
    this.asked += 1;
    const tookMs = this.cutOff.has(host) ? 2_000 : (this.#rttMs.get(host) ?? 0);
    await new Promise<void>((resolve) => this.clock.after(tookMs, resolve));
    if (this.cutOff.has(host)) return { kind: 'unsent', why: 'no connection within 2 s' };
    const server = this.#servers.get(host);
    if (server === undefined || this.down.has(host)) return { kind: 'unsent', why: 'refused' };
    if (method !== 'wan-meet') return { kind: 'answered', value: `${host} was asked ${method}` };
    try {
      return { kind: 'answered', value: await server.methods()['wan-meet'](request, callOf(from)) };
    } catch (error) {
      return { kind: 'refused', error: error as AppError };
    }
  }
}

it('datacenters that meet over one server know each other, nearest first', async () => {
  const world = new World();
  const one = world.add('s1', 'dc1');
  const two = world.add('t1', 'dc2', ['s1'], 20);
  const three = world.add('u1', 'dc3', ['s1'], 5);
  await world.clock.advanceAndSettle(10_000);
  expect(one.names()).toEqual(['dc1', 'dc3', 'dc2']);
  expect(two.names()).toEqual(['dc2', 'dc1', 'dc3']);
  expect(three.names()).toEqual(['dc3', 'dc1', 'dc2']);
  expect(
    await Promise.all([one.call('DC2', 'http', {}, {}), world.clock.advanceAndSettle(50)]),
  ).toContainEqual({
    kind: 'answered',
    value: 't1 was asked http',
  });
});

it('a datacenter of which nobody answers is not asked for anybody until it is heard again', async () => {
  const world = new World();
  const one = world.add('s1', 'dc1');
  world.add('t1', 'dc2', ['s1']);
  await world.clock.advanceAndSettle(5_000);
  world.down.add('t1');
  await world.clock.advanceAndSettle(5_000);
  const before = world.asked;
  expect(await one.call('dc2', 'http', {}, {})).toMatchObject({ kind: 'unsent' });
  expect(world.asked).toBe(before);
  expect(one.servers().map(({ isReached }) => isReached)).toEqual([false]);
  world.down.delete('t1');
  await world.clock.advanceAndSettle(5_000);
  expect(one.servers().map(({ isReached }) => isReached)).toEqual([true]);
});

it('joining an address where nobody is says why, and joining a server of the own datacenter adds nothing', async () => {
  const world = new World();
  const one = world.add('s1', 'dc1');
  world.add('s2', 'dc1');
  const joining = expect(one.join({ host: 'nobody', port: 8300 })).rejects.toThrow('refused');
  await world.clock.advanceAndSettle(100);
  await joining;
  const joined = one.join({ host: 's2', port: 8300 });
  await world.clock.advanceAndSettle(100);
  await joined;
  expect(one.names()).toEqual(['dc1']);
});

it('what is no introduction is refused', async () => {
  const world = new World();
  const meet = world.add('s1', 'dc1').methods()['wan-meet'];
  for (const nonsense of [null, {}, { servers: [] }, { datacenter: 'dc2', servers: [{ host: 'x' }] }])
    await expect(meet(nonsense, callOf('dc2'))).rejects.toBeInstanceOf(AppError);
});

const hostsOf = (datacenters: Datacenters): readonly string[] =>
  datacenters.servers().map(({ server }) => server.host);

it('who is not a server of the datacenter that it speaks for is refused, and nothing of it is believed', async () => {
  const one = new World().add('s1', 'dc1');
  const posing = { datacenter: 'dc2', servers: [serverOf('dc2', 't1')] };
  await expect(one.methods()['wan-meet'](posing, callOf('dc3'))).rejects.toMatchObject({ code: 'forbidden' });
  expect(one.names()).toEqual(['dc1']);
});

it('what others say of a server counts until its own datacenter speaks, and is not passed on', async () => {
  const one = new World().add('s1', 'dc1');
  const meet = one.methods()['wan-meet'];
  const say = (datacenter: string, host: string) =>
    meet({ datacenter, servers: [serverOf('dc2', 't1', host)] }, callOf(datacenter)) as Promise<{
      servers: readonly WanServer[];
    }>;
  const toldByOthers = await say('dc3', 'hearsay');
  expect([hostsOf(one), toldByOthers.servers.map(({ host }) => host)]).toEqual([['hearsay'], ['s1']]);
  const told = await say('dc2', 'own word');
  expect(told.servers.map(({ host }) => host)).toEqual(['s1', 'own word']);
  await say('dc3', 'hearsay');
  expect(hostsOf(one)).toEqual(['own word']);
});

it('a server that its own datacenter names no more is forgotten, though others go on about it', async () => {
  const world = new World();
  const one = world.add('s1', 'dc1');
  const meet = one.methods()['wan-meet'];
  const t1 = serverOf('dc2', 't1');
  await meet({ datacenter: 'dc2', servers: [t1, serverOf('dc2', 't2')] }, callOf('dc2'));
  one.stop();
  for (let hour = 0; hour <= 73; hour += 1) {
    await world.clock.advanceAndSettle(3_600_000);
    await meet({ datacenter: 'dc2', servers: [t1] }, callOf('dc2'));
    if (hour < 72) await meet({ datacenter: 'dc3', servers: [serverOf('dc2', 't2')] }, callOf('dc3'));
  }
  expect(hostsOf(one)).toEqual(['t1']);
});

it('who names servers does not choose how many are remembered', async () => {
  const one = new World().add('s1', 'dc1');
  const meet = one.methods()['wan-meet'];
  for (const datacenter of ['dc2', 'dc3'])
    await meet(
      {
        datacenter,
        servers: Array.from({ length: 400 }, (_, i) => serverOf(datacenter, `${datacenter}-${i}`)),
      },
      callOf(datacenter),
    );
  expect(one.servers()).toHaveLength(512);
});

it('servers of another datacenter are asked in turn, so that the way to each is measured', async () => {
  const world = new World();
  world.add('s1', 'dc1');
  world.add('t1', 'dc2', ['s1']);
  world.add('t2', 'dc2', ['s1']);
  await world.clock.advanceAndSettle(30_000);
  const last = world.measured.filter((each) => each.startsWith('s1 ')).slice(-4);
  expect([...last].sort()).toEqual(['s1 t1 1', 's1 t1 1', 's1 t2 1', 's1 t2 1']);
});

it('a datacenter that is cut off costs whoever asks the time of one server, and is known for lost soon', async () => {
  const world = new World();
  const one = world.add('s1', 'dc1');
  for (const name of ['t1', 't2', 't3']) {
    world.add(name, 'dc2', ['s1']);
  }
  await world.clock.advanceAndSettle(10_000);
  for (const name of ['t1', 't2', 't3']) world.cutOff.add(name);
  const begunMs = world.clock.monotonic();
  let endedMs = 0;
  void one.call('dc2', 'http', {}, {}).then(() => {
    endedMs = world.clock.monotonic();
  });
  await world.clock.advanceAndSettle(8_000);
  expect(endedMs - begunMs).toBeLessThanOrEqual(2_000);
  expect(one.servers().some(({ isReached }) => isReached)).toBe(false);
});

it('many who ask a datacenter that is cut off have it asked once', async () => {
  const world = new World();
  const one = world.add('s1', 'dc1');
  for (const name of ['t1', 't2', 't3']) world.add(name, 'dc2', ['s1']);
  await world.clock.advanceAndSettle(10_000);
  for (const name of ['t1', 't2', 't3']) world.cutOff.add(name);
  const before = world.asked;
  const callers = 200;
  for (let i = 0; i < callers; i += 1) void one.call('dc2', 'http', {}, {});
  await world.clock.advanceAndSettle(8_000);
  // Each caller has tried one server; beside that the datacenters asked each other as always.
  expect(world.asked - before).toBeLessThan(callers + 40);
});

it('how long it took to connect is no round trip: it counts for the order until there is one, and for no coordinate', async () => {
  const world = new World();
  const one = world.add('s1', 'dc1');
  world.add('t1', 'dc2', ['s1'], 20);
  world.add('u1', 'dc3', ['s1'], 5);
  await world.clock.advanceAndSettle(2_000);
  expect([one.names(), world.measured]).toEqual([['dc1', 'dc3', 'dc2'], []]);
  await world.clock.advanceAndSettle(10_000);
  expect(new Set(world.measured.filter((each) => each.startsWith('s1 ')))).toEqual(
    new Set(['s1 t1 20', 's1 u1 5']),
  );
});
