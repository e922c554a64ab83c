/**
 * What routes that write share: parameters that exclude each other, numbers.
 */
import { explainNumber } from '../../lib/go-text.ts';
import { AppError } from '../../model/errors.ts';
import type { Call, Query } from '../call-and-reply.ts';
import { has } from './query-values.ts';

const LARGEST_UINT64 = 2n ** 64n - 1n;

/** Whether a text is an unsigned 64-bit number. */
export function isUint64(text: string): boolean {
  return /^\d+$/.test(text) && BigInt(text) <= LARGEST_UINT64;
}

/** An unsigned 64-bit number as decimal text without leading zeros. Throws invalid_command. */
export function uint64(text: string): string {
  if (!isUint64(text)) throw new AppError('invalid_command', explainNumber('ParseUint', text));
  return BigInt(text).toString();
}

/** The parameters as a form would send them, by name. */
function encoded(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((each): [string, string] => [name, each]),
  );
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return new URLSearchParams(pairs).toString();
}

/** Refuse more than one of these parameters. */
export function requireOneOf({ query }: Call, ...names: readonly string[]): void {
  if (names.filter((name) => has(query, name)).length > 1)
    throw new AppError('bad_request', `Conflicting flags: ${encoded(query)}`);
}
