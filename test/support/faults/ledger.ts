/**
 * What clients of a cluster were told, and what follows from it; pure, so that it can be shown to find what is wrong.
 *
 * Time is the order of the calls: what a client may still see is settled when it asks (`begin…`), and what everybody may
 * rely on from then on when it is told. An answer that never came says nothing, except that the change may be made.
 */

/** What a client knows of its write. */
export type Told = 'done' | 'not done' | 'unknown';

export class Ledger {
  readonly violations: string[] = [];
  readonly #floors = new Map<string, number>();
  readonly #kept = new Map<string, number>();
  readonly #holders = new Map<number, string>();
  #counted = 0;
  #uncertain = 0;
  /** Writes that were acknowledged. */
  acknowledged = 0;
  /** Reads that a claim was held against. */
  read = 0;

  /** What a reader who asks now must at least be shown of a register. */
  beginRead(register: string): number {
    return this.#floors.get(register) ?? 0;
  }

  /** A `?consistent` reader was shown `value`; it asked when the register was at `floor`. */
  endRead(register: string, { floor, value, where }: { floor: number; value: number; where: string }): void {
    this.read += 1;
    if (value < floor)
      this.violations.push(
        `${where} shows ${register} at ${value}; somebody was shown ${floor} before it was asked`,
      );
    this.#raise(register, value);
  }

  /** A register was written; it only rises. */
  wrote(register: string, value: number, told: Told): void {
    if (told !== 'done') return;
    this.acknowledged += 1;
    this.#raise(register, value);
  }

  /** A key that nobody else writes was put, once. */
  kept(key: string, value: number, told: Told): void {
    if (told !== 'done') return;
    this.acknowledged += 1;
    this.#kept.set(key, value);
  }

  /** The counter was raised by one. */
  counted(told: Told): void {
    if (told === 'done') {
      this.acknowledged += 1;
      this.#counted += 1;
    } else if (told === 'unknown') this.#uncertain += 1;
  }

  /** `session` holds a lock, under its number (`LockIndex`), which no other holder ever has. */
  held(lock: number, session: string): void {
    const other = this.#holders.get(lock);
    if (other !== undefined && other !== session)
      this.violations.push(`the lock has two holders under number ${lock}: ${other} and ${session}`);
    this.#holders.set(lock, session);
  }

  /** A reader was shown rows that are only ever written together. */
  whole(values: readonly number[], where: string): void {
    this.read += 1;
    const different = new Set(values);
    if (different.size > 1)
      this.violations.push(`${where} shows parts of writes ${[...different].join(', ')}`);
  }

  /** A write that only the holder can do was done; it was sent when `floor` (`beginRead('lock')`) was the newest holder. */
  guarded(lock: number, { floor, session }: { floor: number; session: string }): void {
    this.acknowledged += 1;
    if (lock < floor)
      this.violations.push(`${session} wrote as holder ${lock} when ${floor} held the lock already`);
    this.#raise('lock', lock);
  }

  /** Compare with what is there when everybody has stopped and everything has recovered. */
  settle(stored: {
    readonly registers: ReadonlyMap<string, number>;
    readonly kept: ReadonlyMap<string, number>;
    readonly counter: number;
    readonly where: string;
  }): void {
    const { where } = stored;
    for (const [register, floor] of this.#floors) {
      const value = stored.registers.get(register);
      if (register !== 'lock' && (value ?? 0) < floor)
        this.violations.push(`${where} ends with ${register} at ${value}, ${floor} was acknowledged`);
    }
    const lost = [...this.#kept].filter(([key, value]) => stored.kept.get(key) !== value).map(([key]) => key);
    if (lost.length > 0)
      this.violations.push(`${where} lost ${lost.length} acknowledged keys: ${lost.slice(0, 5).join(', ')}`);
    const most = this.#counted + this.#uncertain;
    if (stored.counter < this.#counted || stored.counter > most)
      this.violations.push(
        `${where} ends with the counter at ${stored.counter}: ${this.#counted} were acknowledged, ${this.#uncertain} are unknown`,
      );
  }

  #raise(register: string, value: number): void {
    if (value > (this.#floors.get(register) ?? 0)) this.#floors.set(register, value);
  }
}
