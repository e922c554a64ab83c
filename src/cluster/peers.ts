/**
 * Other servers, to be called by their records: one connection to each, kept while it is used. One that nobody has called
 * for a minute is closed when another one is made, so that addresses that others name do not pile up.
 */

import type { ServerRecord } from '../catalog/leader-lock.ts';
import type { Clock } from '../lib/clock.ts';
import { type CallEnd, type CallOptions, type RpcAddress, RpcConnection } from '../rpc/rpc-connection.ts';
import type { TlsIdentity } from '../rpc/tls-identity.ts';

/** How servers call each other; a simulation puts its own network here. */
export interface Peers {
  /** As RpcConnection.call. Never rejects. */
  call(to: ServerRecord, method: string, request: unknown, options: CallOptions): Promise<CallEnd>;
}

/** Time in ms after which a connection without a call may go. */
const IDLE_MS = 60_000;

interface Used {
  readonly connection: RpcConnection;
  calls: number;
  lastMs: number;
}

/** Peers of this datacenter, unless `To` says otherwise. */
export class RpcPeers<To extends RpcAddress = RpcAddress> {
  readonly #clock: Clock;
  readonly #identity: TlsIdentity | undefined;
  readonly #datacenterOf: (to: To) => string | undefined;
  readonly #connections = new Map<string, Used>();

  /** `datacenterOf` says where a server has to be by its certificate; without it all are of the own datacenter. */
  constructor(
    clock: Clock,
    identity: TlsIdentity | undefined,
    datacenterOf: (to: To) => string | undefined = () => undefined,
  ) {
    this.#clock = clock;
    this.#identity = identity;
    this.#datacenterOf = datacenterOf;
  }

  async call(to: To, method: string, request: unknown, options: CallOptions): Promise<CallEnd> {
    const used = this.#connectionTo(to);
    used.calls += 1;
    try {
      return await used.connection.call(method, request, options);
    } finally {
      used.calls -= 1;
      used.lastMs = this.#clock.monotonic();
    }
  }

  /** The newest round trip to a server that was called lately, in ms; undefined when none was measured since. */
  takeRoundTripMs(to: To): number | undefined {
    return this.#connections.get(this.#keyOf(to))?.connection.takeRoundTripMs();
  }

  /** Close the connections to servers that are not in the directory any more. */
  keepOnly(servers: Iterable<To>): void {
    const kept = new Set(Array.from(servers, (to) => this.#keyOf(to)));
    this.#closeWhere((_used, key) => !kept.has(key));
  }

  close(): void {
    this.keepOnly([]);
  }

  #closeWhere(isOver: (used: Used, key: string) => boolean): void {
    for (const [key, used] of this.#connections) {
      if (!isOver(used, key)) continue;
      used.connection.close();
      this.#connections.delete(key);
    }
  }

  #keyOf(to: To): string {
    return `${to.host} ${to.port} ${this.#datacenterOf(to) ?? ''}`;
  }

  #connectionTo(to: To): Used {
    const key = this.#keyOf(to);
    const known = this.#connections.get(key);
    if (known !== undefined) return known;
    const nowMs = this.#clock.monotonic();
    this.#closeWhere(({ calls, lastMs }) => calls === 0 && nowMs - lastMs > IDLE_MS);
    const { host, port } = to;
    const connection = new RpcConnection({
      address: { host, port },
      identity: this.#identity,
      datacenter: this.#datacenterOf(to),
      clock: this.#clock,
    });
    const made = { connection, calls: 0, lastMs: nowMs };
    this.#connections.set(key, made);
    return made;
  }
}
