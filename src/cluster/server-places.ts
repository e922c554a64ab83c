/**
 * Where a server is in the network: among the servers of its datacenter, and among those of all datacenters.
 *
 * Servers of a datacenter tell each other where they are in both networks; the round trip is that of the heartbeats of
 * the connections that they have for it. Client agents are told where the servers are, and tell where they are
 * themselves, each for its own node. What they tell moves no server: a client may lie, and everybody measures servers.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import { type Coordinate, coordinateFault } from '../lib/network-coordinate.ts';
import type { Random } from '../lib/random.ts';
import { refuse } from '../model/errors.ts';
import type { CallEnd, CallOptions } from '../rpc/rpc-connection.ts';
import type { RpcCall, RpcMethod } from '../rpc/rpc-server.ts';
import type { AgentRecord, ServerPlace } from './agent-messages.ts';
import type { CoordinateBatch } from './coordinate-batch.ts';
import { MIN_TELL_MS, measureEveryMs, spread, tellEveryMs } from './measuring-rhythm.ts';
import { NetworkPlace, type RefusedMeasurement } from './network-place.ts';

const ANSWER_MS = 2_000;
/** Time in ms before a server tells its place for the first time: it has measured something by then. */
const FIRST_TOLD_MS = 10_000;

/** Where a server is in both networks. */
interface Places {
  readonly lan: Coordinate;
  readonly wan: Coordinate;
}

/** The answer to an agent that tells where it is. */
export interface PlacesAnswer {
  readonly servers: readonly { readonly name: string; readonly coordinate: Coordinate }[];
  /** Time in ms after which it shall tell again. */
  readonly tellMs: number;
  /** Where the catalog has it; null when it does not. */
  readonly own: Coordinate | null;
}

type Caller = (to: ServerPlace, method: string, request: unknown, options: CallOptions) => Promise<CallEnd>;

export interface ServerPlacesParts {
  readonly self: { readonly name: string };
  /** The other servers of this datacenter. */
  readonly others: () => readonly ServerPlace[];
  readonly call: Caller;
  readonly takeRoundTripMs: (to: ServerPlace) => number | undefined;
  /** What the catalog has of a node. */
  readonly written: (node: string) => Coordinate | undefined;
  /** Who attends on the connection of a call. Throws bad_request when nobody does. */
  readonly agentOf: (call: RpcCall) => AgentRecord;
  readonly memberCount: () => number;
  readonly batch: Pick<CoordinateBatch, 'note' | 'start' | 'stop'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly onRefused: (what: RefusedMeasurement) => void;
}

const isPlaces = (value: unknown): value is Places => {
  const { lan, wan } = (value ?? {}) as Partial<Record<keyof Places, unknown>>;
  return coordinateFault(lan) === undefined && coordinateFault(wan) === undefined;
};

export class ServerPlaces {
  readonly #parts: ServerPlacesParts;
  readonly lan: NetworkPlace;
  readonly wan: NetworkPlace;
  /** What the other servers have said, by name; only those that are there. */
  readonly #others = new Map<string, Places>();
  readonly #timers = new Set<Timer>();
  #isStopped = true;

  constructor(parts: ServerPlacesParts) {
    const random = (): number => parts.random.next();
    this.#parts = parts;
    this.lan = new NetworkPlace({ random, onRefused: parts.onRefused });
    this.wan = new NetworkPlace({ random, onRefused: parts.onRefused });
  }

  start(): void {
    const { batch, self, written } = this.#parts;
    this.#isStopped = false;
    this.lan.resume(written(self.name));
    batch.start();
    this.#repeat(measureEveryMs(MIN_TELL_MS, 0), () => this.#measure());
    this.#repeat(FIRST_TOLD_MS, async () => this.#tell());
  }

  stop(): void {
    this.#isStopped = true;
    this.#parts.batch.stop();
    for (const timer of this.#timers) timer.cancel();
  }

  /** Where the servers of this datacenter are among those of all, this one first; those that have said so. */
  wanPlaces(): readonly { readonly node: string; readonly coordinate: Coordinate }[] {
    const others = this.#present().map(([node, { wan }]) => ({ node, coordinate: wan }));
    return [{ node: this.#parts.self.name, coordinate: this.wan.coordinate }, ...others];
  }

  /** What other servers call. */
  serverMethods(): Readonly<Record<'places', RpcMethod>> {
    return {
      places: async (request) => {
        const { name, places } = (request ?? {}) as { name?: unknown; places?: unknown };
        if (!isPlaces(places)) return refuse('bad_request', 'these are no places');
        this.#learn(String(name), places);
        return this.#own();
      },
    };
  }

  /** What client agents call. */
  agentMethods(): Readonly<Record<'coordinate', RpcMethod>> {
    return { coordinate: async (request, call) => this.#hear(request, call) };
  }

  #hear(request: unknown, call: RpcCall): PlacesAnswer {
    const { agentOf, batch, memberCount, onRefused, written } = this.#parts;
    const { node } = agentOf(call);
    const { coordinate } = (request ?? {}) as { coordinate?: unknown };
    if (coordinate !== null && coordinate !== undefined) {
      const fault = coordinateFault(coordinate);
      if (fault !== undefined) {
        onRefused('coordinate');
        refuse('bad_request', fault);
      }
      batch.note(node.name, coordinate as Coordinate);
    }
    const others = this.#present().map(([name, { lan }]) => ({ name, coordinate: lan }));
    return {
      servers: [{ name: this.#parts.self.name, coordinate: this.lan.coordinate }, ...others],
      tellMs: tellEveryMs(memberCount()),
      own: written(node.name) ?? null,
    };
  }

  #own(): Places {
    return { lan: this.lan.coordinate, wan: this.wan.coordinate };
  }

  /** What is known of servers that are still there. */
  #present(): readonly (readonly [string, Places])[] {
    const names = new Set(this.#parts.others().map(({ name }) => name));
    for (const name of this.#others.keys()) if (!names.has(name)) this.#others.delete(name);
    return [...this.#others];
  }

  #learn(name: string, places: Places): void {
    if (this.#parts.others().some((other) => other.name === name)) this.#others.set(name, places);
  }

  #repeat(delayMs: number, step: () => Promise<number>): void {
    const timer = this.#parts.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      void step().then((nextMs) => {
        if (!this.#isStopped) this.#repeat(nextMs, step);
      });
    });
    this.#timers.add(timer);
  }

  /** Ask one other server where it is; how far that is the heartbeat of the connection has told. Never rejects. */
  async #measure(): Promise<number> {
    const { others, call, takeRoundTripMs, random, self } = this.#parts;
    const servers = others();
    const server = servers[random.below(Math.max(servers.length, 1))];
    if (server !== undefined) {
      const request = { name: self.name, places: this.#own() };
      const end = await call(server, 'places', request, { timeoutMs: ANSWER_MS });
      const roundTripMs = takeRoundTripMs(server);
      if (end.kind === 'answered') this.#take(server.name, end.value, roundTripMs);
    }
    return spread(measureEveryMs(MIN_TELL_MS, this.lan.measured), random.next());
  }

  #take(name: string, places: unknown, roundTripMs: number | undefined): void {
    if (!isPlaces(places)) {
      this.#parts.onRefused('coordinate');
      return;
    }
    this.#learn(name, places);
    if (roundTripMs === undefined) return;
    this.lan.take(name, roundTripMs, places.lan);
    this.wan.take(name, roundTripMs, places.wan);
  }

  #tell(): number {
    const { batch, self, random, memberCount } = this.#parts;
    batch.note(self.name, this.lan.coordinate);
    return spread(tellEveryMs(memberCount()), random.next());
  }
}
