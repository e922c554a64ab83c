/**
 * A client agent's connection to the servers: one at a time, chosen at random, and another one at once when it breaks.
 *
 * Over it the agent attends: while that call lasts, the server tells what the agent follows, and takes the agent for
 * alive. Every few minutes the agent moves to another server, so that new servers get their share, and at once when the
 * server falls silent; the new connection stands before the old one is closed. The list of servers comes from the servers;
 * the addresses to join are tried until one has answered, and again when no known server does.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import { sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { AppError } from '../model/errors.ts';
import type { CallEnd, CallOptions, RpcAddress, RpcConnection } from '../rpc/rpc-connection.ts';
import type { AgentRecord, AttendMessage, ServerPlace } from './agent-messages.ts';

/** Pause in ms after all servers were tried, while it is likely that one is just starting. */
const SOON_MS = 1_000;
/** How long that is likely in ms. */
const EAGER_MS = 60_000;
/** Time in ms that a server has to welcome an agent. Thousands may come at once, and who gives up early only comes again. */
const WELCOME_MS = 10_000;
const WELCOME_LOOK_MS = 500;
/** Time in ms with one server, and up to as much again at random. */
const STAY_MS = 120_000;
/**
 * Silence in ms after which another server is tried: soon enough that the leader, which takes an agent for failed after
 * three seconds, hears of it from the other server before. A pong is due every second.
 */
const SILENT_MS = 1_600;
/** Shortest time in ms between two looks at how long the server has been silent. */
const LOOK_MS = 100;
/** Time in ms that calls under way have when the agent has moved to another server. */
const LINGER_MS = 15_000;
/** Time in ms that a call waits for a connection that has just broken. */
const HOLD_MS = 1_500;

export type ServerConnection = Pick<RpcConnection, 'call' | 'close' | 'silentMs' | 'takeRoundTripMs'>;

export interface ServerLinkParts {
  readonly agent: () => AgentRecord;
  /** The secret of the agent's own token; '' for none, as when it is absent. */
  readonly token?: () => string;
  /** Addresses to join, names resolved. Never rejects. */
  readonly joinAddresses: () => Promise<readonly RpcAddress[]>;
  /** The servers that are known from before. */
  readonly remembered: readonly ServerPlace[];
  readonly onServers: (servers: readonly ServerPlace[]) => void;
  /** Pause in ms between two rounds over all addresses, once it is not likely any more that a server is just starting. */
  readonly retryMs: number;
  /** Rounds without success after which the agent gives up; 0 is never. */
  readonly maxRounds: number;
  readonly onGivenUp: () => void;
  /** A connection to a server, made with its first call. */
  readonly connect: (address: RpcAddress) => ServerConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** A server has taken this agent. Every connection begins with it. */
  readonly onWelcome: (welcome: Welcome) => void;
  /** No server is reached any more. */
  readonly onLost: () => void;
  readonly onMessage: (message: AttendMessage) => void;
}

/** One server that this agent attends. */
interface Attendance {
  readonly connection: ServerConnection;
  readonly address: RpcAddress;
  readonly welcome: Welcome;
  /** Attend no more; other calls go on. */
  readonly giveUp: () => void;
  /** Resolves when it has ended; never rejects. */
  readonly ended: Promise<CallEnd>;
}

export type Welcome = Extract<AttendMessage, { kind: 'welcome' }>;

const keyOf = ({ host, port }: RpcAddress): string => `${host} ${port}`;

export class ServerLink {
  readonly #parts: ServerLinkParts;
  readonly #stopping = new AbortController();
  readonly #waiting = new Set<() => void>();
  #servers: readonly ServerPlace[];
  #current: Attendance | undefined;
  #lostMs: number;
  #round = 0;
  #isStarted = false;
  /** Whether any server was ever reached: who was joined once is not given up. */
  #wasUp = false;
  #wakeEarly: () => void = () => {};
  #extra: readonly RpcAddress[] = [];
  #moving: Timer | undefined;

  constructor(parts: ServerLinkParts) {
    this.#parts = parts;
    this.#servers = parts.remembered;
    this.#lostMs = parts.clock.monotonic();
  }

  get isUp(): boolean {
    return this.#current !== undefined;
  }

  /** The server that is attended; undefined while none is. */
  get server(): string | undefined {
    return this.#current?.welcome.server;
  }

  /** The newest round trip to the server that is attended, in ms; undefined when none was measured since. */
  takeRoundTripMs(): number | undefined {
    return this.#current?.connection.takeRoundTripMs();
  }

  get servers(): readonly ServerPlace[] {
    return this.#servers;
  }

  /** Time in ms since a server was reached; 0 while one is. */
  get silentMs(): number {
    return this.isUp ? 0 : this.#parts.clock.monotonic() - this.#lostMs;
  }

  start(): void {
    this.#isStarted = true;
    this.#lostMs = this.#parts.clock.monotonic();
    void this.#run();
  }

  /** Give up the connection. Calls that wait end as unsent. */
  stop(): void {
    this.#stopping.abort();
    this.#moving?.cancel();
    this.#current?.connection.close();
    this.#wakeEarly();
    this.#wakeWaiting();
  }

  /** Try these addresses too, now. Resolves to whether a server is reached within `timeoutMs`. Never rejects. */
  async join(addresses: readonly RpcAddress[], timeoutMs: number): Promise<boolean> {
    if (this.isUp) return true;
    this.#extra = addresses;
    this.#wakeEarly();
    await this.#whenUp(timeoutMs);
    return this.isUp;
  }

  /** Ask the server; waits a moment for a connection that has just broken. Never rejects. */
  async call(method: string, request: unknown, options: CallOptions = {}): Promise<CallEnd> {
    if (this.#isStarted && !this.isUp && this.silentMs < HOLD_MS) await this.#whenUp(HOLD_MS - this.silentMs);
    const attendance = this.#current;
    if (attendance === undefined) return { kind: 'unsent', why: 'no server is reached' };
    return attendance.connection.call(method, request, options);
  }

  #whenUp(timeoutMs: number): Promise<void> {
    if (this.isUp || this.#stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const timer = this.#parts.clock.after(timeoutMs, end);
      this.#waiting.add(end);
    });
  }

  #wakeWaiting(): void {
    for (const end of [...this.#waiting]) end();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const attendance = await this.#reachAny(undefined);
      if (signal.aborted) {
        attendance?.connection.close();
        return;
      }
      if (attendance === undefined) {
        if (!(await this.#pause())) return;
        continue;
      }
      this.#round = 0;
      await this.#stay(attendance);
    }
  }

  /** Wait before the next round; false when there shall be none. */
  async #pause(): Promise<boolean> {
    const { clock, random, retryMs, maxRounds, onGivenUp, log } = this.#parts;
    this.#round += 1;
    if (maxRounds > 0 && this.#round >= maxRounds && !this.#wasUp) {
      onGivenUp();
      return false;
    }
    const isEager = this.silentMs < EAGER_MS;
    if (this.#round === 1 || !isEager)
      log.warn({ round: this.#round }, 'no server could be reached, trying again');
    await Promise.race([
      sleep(clock, (isEager ? Math.min(SOON_MS, retryMs) : retryMs) * (0.75 + random.next() / 2)),
      new Promise<void>((resolve) => {
        this.#wakeEarly = resolve;
      }),
    ]);
    return true;
  }

  /** Attend until it ends, moving on to other servers now and then. */
  async #stay(first: Attendance): Promise<void> {
    let attendance: Attendance | undefined = first;
    while (attendance !== undefined) {
      this.#current = attendance;
      this.#wasUp = true;
      this.#parts.onWelcome(attendance.welcome);
      this.#wakeWaiting();
      const next = await this.#endOrMove(attendance);
      this.#leave(attendance);
      attendance = next;
    }
    this.#current = undefined;
    this.#lostMs = this.#parts.clock.monotonic();
    if (this.#stopping.signal.aborted) return;
    this.#parts.log.warn({ server: first.welcome.server }, 'the connection to the server is lost');
    this.#parts.onLost();
  }

  /** What is under way with a server that was left may end; whatever is not done then is asked again by who needs it. */
  #leave({ connection, giveUp }: Attendance): void {
    giveUp();
    this.#parts.clock.after(LINGER_MS, () => connection.close());
  }

  /** Resolves to the next server when this agent has moved, or to undefined when the connection has ended. */
  #endOrMove(attendance: Attendance): Promise<Attendance | undefined> {
    const { clock } = this.#parts;
    const { connection } = attendance;
    const isSilent = (): boolean => connection.silentMs >= SILENT_MS;
    return new Promise((resolve) => {
      let isOver = false;
      const end = (next: Attendance | undefined): void => {
        if (isOver) return; // the timer is the next one's by now
        isOver = true;
        this.#moving?.cancel();
        resolve(next);
      };
      const move = async (isWanted: () => boolean): Promise<void> => {
        const next = await this.#reachOther(attendance);
        if (isOver || !isWanted()) next?.connection.close();
        else if (next !== undefined) end(next);
      };
      let stayUntilMs = clock.monotonic() + this.#stayMs();
      const look = async (): Promise<void> => {
        if (isSilent()) await move(isSilent);
        else if (clock.monotonic() >= stayUntilMs) {
          await move(() => true);
          stayUntilMs = clock.monotonic() + this.#stayMs();
        }
        if (!isOver) again();
      };
      const again = (): void => {
        const leftMs = Math.max(SILENT_MS - connection.silentMs, LOOK_MS);
        this.#moving = clock.after(leftMs, () => void look());
      };
      again();
      void attendance.ended.then(() => end(undefined));
    });
  }

  #stayMs(): number {
    return STAY_MS * (1 + this.#parts.random.next());
  }

  async #reachOther({ address }: Attendance): Promise<Attendance | undefined> {
    if (this.#servers.length < 2) return undefined;
    return this.#reachAny(address);
  }

  /** The servers in random order, then the addresses to join. */
  async #addresses(except: RpcAddress | undefined): Promise<readonly RpcAddress[]> {
    const { random, joinAddresses } = this.#parts;
    const known: readonly RpcAddress[] = this.#servers.map(({ host, port }) => ({ host, port }));
    const shuffled = known
      .map((address) => ({ address, order: random.next() }))
      .sort((a, b) => a.order - b.order)
      .map(({ address }) => address);
    const others = except === undefined ? [...this.#extra, ...(await joinAddresses())] : [];
    const all = new Map([...shuffled, ...others].map((address) => [keyOf(address), address]));
    if (except !== undefined) all.delete(keyOf(except));
    return [...all.values()];
  }

  async #reachAny(except: RpcAddress | undefined): Promise<Attendance | undefined> {
    for (const address of await this.#addresses(except)) {
      if (this.#stopping.signal.aborted) return undefined;
      const attendance = await this.#attend(address);
      if (attendance !== undefined) return attendance;
    }
    return undefined;
  }

  /** Have a server take this agent; undefined when it does not, or cannot be reached. */
  async #attend(address: RpcAddress): Promise<Attendance | undefined> {
    const { connect, clock, agent, token, log } = this.#parts;
    const connection = connect(address);
    const { promise: welcome, resolve } = Promise.withResolvers<Welcome | undefined>();
    const stopping = new AbortController();
    const onMessage = (message: unknown): void => {
      if (!stopping.signal.aborted) this.#take(message as AttendMessage, resolve);
    };
    const asked = { agent: agent(), token: token?.() ?? '' };
    const ended = connection.call('attend', asked, { onMessage, signal: stopping.signal });
    void ended.then((end) => {
      if (end.kind === 'refused') this.#sayRefusal(address, end.error);
      resolve(undefined);
    });
    const untilMs = clock.monotonic() + WELCOME_MS;
    const wait = (): Timer =>
      clock.after(WELCOME_LOOK_MS, () => {
        // A server that is only busy answers pings.
        if (clock.monotonic() >= untilMs || connection.silentMs >= SILENT_MS) resolve(undefined);
        else timer = wait();
      });
    let timer = wait();
    const welcomed = await welcome;
    timer.cancel();
    if (welcomed === undefined) {
      connection.close();
      return undefined;
    }
    const { server, whyNoMember } = welcomed;
    log.info({ server, address: `${address.host}:${address.port}` }, 'a server has taken this agent');
    if (whyNoMember !== undefined) log.warn({ why: whyNoMember }, 'this agent is no member yet');
    return { connection, address, welcome: welcomed, ended, giveUp: () => stopping.abort() };
  }

  #sayRefusal({ host, port }: RpcAddress, { message }: AppError): void {
    this.#parts.log.error({ address: `${host}:${port}`, why: message }, 'a server refused this agent');
  }

  #take(message: AttendMessage, onWelcome: (welcome: Welcome) => void): void {
    if (message.kind === 'welcome') onWelcome(message);
    else if (message.kind === 'servers') {
      this.#servers = message.servers;
      this.#parts.onServers(message.servers);
    } else this.#parts.onMessage(message);
  }
}

/** What somebody is told who needs a server while none is reached. */
export function noServers(): AppError {
  return new AppError('no_leader', 'No known Consul servers');
}
