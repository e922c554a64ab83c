/**
 * User events on their way to all servers: the server that takes one sends it to every other server of the cluster.
 *
 * An event is sent once, and again only if it certainly did not arrive; nothing is kept for a server that is down, as
 * with Consul's gossip. A server that gets one twice recognizes it by its id (catalog/event.ts).
 */
import type { UserEvent } from '../catalog/event.ts';
import type { ServerDirectory, ServerRecord } from '../catalog/leader-lock.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { hasFields, isNumber, isText, type Shape } from '../lib/shape.ts';
import { AppError } from '../model/errors.ts';
import type { RpcMethod } from '../rpc/rpc-server.ts';
import type { Peers } from './peers.ts';

const CALL_TIMEOUT_MS = 2_000;
const MAX_TRIES = 3;
const TRY_AGAIN_MS = 500;

const isOctets: Shape = (value, path) =>
  value instanceof Uint8Array ? undefined : `${path} is not a string of octets`;

const isEvent = hasFields<UserEvent>({
  id: isText,
  name: isText,
  payload: isOctets,
  nodeFilter: isText,
  serviceFilter: isText,
  tagFilter: isText,
  lamportTime: isNumber,
});

export interface EventSpreadParts {
  readonly selfId: string;
  readonly directory: ServerDirectory;
  readonly peers: Peers;
  readonly clock: Clock;
}

export class EventSpread {
  readonly #parts: EventSpreadParts;
  readonly #listeners: ((event: UserEvent) => void)[] = [];

  constructor(parts: EventSpreadParts) {
    this.#parts = parts;
  }

  /** Have `listener` told of every event that another server spreads. */
  onEvent(listener: (event: UserEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** Tell all other servers. Returns at once. */
  spread(event: UserEvent): void {
    const { selfId, directory } = this.#parts;
    for (const server of directory.servers.values()) if (server.id !== selfId) void this.#tell(server, event);
  }

  /** What other servers tell this one. */
  methods(): Readonly<Record<string, RpcMethod>> {
    return {
      event: async (request) => {
        const fault = isEvent(request, 'event');
        if (fault !== undefined) throw new AppError('bad_request', fault);
        for (const listener of this.#listeners) listener(request as UserEvent);
        return true;
      },
    };
  }

  async #tell(server: ServerRecord, event: UserEvent): Promise<void> {
    const { peers, clock } = this.#parts;
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const end = await peers.call(server, 'event', event, { timeoutMs: CALL_TIMEOUT_MS });
      if (end.kind !== 'unsent') return;
      await sleep(clock, TRY_AGAIN_MS);
    }
  }
}
