/**
 * The other servers, to be called by their records: one connection to each, kept while it is used.
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

export class RpcPeers implements Peers {
  readonly #clock: Clock;
  readonly #identity: TlsIdentity | undefined;
  readonly #connections = new Map<string, RpcConnection>();

  constructor(clock: Clock, identity: TlsIdentity | undefined) {
    this.#clock = clock;
    this.#identity = identity;
  }

  call(to: RpcAddress, method: string, request: unknown, options: CallOptions): Promise<CallEnd> {
    return this.#connectionTo(to).call(method, request, options);
  }

  /** Close the connections to servers that are not in the directory any more. */
  keepOnly(servers: Iterable<RpcAddress>): void {
    const kept = new Set(Array.from(servers, addressOf));
    for (const [address, connection] of this.#connections) {
      if (kept.has(address)) continue;
      connection.close();
      this.#connections.delete(address);
    }
  }

  close(): void {
    this.keepOnly([]);
  }

  #connectionTo(server: RpcAddress): RpcConnection {
    const address = addressOf(server);
    const known = this.#connections.get(address);
    if (known !== undefined) return known;
    const { host, port } = server;
    const made = new RpcConnection({
      address: { host, port },
      identity: this.#identity,
      clock: this.#clock,
    });
    this.#connections.set(address, made);
    return made;
  }
}

const addressOf = ({ host, port }: RpcAddress): string => `${host} ${port}`;
