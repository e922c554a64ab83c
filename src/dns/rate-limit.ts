/**
 * Response rate limiting: so many replies a second over UDP to one network outside, and no more.
 *
 * A sender of forged packets makes us send to somebody else; what that one can be sent is bounded here. Of the replies
 * beyond, every `slip`-th goes out empty with TC, so that a real client in that network asks again over TCP, and the
 * others do not, as in BIND and NSD. Nearby clients (client-network.ts) are not limited. Networks are remembered up to a
 * number; the one that came first is forgotten first and begins anew, so a flood of networks costs no more memory.
 */
import type { Clock } from '../lib/clock.ts';
import { isNearby, networkOf } from './client-network.ts';

/** Networks that are remembered, some 150 octets each. */
const MAX_NETWORKS = 32_768;

export interface RateRule {
  /** Replies a second for one network; 0 is no limit. Also how many it may have at once. */
  readonly perSecond: number;
  /** One of so many replies beyond goes out with TC; 0 is none, 1 is all. */
  readonly slip: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
  refused: number;
}

export class RateLimit {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** What may be sent to this address now. */
  take(address: string, { perSecond, slip }: RateRule): 'reply' | 'slip' | 'nothing' {
    if (isNearby(address)) return 'reply';
    const bucket = this.#bucketOf(networkOf(address), perSecond);
    const nowMs = this.#clock.monotonic();
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1_000);
    bucket.atMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 'reply';
    }
    bucket.refused += 1;
    return slip > 0 && bucket.refused % slip === 0 ? 'slip' : 'nothing';
  }

  #bucketOf(network: string, perSecond: number): Bucket {
    const known = this.#buckets.get(network);
    if (known !== undefined) return known;
    if (this.#buckets.size >= MAX_NETWORKS) {
      for (const first of this.#buckets.keys()) {
        this.#buckets.delete(first);
        break;
      }
    }
    const bucket: Bucket = { tokens: perSecond, atMs: this.#clock.monotonic(), refused: 0 };
    this.#buckets.set(network, bucket);
    return bucket;
  }
}
