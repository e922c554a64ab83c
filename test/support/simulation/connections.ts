/**
 * Connections between simulated agents, as TCP and rpc/ make them: in order, whole, and late, until they break.
 *
 * Nothing is lost within a connection. What is sent while the link is cut waits; what the network lost is sent again and
 * comes later; each end takes the other for gone after three seconds of silence. `repeatShare` of the commands are carried
 * out a second time a while later, as if somebody on the way had sent them twice.
 */
import type { ServerConnection } from '../../../src/cluster/server-link.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { CallEnd, CallOptions } from '../../../src/rpc/rpc-connection.ts';
import type { RpcCall, RpcPeer } from '../../../src/rpc/rpc-server.ts';
import type { Listener, Network } from './network.ts';
import type { Process } from './process.ts';

/** As rpc/heartbeat.ts and rpc/rpc-connection.ts have them. */
const HEARTBEAT_MS = 1_000;
const SILENCE_MS = 3_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** Time in ms until what was lost has been sent again, and until the network looks whether a link is back. */
const SENT_AGAIN_MS = 200;
/** Longest time in ms after which a command is repeated. */
const REPEATED_MS = 1_500;

const BROKEN: CallEnd = { kind: 'unknown', why: 'the connection broke' };

/** One direction of a connection. */
class Pipe {
  readonly #network: Network;
  readonly #from: Process;
  readonly #to: Process;
  readonly #queue: { readonly readyMs: number; readonly arrive: () => void }[] = [];
  #lastMs = 0;

  constructor(network: Network, from: Process, to: Process) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
  }

  send(arrive: () => void): void {
    const { clock, random, lossShare } = this.#network;
    const againMs = random.next() < lossShare ? SENT_AGAIN_MS : 0;
    this.#lastMs = Math.max(this.#lastMs, clock.monotonic() + this.#network.delayMs() + againMs);
    this.#queue.push({ readyMs: this.#lastMs, arrive });
    clock.after(this.#lastMs - clock.monotonic(), () => this.#pump());
  }

  /** Forget what is on its way. */
  clear(): void {
    this.#queue.length = 0;
  }

  #pump(): void {
    const { clock } = this.#network;
    const [first] = this.#queue;
    if (first === undefined || first.readyMs > clock.monotonic()) return;
    if (this.#network.isCut(this.#from.name, this.#to.name))
      return void clock.after(SENT_AGAIN_MS, () => this.#pump());
    this.#queue.shift();
    this.#to.deliver(first.arrive);
    this.#pump();
  }
}

/** Both ends of a connection that stands. */
class Session {
  readonly #network: Network;
  readonly #from: Process;
  readonly #listener: Listener;
  readonly #there: Pipe;
  readonly #back: Pipe;
  readonly #peer: RpcPeer;
  readonly #silent: () => number;
  readonly #gone = new AbortController();
  /** Calls that the caller waits for, and that the called one carries out. */
  readonly #asked = new Set<(end: CallEnd) => void>();
  #isOver = false;

  constructor(network: Network, from: Process, listener: Listener) {
    this.#network = network;
    this.#from = from;
    this.#listener = listener;
    const to = listener.process;
    this.#there = new Pipe(network, from, to);
    this.#back = new Pipe(network, to, from);
    const { heardMs } = this.#watch(to, from, () => this.#endThere());
    this.#silent = this.#watch(from, to, () => this.end()).silentMs;
    this.#peer = {
      remoteAddress: '',
      gone: this.#gone.signal,
      isServer: () => false,
      get heardMs() {
        return heardMs();
      },
      cut: () => this.#endThere(),
    };
    from.onDeath(() => this.#there.send(() => this.#overThere()));
    to.onDeath(() => this.#back.send(() => this.#overHere()));
  }

  get silentMs(): number {
    return this.#silent();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The caller ends the connection; the other end hears of it later. */
  end(): void {
    this.#overHere();
    this.#there.send(() => this.#overThere());
  }

  /** The network ends it, with all that is on its way. */
  reset(): void {
    this.#there.clear();
    this.#back.clear();
    this.#from.deliver(() => this.#overHere());
    this.#listener.process.deliver(() => this.#overThere());
  }

  call(method: string, request: unknown, options: CallOptions): Promise<CallEnd> {
    const { signal, timeoutMs } = options;
    const over = new AbortController();
    return new Promise((resolve) => {
      const end = (how: CallEnd): void => {
        if (!this.#asked.delete(end)) return;
        timer?.cancel();
        signal?.removeEventListener('abort', giveUp);
        resolve(how);
      };
      const giveUp = (): void => {
        if (!this.#asked.has(end)) return;
        end({ kind: 'unknown', why: 'given up' });
        this.#there.send(() => over.abort(new Error('given up')));
      };
      this.#asked.add(end);
      const timer = timeoutMs === undefined ? undefined : this.#from.clock.after(timeoutMs, giveUp);
      signal?.addEventListener('abort', giveUp, { once: true });
      const copy = structuredClone(request);
      this.#there.send(() => this.#serve({ method, request: copy, options, over, end }));
      if (method === 'command' && this.#network.random.next() < this.#network.repeatShare)
        this.#repeat({ method, request: copy });
    });
  }

  #repeat({ method, request }: Pick<Asked, 'method' | 'request'>): void {
    const { clock, random } = this.#network;
    const again: Asked = { method, request, options: {}, over: new AbortController(), end: () => {} };
    clock.after(random.below(REPEATED_MS), () => this.#there.send(() => this.#serve(again)));
  }

  #serve({ method, request, options, over, end }: Asked): void {
    if (this.#gone.signal.aborted || over.signal.aborted) return;
    this.#gone.signal.addEventListener('abort', () => over.abort(new Error('the connection broke')), {
      once: true,
      signal: over.signal,
    });
    const reply = (how: CallEnd): void => {
      if (over.signal.aborted) return;
      over.abort(new Error('answered'));
      this.#back.send(() => end(how));
    };
    const call: RpcCall = {
      peer: this.#peer,
      signal: over.signal,
      send: (message) => this.#sendBack(message, { options, over, end }),
    };
    const run = this.#listener.methods[method];
    if (run === undefined) throw new Error(`no method ${method}`);
    run(structuredClone(request), call).then(
      (value) => reply({ kind: 'answered', value: structuredClone(value ?? null) }),
      (error: unknown) => {
        if (error instanceof AppError) reply({ kind: 'refused', error });
        else if (!over.signal.aborted) this.#network.bugs.push(`${method}: ${String(error)}`);
      },
    );
  }

  /** Resolves now and then only when it has arrived, as where there is no more room. */
  #sendBack(
    message: unknown,
    { options, over, end }: Pick<Asked, 'options' | 'over' | 'end'>,
  ): Promise<void> {
    if (over.signal.aborted) return Promise.reject(over.signal.reason);
    const copy = structuredClone(message);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true });
    promise.catch(() => {}); // whoever waits hears it
    this.#back.send(() => {
      if (this.#asked.has(end)) void options.onMessage?.(copy);
      this.#listener.process.deliver(resolve);
    });
    if (this.#network.random.next() < 0.5) resolve();
    return promise;
  }

  #overHere(): void {
    this.#isOver = true;
    for (const end of [...this.#asked]) end(BROKEN);
  }

  #overThere(): void {
    if (!this.#gone.signal.aborted) this.#gone.abort(new Error('the connection broke'));
  }

  #endThere(): void {
    this.#overThere();
    this.#back.send(() => this.#overHere());
  }

  /** As rpc/heartbeat.ts: a stall of one's own is no silence of the other's. */
  #watch(self: Process, other: Process, onSilent: () => void): Heard {
    const { clock } = self;
    let heardMs = clock.monotonic();
    let silentSinceMs = heardMs;
    let dueMs = heardMs + HEARTBEAT_MS;
    const beat = (): void => {
      if (this.#isOver && this.#gone.signal.aborted) return;
      const nowMs = clock.monotonic();
      silentSinceMs += Math.max(nowMs - dueMs, 0);
      dueMs = nowMs + HEARTBEAT_MS;
      if (other.isRunning && !this.#network.isCut(self.name, other.name)) {
        heardMs = nowMs;
        silentSinceMs = nowMs;
      }
      if (nowMs - silentSinceMs >= SILENCE_MS) onSilent();
      else clock.after(HEARTBEAT_MS, beat);
    };
    clock.after(HEARTBEAT_MS, beat);
    const silentMs = (): number => clock.monotonic() - silentSinceMs - Math.max(clock.monotonic() - dueMs, 0);
    return { heardMs: () => heardMs, silentMs };
  }
}

/** How one end hears the other. */
interface Heard {
  readonly heardMs: () => number;
  readonly silentMs: () => number;
}

interface Asked {
  readonly method: string;
  readonly request: unknown;
  readonly options: CallOptions;
  readonly over: AbortController;
  readonly end: (how: CallEnd) => void;
}

/** What a process uses to reach others. */
export class Connections {
  readonly #network: Network;
  readonly #from: Process;
  readonly #sessions = new Set<Session>();

  constructor(network: Network, from: Process) {
    this.#network = network;
    this.#from = from;
  }

  /** A connection to whoever listens under a name. */
  connect(to: string): ServerConnection {
    let [dialled, isClosed]: [Promise<Session | string> | undefined, boolean] = [undefined, false];
    let session: Session | undefined;
    return {
      call: async (method, request, options = {}) => {
        if (options.signal?.aborted) return { kind: 'unsent', why: 'given up' };
        dialled ??= this.#dial(to);
        const found = await dialled;
        if (typeof found === 'string') dialled = undefined;
        if (typeof found === 'string' || isClosed || found.isOver)
          return { kind: 'unsent', why: typeof found === 'string' ? found : 'closed' };
        session = found;
        return found.call(method, request, options);
      },
      close: () => {
        isClosed = true;
        session?.end();
      },
      takeRoundTripMs: () => undefined,
      get silentMs() {
        return session?.silentMs ?? 0;
      },
    };
  }

  /** Break all that stand. */
  reset(): void {
    for (const session of this.#sessions) session.reset();
    this.#sessions.clear();
  }

  #dial(to: string): Promise<Session | string> {
    const network = this.#network;
    return new Promise((resolve) => {
      const end = (found: Session | string): void => this.#from.deliver(() => resolve(found));
      if (network.isCut(this.#from.name, to)) {
        this.#from.clock.after(CONNECT_TIMEOUT_MS, () => end('no connection within 2 s'));
        return;
      }
      network.clock.after(network.delayMs(), () => {
        const listener = network.listenerOf(to);
        if (listener === undefined || listener.process.isDead) return end('refused');
        if (this.#from.isDead) return;
        for (const each of this.#sessions) if (each.isOver) this.#sessions.delete(each);
        const session = new Session(network, this.#from, listener);
        this.#sessions.add(session);
        end(session);
      });
    });
  }
}
