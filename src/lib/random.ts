/**
 * Randomness as an argument, so that tests can seed it.
 *
 * Shuffles and jitter use the fast generator; identifiers that a client must not guess use the secure one.
 */
import { randomBytes, randomUUID } from 'node:crypto';

export interface Random {
  /** A float in [0, 1). Fast, not for secrets. */
  next(): number;
  /** An integer in [0, limit); `limit` from 1 to 2^31. Fast, not for secrets. */
  below(limit: number): number;
  /** A version 4 UUID from the system's secure source. */
  uuid(): string;
  /** `count` bytes from the system's secure source. */
  bytes(count: number): Uint8Array;
}

export const systemRandom: Random = {
  next: () => Math.random(),
  below: (limit) => Math.floor(Math.random() * limit),
  uuid: () => randomUUID(),
  bytes: (count) => randomBytes(count),
};
