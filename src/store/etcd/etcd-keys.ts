/**
 * A few keys of etcd and how they change: all of them read, then watched from there, and read again when the watch ends.
 *
 * It ends when it is closed and never before: an etcd that does not answer, and a listener that throws at what it is told
 * (somebody may have written what nobody can read), are reasons to read again after a pause. For keys of which only the
 * present state matters; the catalog, of which nothing may be missed, has etcd-follow.ts.
 */
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { EtcdClient } from './etcd-client.ts';
import type { RangeResponse, WatchEvent } from './etcd-messages.ts';
import type { EtcdWatch } from './etcd-watch.ts';

/** Time in ms before keys are read again. */
const RETRY_MS = 250;

export interface KeyParts {
  readonly client: Pick<EtcdClient, 'range' | 'watch'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** Told of the keys. What it throws is logged, and everything is told again. */
export interface KeyListener {
  /** All that there are, in place of all that was told before. */
  onAll(keys: RangeResponse['kvs']): void;
  onEvents(events: readonly WatchEvent[]): void;
}

export interface KeyRange {
  readonly key: Buffer;
  /** The first key after them; empty for the one key. */
  readonly rangeEnd: Buffer;
  /** A watch that is silent for so long is asked whether it lives. */
  readonly idleMs: number;
}

class KeyFollow {
  readonly #parts: KeyParts;
  readonly #range: KeyRange;
  readonly #listener: KeyListener;
  #watch: EtcdWatch | undefined;
  #isClosed = false;
  /** The listener threw when it was last told something; said once. */
  #isThrowing = false;

  constructor(parts: KeyParts, range: KeyRange, listener: KeyListener) {
    this.#parts = parts;
    this.#range = range;
    this.#listener = listener;
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.cancel();
  }

  /** Never rejects. */
  async read(): Promise<void> {
    const { client, clock } = this.#parts;
    const { key, rangeEnd } = this.#range;
    while (!this.#isClosed) {
      const answer = await client.range({ key, rangeEnd });
      if (this.#isClosed) return;
      if (answer.kind === 'done' && this.#tell(() => this.#listener.onAll(answer.reply.kvs)))
        return this.#follow((answer.reply.header?.revision ?? 0) + 1);
      await sleep(clock, RETRY_MS);
    }
  }

  /** Whether the listener took it. */
  #tell(tell: () => void): boolean {
    try {
      tell();
      this.#isThrowing = false;
      return true;
    } catch (err) {
      const key = String(this.#range.key);
      if (!this.#isThrowing)
        this.#parts.log.warn({ err, key }, 'a key of etcd cannot be taken; reading it again');
      this.#isThrowing = true;
      return false;
    }
  }

  #follow(startRevision: number): void {
    if (this.#isClosed) return;
    const range = { ...this.#range, startRevision };
    const watch = this.#parts.client.watch(range, {
      onRevision: (_revision, events) => {
        if (this.#isClosed || this.#tell(() => this.#listener.onEvents(events))) return;
        watch.cancel();
        this.#again();
      },
      onEnd: () => this.#again(),
    });
    this.#watch = watch;
  }

  #again(): void {
    void sleep(this.#parts.clock, RETRY_MS).then(() => this.read());
  }
}

/** Tell `listener` of these keys until it is closed. */
export function followKeys(parts: KeyParts, range: KeyRange, listener: KeyListener): { close(): void } {
  const follow = new KeyFollow(parts, range, listener);
  void follow.read();
  return follow;
}
