import { expect, it } from 'vitest';
import { AgentPlace } from '../../../src/cluster/agent-place.ts';
import { tellEveryMs } from '../../../src/cluster/measuring-rhythm.ts';
import { ServerPlaces } from '../../../src/cluster/server-places.ts';
import { type Coordinate, ORIGIN, secondsBetween } from '../../../src/lib/network-coordinate.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { CallEnd } from '../../../src/rpc/rpc-connection.ts';
import type { RpcCall, RpcMethod } from '../../../src/rpc/rpc-server.ts';
import { agentOn } from '../../support/cluster-rows.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** Where machines are: round trips are distances on a line, in ms. */
type Line = Readonly<Record<string, number>>;

async function ended(run: RpcMethod | undefined, request: unknown, from: string): Promise<CallEnd> {
  if (run === undefined) return { kind: 'refused', error: new AppError('unsupported', 'no such method') };
  try {
    return { kind: 'answered', value: await run(request, { peer: from } as unknown as RpcCall) };
  } catch (error) {
    return { kind: 'refused', error: error as AppError };
  }
}

/** Servers and one client agent that measure each other on a line. */
class World {
  readonly clock: ManualClock = manualClock();
  readonly written = new Map<string, Coordinate>();
  readonly refused: string[] = [];
  readonly servers = new Map<string, ServerPlaces>();
  readonly #line: Line;
  readonly #random = seededRandom(5);
  members = 5;

  constructor(line: Line, servers: readonly string[]) {
    this.#line = line;
    for (const name of servers) this.servers.set(name, this.#server(name, servers));
  }

  #rttMs(a: string, b: string): number {
    return Math.abs((this.#line[a] ?? 0) - (this.#line[b] ?? 0)) + 0.2;
  }

  #server(name: string, all: readonly string[]): ServerPlaces {
    const places = new ServerPlaces({
      self: { name },
      others: () =>
        all.filter((other) => other !== name).map((other) => ({ name: other, host: other, port: 1 })),
      call: ({ host }, _method, request) =>
        ended(this.servers.get(host)?.serverMethods().places, request, name),
      takeRoundTripMs: ({ host }) => this.#rttMs(name, host),
      written: (node) => this.written.get(node),
      agentOf: ({ peer }) => agentOn(peer as unknown as string),
      memberCount: () => this.members,
      batch: {
        note: (node, coordinate) => void this.written.set(node, coordinate),
        start: () => {},
        stop: () => {},
      },
      clock: this.clock,
      random: this.#random,
      onRefused: (what) => void this.refused.push(what),
    });
    places.start();
    return places;
  }

  client(name: string, attends: string): AgentPlace {
    const place = new AgentPlace({
      link: {
        isUp: true,
        server: attends,
        servers: [...this.servers.keys()].map((server) => ({ name: server, host: server, port: 1 })),
        takeRoundTripMs: () => this.#rttMs(name, attends),
        call: (method, request) =>
          ended(
            method === 'coordinate' ? this.servers.get(attends)?.agentMethods().coordinate : undefined,
            request,
            name,
          ),
      },
      dialTimeMs: async ({ host }) => this.#rttMs(name, host),
      clock: this.clock,
      random: this.#random,
      onRefused: (what) => void this.refused.push(what),
    });
    place.start();
    return place;
  }

  /** Estimated round trip in ms, from what was written. */
  estimate(a: string, b: string): number {
    return secondsBetween(this.written.get(a) ?? ORIGIN, this.written.get(b) ?? ORIGIN) * 1_000;
  }
}

it('servers and agents find places from what they measure, and the catalog is told', async () => {
  const world = new World({ s1: 0, s2: 20, s3: 40, c1: 1, c2: 39 }, ['s1', 's2', 's3']);
  world.client('c1', 's2');
  world.client('c2', 's1');
  await world.clock.advanceAndSettle(600_000);
  expect(world.refused).toEqual([]);
  expect(world.estimate('s1', 's3')).toBeCloseTo(40, -1);
  expect(world.estimate('c1', 's1')).toBeLessThan(6);
  expect(world.estimate('c1', 's3')).toBeGreaterThan(30);
  expect(world.estimate('c1', 'c2')).toBeGreaterThan(25);
});

it('what a client says of itself is its own, is looked at, and moves no server', async () => {
  const world = new World({ s1: 0 }, ['s1']);
  const { coordinate } = (world.servers.get('s1') as ServerPlaces).agentMethods();
  const call = { peer: 'liar' } as unknown as RpcCall;
  for (const odd of [{ ...ORIGIN, vec: [1] }, { ...ORIGIN, vec: [...ORIGIN.vec.slice(1), 1e9] }, 'x'])
    await expect(coordinate({ coordinate: odd }, call)).rejects.toBeInstanceOf(AppError);
  await coordinate({ coordinate: { ...ORIGIN, height: 9 }, node: 's1' }, call);
  expect([...world.written.keys()]).toEqual(['liar']);
  expect(world.servers.get('s1')?.lan.coordinate).toEqual(ORIGIN);
  expect(world.refused).toEqual(['coordinate', 'coordinate', 'coordinate']);
});

it('places are believed of servers that are there, and forgotten with them', async () => {
  const world = new World({ s1: 0, s2: 10 }, ['s1', 's2']);
  const one = world.servers.get('s1') as ServerPlaces;
  const places = { lan: ORIGIN, wan: ORIGIN };
  await one.serverMethods().places({ name: 'stranger', places }, {} as RpcCall);
  await one.serverMethods().places({ name: 's2', places }, {} as RpcCall);
  expect(one.wanPlaces().map(({ node }) => node)).toEqual(['s1', 's2']);
  await expect(one.serverMethods().places({ name: 's2', places: {} }, {} as RpcCall)).rejects.toThrow();
});

it('agents of a large datacenter tell their places less often, some 64 a second together', () => {
  expect([tellEveryMs(3), tellEveryMs(5_000), tellEveryMs(1e9)]).toEqual([15_000, 78_125, 3_600_000]);
});

it('who has been stopped measures no more', async () => {
  const world = new World({ s1: 0, s2: 10 }, ['s1', 's2']);
  const client = world.client('c1', 's1');
  await world.clock.advanceAndSettle(60_000);
  client.stop();
  for (const server of world.servers.values()) server.stop();
  await world.clock.advanceAndSettle(60_000);
  expect(world.clock.pendingCount()).toBe(0);
});
