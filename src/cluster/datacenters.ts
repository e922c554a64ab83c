/**
 * The other datacenters, as one server knows them: which servers they have, how far away they are, whether they answer.
 *
 * Servers of two datacenters meet by addresses and tell each other which servers they know; then each asks one server
 * of every other datacenter every three seconds. A datacenter of which no server answers is not called for anybody
 * until it is heard again, so that its loss costs each caller one bounded wait at most. The number of servers that are
 * remembered is bounded.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Coordinate } from '../lib/network-coordinate.ts';
import { hasFields, isListOf, isNumber, isText } from '../lib/shape.ts';
import { AppError, refuse } from '../model/errors.ts';
import type { CallEnd, CallOptions, FarAddress, RpcAddress } from '../rpc/rpc-connection.ts';
import type { RpcMethod } from '../rpc/rpc-server.ts';
import { ANY_DATACENTER } from '../rpc/tls-identity.ts';
import type { AgentRecord } from './agent-messages.ts';
import { isAgentRecord } from './member.ts';

/** Time in ms between two questions to each datacenter. */
const ASK_MS = 3_000;
const ANSWER_MS = 2_000;
/** Pause in ms between two tries to join, while it is likely that others are just starting. */
const SOON_MS = 1_000;
const EAGER_MS = 60_000;
/** A server that nobody has named for so long is forgotten, ms. */
const FORGET_MS = 72 * 3_600_000;
/** Of all datacenters together: who names servers may not choose how many. */
const MAX_SERVERS = 512;
/** Servers of a datacenter that are asked at once when the one whose turn it is does not answer. */
const MAX_ASKED_AT_ONCE = 8;
/** Time in ms after which a caller is not kept waiting for another server of a datacenter, when one could not be reached. */
const TRY_OTHERS_MS = 1_000;
/** How much one measurement counts for the distance. */
const NEWEST_SHARE = 0.2;

/** A server of some datacenter, and where it is called from others. */
export interface WanServer {
  readonly agent: AgentRecord;
  readonly host: string;
  readonly port: number;
  /** Where it is among the servers of all datacenters, if it says so; to be looked at before it is used. */
  readonly coordinate?: Coordinate | undefined;
}

interface Introduction {
  /** Of who says it. */
  readonly datacenter: string;
  /** The servers of that datacenter, and those of others that it has spoken to. */
  readonly servers: readonly WanServer[];
}

const isIntroduction = hasFields<Introduction>({
  datacenter: isText,
  servers: isListOf(
    hasFields<Omit<WanServer, 'coordinate'>>({ agent: isAgentRecord, host: isText, port: isNumber }),
  ),
});

interface Known extends WanServer {
  readonly toldMs: number;
  /** Its own datacenter said so; others' words count until then, and are not passed on. */
  readonly isFirstHand: boolean;
}

interface Datacenter {
  readonly name: string;
  readonly servers: Map<string, Known>;
  /** Round trip in ms; Infinity until it was measured. */
  rttMs: number;
  /** Time that the first answer took, connection included, ms; counts until the round trip was measured. */
  guessMs: number;
  /** How often it was asked. */
  asked: number;
  asking: Promise<void> | undefined;
  isReached: boolean;
  /** The server that answered last. */
  lastId: string;
}

/** How servers of other datacenters are called. */
export interface FarPeers {
  /** Never rejects. */
  call(to: FarAddress, method: string, request: unknown, options: CallOptions): Promise<CallEnd>;
  /** The newest round trip to a server in ms; undefined when none was measured since. */
  takeRoundTripMs(to: FarAddress): number | undefined;
  /** Close the connections; a later call makes a new one. */
  close(): void;
}

export interface DatacentersParts {
  readonly own: string;
  /** The servers of the own datacenter, this one among them. */
  readonly servers: () => readonly WanServer[];
  readonly joinAddresses: () => Promise<readonly RpcAddress[]>;
  readonly retryMs: number;
  readonly peers: FarPeers;
  /** Told of each round trip that was measured, ms. */
  readonly onMeasured?: (server: WanServer, roundTripMs: number) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Infinity where nobody has answered yet. */
const distanceOf = ({ rttMs, guessMs }: Datacenter): number =>
  rttMs === Number.POSITIVE_INFINITY ? guessMs : rttMs;

const addressOf = ({ host, port, agent }: WanServer): FarAddress => ({
  host,
  port,
  datacenter: agent.datacenter,
});

export class Datacenters {
  readonly #parts: DatacentersParts;
  readonly #known = new Map<string, Datacenter>();
  readonly #timers = new Set<Timer>();
  #isStopped = true;
  #onKnown: () => void = () => {};
  #startedMs = 0;

  constructor(parts: DatacentersParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isStopped = false;
    this.#startedMs = this.#parts.clock.monotonic();
    this.#repeat(0, () => this.#join());
    this.#repeat(ASK_MS, () => this.#askAll());
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#parts.peers.close();
  }

  /** All datacenters, the own one first and the others by their distance. */
  names(): readonly string[] {
    const others = [...this.#known.values()].sort(
      (a, b) => distanceOf(a) - distanceOf(b) || (a.name < b.name ? -1 : 1),
    );
    return [this.#parts.own, ...others.map(({ name }) => name)];
  }

  /** Whether this is a datacenter that is known, other than the own one. */
  has(name: string): boolean {
    return this.#known.has(name.toLowerCase());
  }

  /** Servers of other datacenters. */
  servers(): readonly { readonly server: WanServer; readonly isReached: boolean }[] {
    return [...this.#known.values()].flatMap(({ servers, isReached }) =>
      Array.from(servers.values(), (server) => ({ server, isReached })),
    );
  }

  /** Have `listener` called when there is another datacenter. */
  onKnown(listener: () => void): void {
    this.#onKnown = listener;
  }

  /** Ask a server of another datacenter. Ends as unsent at once while none of it is reached. Never rejects. */
  async call(name: string, method: string, request: unknown, options: CallOptions): Promise<CallEnd> {
    const datacenter = this.#known.get(name.toLowerCase());
    if (datacenter === undefined || !datacenter.isReached)
      return { kind: 'unsent', why: `no server of ${name} is reached` };
    const { clock, peers } = this.#parts;
    const begunMs = clock.monotonic();
    let end: CallEnd = { kind: 'unsent', why: 'it has no servers' };
    for (const server of this.#inOrder(datacenter)) {
      end = await peers.call(addressOf(server), method, request, options);
      if (end.kind !== 'unsent') return end;
      if (clock.monotonic() - begunMs < TRY_OTHERS_MS) continue;
      void this.#ask(datacenter);
      return end;
    }
    this.#lost(datacenter);
    return end;
  }

  /** Meet the server at an address. Rejects with invalid_command when there is none, or one of this datacenter. */
  async join(address: RpcAddress): Promise<void> {
    const end = await this.#meet({ ...address, datacenter: ANY_DATACENTER });
    if (end.kind === 'refused') throw end.error;
    if (end.kind !== 'answered') throw new AppError('invalid_command', end.why);
  }

  methods(): Readonly<Record<'wan-meet', RpcMethod>> {
    return {
      'wan-meet': async (request, { peer }) => {
        const fault = isIntroduction(request, 'introduction');
        if (fault !== undefined) refuse('bad_request', fault);
        const introduction = request as Introduction;
        const { datacenter } = introduction;
        if (!peer.isServer(datacenter))
          refuse('forbidden', `Permission denied: your certificate is not that of a server of ${datacenter}`);
        this.#learn(introduction, datacenter);
        return this.#introduction();
      },
    };
  }

  #introduction(): Introduction {
    const { own, servers } = this.#parts;
    const others = [...this.#known.values()].flatMap((datacenter) => [...datacenter.servers.values()]);
    const told = others
      .filter(({ isFirstHand }) => isFirstHand)
      .map(({ agent, host, port, coordinate }) => ({ agent, host, port, coordinate }));
    return { datacenter: own, servers: [...servers(), ...told] };
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

  /** Meet the servers at the configured addresses, until one of another datacenter is known. */
  async #join(): Promise<number> {
    const { joinAddresses, retryMs, clock } = this.#parts;
    if (this.#known.size === 0)
      for (const address of await joinAddresses())
        await this.#meet({ ...address, datacenter: ANY_DATACENTER });
    const isEager = clock.monotonic() - this.#startedMs < EAGER_MS;
    return isEager ? Math.min(SOON_MS, retryMs) : retryMs;
  }

  async #meet(address: FarAddress): Promise<CallEnd> {
    const end = await this.#parts.peers.call(address, 'wan-meet', this.#introduction(), {
      timeoutMs: ANSWER_MS,
    });
    if (end.kind === 'answered' && isIntroduction(end.value, '') === undefined)
      this.#learn(end.value as Introduction, address.datacenter);
    return end;
  }

  async #askAll(): Promise<number> {
    await Promise.all(Array.from(this.#known.values(), (datacenter) => this.#ask(datacenter)));
    return ASK_MS;
  }

  /** Whoever wants it asked while that is under way, has it asked already. */
  #ask(datacenter: Datacenter): Promise<void> {
    datacenter.asking ??= this.#askInTurn(datacenter).finally(() => {
      datacenter.asking = undefined;
    });
    return datacenter.asking;
  }

  /** Ask one server, each in turn; when it does not answer some others at once, so that a loss is known soon. */
  async #askInTurn(datacenter: Datacenter): Promise<void> {
    const servers = [...datacenter.servers.values()];
    const turn = datacenter.asked % Math.max(servers.length, 1);
    datacenter.asked += 1;
    const [first, ...others] = [...servers.slice(turn), ...servers.slice(0, turn)];
    if (first !== undefined && (await this.#askServer(datacenter, first))) return;
    const answered = await Promise.all(
      others.slice(0, MAX_ASKED_AT_ONCE).map((server) => this.#askServer(datacenter, server)),
    );
    if (!answered.includes(true)) this.#lost(datacenter);
  }

  async #askServer(datacenter: Datacenter, server: WanServer): Promise<boolean> {
    const { clock, peers } = this.#parts;
    const address = addressOf(server);
    const askedMs = clock.monotonic();
    const end = await this.#meet(address);
    if (end.kind !== 'answered') return false;
    const heartbeatMs = peers.takeRoundTripMs(address);
    this.#reached(datacenter, server.agent.node.id);
    if (heartbeatMs !== undefined) this.#measured(datacenter, server.agent.node.id, heartbeatMs);
    else if (datacenter.rttMs === Number.POSITIVE_INFINITY) datacenter.guessMs = clock.monotonic() - askedMs;
    return true;
  }

  #reached(datacenter: Datacenter, id: string): void {
    if (!datacenter.isReached)
      this.#parts.log.info({ datacenter: datacenter.name }, 'a datacenter is reached');
    datacenter.isReached = true;
    datacenter.lastId = id;
  }

  #measured(datacenter: Datacenter, id: string, rttMs: number): void {
    const before = datacenter.rttMs;
    datacenter.rttMs =
      before === Number.POSITIVE_INFINITY ? rttMs : before * (1 - NEWEST_SHARE) + rttMs * NEWEST_SHARE;
    const server = datacenter.servers.get(id);
    if (server !== undefined) this.#parts.onMeasured?.(server, rttMs);
  }

  #lost(datacenter: Datacenter): void {
    if (datacenter.isReached)
      this.#parts.log.warn({ datacenter: datacenter.name }, 'no server of a datacenter answers');
    datacenter.isReached = false;
  }

  /** The server that answered last comes first. */
  #inOrder({ servers, lastId }: Datacenter): readonly WanServer[] {
    const last = servers.get(lastId);
    const others = [...servers.values()].filter(({ agent }) => agent.node.id !== lastId);
    return last === undefined ? others : [last, ...others];
  }

  /** `speaker` is the datacenter that the words are known to come from: of its own servers they replace all others'. */
  #learn({ servers }: Introduction, speaker: string): void {
    const toldMs = this.#parts.clock.monotonic();
    for (const { agent, host, port, coordinate } of servers) {
      const key = agent.datacenter.toLowerCase();
      if (key === this.#parts.own.toLowerCase()) continue;
      const isFirstHand = key === speaker.toLowerCase();
      const server: Known = { agent, host, port, coordinate, toldMs, isFirstHand };
      const known = this.#known.get(key);
      if (known === undefined) this.#welcome(key, server);
      else this.#note(known.servers, server);
    }
    for (const datacenter of this.#known.values())
      for (const [id, server] of datacenter.servers)
        if (toldMs - server.toldMs > FORGET_MS) datacenter.servers.delete(id);
  }

  #note(servers: Map<string, Known>, server: Known): void {
    const { id } = server.agent.node;
    const isNew = !servers.has(id);
    if (isNew ? this.#hasRoom() : server.isFirstHand) servers.set(id, server);
  }

  #hasRoom(): boolean {
    let count = 0;
    for (const { servers } of this.#known.values()) count += servers.size;
    return count < MAX_SERVERS;
  }

  /** A datacenter that was told of counts as reached until it turns out otherwise. */
  #welcome(key: string, server: Known): void {
    if (!this.#hasRoom()) return;
    const { datacenter: name, node } = server.agent;
    const datacenter: Datacenter = {
      name,
      servers: new Map([[node.id, server]]),
      rttMs: Number.POSITIVE_INFINITY,
      guessMs: Number.POSITIVE_INFINITY,
      asked: 0,
      asking: undefined,
      isReached: true,
      lastId: '',
    };
    this.#known.set(key, datacenter);
    this.#onKnown();
    this.#parts.log.info({ datacenter: name }, 'a datacenter is known now');
    if (!this.#isStopped) void this.#ask(datacenter);
  }
}
