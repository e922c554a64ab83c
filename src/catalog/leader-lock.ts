/**
 * What servers need of the store that they share, beside keeping rows: one of them leads, and all know who.
 *
 * The lock is held under a lease that its holder keeps alive. Every write is fenced by it (the store refuses a commit of
 * whoever does not hold it any more), so a holder that slept through its lease can do no harm, whatever its clock says;
 * and taking the lock from somebody who is alive after all costs a moment without writes, nothing else.
 */
import type { ModifyIndex } from '../model/types.ts';

/** A server as the others know it. */
export interface ServerRecord {
  /** Node id; lasting. */
  readonly id: string;
  readonly name: string;
  /** Where other agents reach it: an IP address and the port of `ports.server`. */
  readonly host: string;
  readonly port: number;
}

/** The lock, held. */
export interface Leadership {
  /** Rises with every change of leader. */
  readonly term: number;
  /** Newest index in the store when the lock was taken; nobody else can have written since. */
  readonly index: ModifyIndex;
  /** Aborts when the lock is lost, or when the lease may have run out: what is done after it counts for nothing. */
  readonly lost: AbortSignal;
  /**
   * Newest index in the store if the lock is held, both asked of the store at one moment; undefined when it is not held, or
   * the store does not say. It may be above that of the leader's own copy: followers can see a commit first.
   */
  confirm(): Promise<ModifyIndex | undefined>;
  /** Give it back, so that another can have it at once. Never rejects. */
  resign(): Promise<void>;
}

export interface LeaderLock {
  /** Resolves when this server holds the lock, however long that takes; undefined once `signal` aborts. Never rejects. */
  campaign(self: ServerRecord, signal: AbortSignal): Promise<Leadership | undefined>;
  /** Tell who holds the lock, now and whenever that changes; undefined while nobody does. */
  observe(listener: (leader: ServerRecord | undefined) => void): () => void;
  /** Take the lock away from a server that others cannot reach; nothing happens when it does not hold it. Never rejects. */
  challenge(leader: ServerRecord): Promise<void>;
}

/** The servers of the datacenter, whether they are up or not. */
export interface ServerDirectory {
  readonly servers: ReadonlyMap<string, ServerRecord>;
}
