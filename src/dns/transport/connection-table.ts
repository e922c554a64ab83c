/**
 * Who holds how many connections, and which one ends when there are too many: the longest idle one of the client that
 * holds most. So one client may take every free place, but keeps none that another one wants.
 *
 * A client is an IPv4 address or an IPv6 network of 64 bits, which is what one machine can have.
 */
import { parseIp } from '../../lib/ip.ts';

const NETWORK_BYTES = 8;

function clientOf(address: string): string {
  const octets = parseIp(address);
  return octets?.length === 16 ? octets.subarray(0, NETWORK_BYTES).join('.') : address;
}

/** What a connection tells about itself. */
export interface Place {
  /** It is used at this moment. */
  use(): void;
  leave(): void;
}

export class Places<T> {
  /** By client, the longest idle connection first; values order all uses. */
  readonly #clients = new Map<string, Map<T, number>>();
  #size = 0;
  #uses = 0;

  get size(): number {
    return this.#size;
  }

  /** Take a place for a connection, whether there is one or not. */
  enter(address: string, connection: T): Place {
    const client = clientOf(address);
    const held = this.#clients.get(client) ?? new Map<T, number>();
    this.#clients.set(client, held);
    this.#size += 1;
    held.set(connection, ++this.#uses);
    return {
      use: () => {
        if (held.delete(connection)) held.set(connection, ++this.#uses);
      },
      leave: () => {
        this.#leave(connection, held);
        if (held.size === 0 && this.#clients.get(client) === held) this.#clients.delete(client);
      },
    };
  }

  /** Take the place away from the one that has to go; undefined when nobody has one. O(clients). */
  evict(): T | undefined {
    let chosen:
      | { readonly connection: T; readonly held: Map<T, number>; readonly usedAt: number }
      | undefined;
    for (const held of this.#clients.values()) {
      const [first] = held;
      if (first === undefined) continue;
      const [connection, usedAt] = first;
      const count = chosen?.held.size ?? 0;
      const isLonger = held.size === count && usedAt < (chosen?.usedAt ?? 0);
      if (held.size > count || isLonger) chosen = { connection, held, usedAt };
    }
    if (chosen === undefined) return undefined;
    this.#leave(chosen.connection, chosen.held);
    return chosen.connection;
  }

  #leave(connection: T, held: Map<T, number>): void {
    if (held.delete(connection)) this.#size -= 1;
  }
}
