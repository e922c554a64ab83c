/**
 * The agents that are connected to this server now, or were until a moment ago.
 *
 * An agent that has gone is remembered with the time at which it was heard last, so that the leader can tell silence
 * from a move to another server, and is forgotten after a minute. Bounded by the connections of the port.
 */
import type { Clock } from '../lib/clock.ts';
import { AppError } from '../model/errors.ts';
import type { AgentRecord } from './agent-messages.ts';

/** Time in ms for which an agent that has gone is remembered. */
const REMEMBER_MS = 60_000;

/**
 * Time in ms for which an agent whose server went is taken for heard: nothing was noticed of the agent itself, which now attends
 * another server. Thousands do so at once.
 */
export const REATTACH_MS = 5_000;

/** An agent and how it was seen last. */
export interface Sighting {
  readonly agent: AgentRecord;
  /** When it was heard last, on this server's monotonic clock; the present for one that is connected. */
  readonly heardMs: number;
  readonly isHere: boolean;
}

/** The connection of an agent, as far as presence is concerned. */
interface Connection {
  readonly heardMs: number;
}

interface Seen {
  readonly agent: AgentRecord;
  readonly connections: Set<Connection>;
  goneMs: number;
}

export class Presence {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();
  #onChange: (node: string) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Have `listener` told of nodes that came or went. */
  onChange(listener: (node: string) => void): void {
    this.#onChange = listener;
  }

  /** Agents that are connected. */
  get count(): number {
    let count = 0;
    for (const { connections } of this.#seen.values()) if (connections.size > 0) count += 1;
    return count;
  }

  /** An agent has connected; the result says that this connection has ended. Throws conflict for a name that is taken. */
  arrive(agent: AgentRecord, connection: Connection): () => void {
    const { name, id } = agent.node;
    const key = name.toLowerCase();
    const known = this.#seen.get(key);
    if (known !== undefined && known.connections.size > 0 && known.agent.node.id !== id)
      throw nameIsTaken(agent, known.agent);
    const connections = known?.agent.node.id === id ? known.connections : new Set<Connection>();
    connections.add(connection);
    this.#seen.set(key, { agent, connections, goneMs: 0 });
    this.#onChange(key);
    return () => {
      connections.delete(connection);
      const now = this.#seen.get(key);
      if (now?.connections !== connections || connections.size > 0) return;
      now.goneMs = connection.heardMs;
      this.#onChange(key);
    };
  }

  /** What is known of an agent by its node. */
  of(node: string): Sighting | undefined {
    const seen = this.#seen.get(node.toLowerCase());
    return seen && this.#sightingOf(seen);
  }

  /** Everybody who was seen lately. */
  *sightings(): Iterable<Sighting> {
    const nowMs = this.#clock.monotonic();
    for (const [key, seen] of this.#seen) {
      if (seen.connections.size === 0 && nowMs - seen.goneMs > REMEMBER_MS) this.#seen.delete(key);
      else yield this.#sightingOf(seen);
    }
  }

  #sightingOf({ agent, connections, goneMs }: Seen): Sighting {
    const isHere = connections.size > 0;
    return { agent, isHere, heardMs: isHere ? this.#clock.monotonic() : goneMs };
  }
}

/** The refusal of a second agent with the name of one that lives. */
export function nameIsTaken({ node }: AgentRecord, other: AgentRecord): AppError {
  return new AppError(
    'invalid_command',
    `node name ${JSON.stringify(node.name)} is taken by the agent ${other.node.id} at ${other.node.address}`,
  );
}
