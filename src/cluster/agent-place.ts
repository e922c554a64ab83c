/**
 * Where a client agent is in the network: it measures the round trips to the servers, and tells its own one.
 *
 * To the server that it attends the heartbeat measures anyway; to the others now and then a connection that says nothing.
 * Where the servers are, the one that is attended knows, and says so whenever the agent tells where it is itself. An
 * agent that reaches one server only knows how far that is and not in which direction.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import type { Coordinate } from '../lib/network-coordinate.ts';
import type { Random } from '../lib/random.ts';
import { hasFields, isListOf, isNumber, isText, orNull } from '../lib/shape.ts';
import type { RpcAddress } from '../rpc/rpc-connection.ts';
import type { ServerPlace } from './agent-messages.ts';
import { MAX_TELL_MS, MIN_TELL_MS, measureEveryMs, spread } from './measuring-rhythm.ts';
import { NetworkPlace, type RefusedMeasurement } from './network-place.ts';
import type { ServerLink } from './server-link.ts';
import type { PlacesAnswer } from './server-places.ts';

const ANSWER_MS = 5_000;
/** Time in ms before an agent tells its place for the first time: it has measured something by then. */
const FIRST_TOLD_MS = 10_000;
/** Time in ms before it asks again for what it could not be told. */
const ASK_AGAIN_MS = 3_000;
/** Servers that are measured. */
const MAX_SERVERS = 32;

/** Coordinates are looked at when they are used. */
const isAnswer = hasFields<PlacesAnswer>({
  servers: isListOf(hasFields({ name: isText })),
  tellMs: isNumber,
  own: orNull(() => undefined),
});

export interface AgentPlaceParts {
  readonly link: Pick<ServerLink, 'call' | 'isUp' | 'server' | 'takeRoundTripMs'> & {
    readonly servers: readonly ServerPlace[];
  };
  /** As dialTimeMs. Never rejects. */
  readonly dialTimeMs: (to: RpcAddress) => Promise<number | undefined>;
  readonly clock: Clock;
  readonly random: Random;
  readonly onRefused: (what: RefusedMeasurement) => void;
}

export class AgentPlace {
  readonly #parts: AgentPlaceParts;
  readonly #place: NetworkPlace;
  readonly #timers = new Set<Timer>();
  #servers: ReadonlyMap<string, unknown> = new Map();
  #tellMs = MIN_TELL_MS;
  #isStopped = true;

  constructor(parts: AgentPlaceParts) {
    this.#parts = parts;
    const random = (): number => parts.random.next();
    this.#place = new NetworkPlace({ random, onRefused: parts.onRefused });
  }

  get coordinate(): Coordinate {
    return this.#place.coordinate;
  }

  start(): void {
    const { random } = this.#parts;
    this.#isStopped = false;
    this.#repeat(spread(ASK_AGAIN_MS, random.next()), () => this.#tell());
    this.#repeat(spread(ASK_AGAIN_MS, random.next()), () => this.#measure());
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
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

  /** Tell where this agent is, and be told where the servers are; resolves to when to do so again. Never rejects. */
  async #tell(): Promise<number> {
    const { link, random } = this.#parts;
    if (!link.isUp) return ASK_AGAIN_MS;
    const hasMeasured = this.#place.measured > 0;
    const request = { coordinate: hasMeasured ? this.#place.coordinate : null };
    const end = await link.call('coordinate', request, { timeoutMs: ANSWER_MS });
    if (end.kind !== 'answered' || isAnswer(end.value, 'answer') !== undefined)
      return spread(end.kind === 'unsent' ? ASK_AGAIN_MS : this.#tellMs, random.next());
    const { servers, tellMs, own } = end.value as PlacesAnswer;
    this.#servers = new Map(servers.slice(0, MAX_SERVERS).map(({ name, coordinate }) => [name, coordinate]));
    this.#tellMs = Math.min(Math.max(tellMs, MIN_TELL_MS), MAX_TELL_MS);
    this.#place.resume(own);
    return hasMeasured ? spread(this.#tellMs, random.next()) : FIRST_TOLD_MS;
  }

  /** Measure the way to one server; resolves to when to measure again. Never rejects. */
  async #measure(): Promise<number> {
    const { link, random, dialTimeMs } = this.#parts;
    const servers = link.servers.filter(({ name }) => this.#servers.has(name));
    const server = servers[random.below(Math.max(servers.length, 1))];
    if (link.isUp && server !== undefined) {
      const isAttended = server.name === link.server;
      const roundTripMs = isAttended ? link.takeRoundTripMs() : await dialTimeMs(server);
      if (roundTripMs !== undefined)
        this.#place.take(server.name, roundTripMs, this.#servers.get(server.name));
    }
    return spread(measureEveryMs(this.#tellMs, this.#place.measured), random.next());
  }
}
