/**
 * Memory by budget: so many octets for everybody together, and so many for one client.
 *
 * Whoever holds octets has a share. A share that grows beyond a limit first costs those their place that can be asked
 * to leave, the oldest first: of the same client when it is the client's limit, of all when it is everybody's. When
 * nobody can be, the growth is refused. A share that is alone is never refused, so a limit that is set below one large
 * request still lets that request through. Clients without an address (a UNIX socket) have no limit of their own.
 */

export interface BudgetLimits {
  readonly total: number;
  readonly perClient: number;
}

/** Octets that somebody holds. */
export interface Share {
  readonly bytes: number;
  /** Hold more (or, below 0, less); false when there is no room, and then nothing has changed. */
  grow(bytes: number): boolean;
  /** From now on the share may not be taken away. */
  keep(): void;
  /** Give everything back. A second time does nothing. */
  close(): void;
}

/** Told of what happens; for metrics. */
export interface BudgetEvents {
  onChange?(used: number): void;
  /** Somebody was refused, or lost what he held. */
  onRefused?(): void;
}

class Holder implements Share {
  readonly client: string;
  readonly #budget: Budget;
  bytes = 0;
  /** Ends whoever holds the share; undefined for one that stays. */
  evict: (() => void) | undefined;

  constructor(budget: Budget, client: string, evict: (() => void) | undefined) {
    this.#budget = budget;
    this.client = client;
    this.evict = evict;
  }

  grow(bytes: number): boolean {
    return this.#budget.grow(this, bytes);
  }

  keep(): void {
    this.evict = undefined;
  }

  close(): void {
    this.#budget.close(this);
  }
}

export class Budget {
  readonly #limits: BudgetLimits;
  readonly #events: BudgetEvents;
  /** In the order of their beginning. */
  readonly #holders = new Set<Holder>();
  readonly #perClient = new Map<string, number>();
  #used = 0;

  constructor(limits: BudgetLimits, events: BudgetEvents = {}) {
    this.#limits = limits;
    this.#events = events;
  }

  /** A share of nothing yet. `evict` is called when somebody else needs the room; the share is closed by then. */
  open(client: string, evict?: () => void): Share {
    const holder = new Holder(this, client, evict);
    this.#holders.add(holder);
    return holder;
  }

  /** For shares: see Share.grow. */
  grow(holder: Holder, bytes: number): boolean {
    if (!this.#holders.has(holder)) return false;
    if (bytes > 0 && !this.#hasRoom(holder, bytes) && !this.#makeRoom(holder, bytes)) {
      this.#events.onRefused?.();
      return false;
    }
    this.#add(holder, bytes);
    return true;
  }

  /** Whether there is room without anybody's leaving, as there is most of the time. */
  #hasRoom({ client }: Holder, bytes: number): boolean {
    const { total, perClient } = this.#limits;
    return (
      this.#used + bytes <= total &&
      (client === '' || (this.#perClient.get(client) ?? 0) + bytes <= perClient)
    );
  }

  #makeRoom(holder: Holder, bytes: number): boolean {
    const { client } = holder;
    const { total, perClient } = this.#limits;
    const ofClient = (): number => (this.#perClient.get(client) ?? 0) - holder.bytes;
    const ofAll = (): number => this.#used - holder.bytes;
    const wanted = holder.bytes + bytes;
    const fits = (others: () => number, limit: number): boolean =>
      others() === 0 || others() + wanted <= limit;
    for (const other of this.#holders) {
      const isClientFull = client !== '' && !fits(ofClient, perClient);
      if (!isClientFull && fits(ofAll, total)) return true;
      if (other === holder || other.evict === undefined || other.bytes === 0) continue;
      if (!isClientFull || other.client === client) this.#evict(other);
    }
    return (client === '' || fits(ofClient, perClient)) && fits(ofAll, total);
  }

  #evict(holder: Holder): void {
    const { evict } = holder;
    this.close(holder);
    this.#events.onRefused?.();
    evict?.();
  }

  /** For shares: see Share.close. */
  close(holder: Holder): void {
    if (!this.#holders.delete(holder)) return;
    this.#add(holder, -holder.bytes);
  }

  #add(holder: Holder, bytes: number): void {
    holder.bytes += bytes;
    this.#used += bytes;
    const left = (this.#perClient.get(holder.client) ?? 0) + bytes;
    if (left === 0) this.#perClient.delete(holder.client);
    else this.#perClient.set(holder.client, left);
    this.#events.onChange?.(this.#used);
  }
}
