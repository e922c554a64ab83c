/**
 * For how long a certificate is made: from now on, so many days.
 */
import { systemClock } from '../lib/clock.ts';
import { AppError } from '../model/errors.ts';
import type { Flags } from './flags.ts';

const DAY_MS = 86_400_000;
/** What a certificate can say (RFC 5280 §4.1.2.5) without its year getting a fifth digit. */
const MAX_DAYS = 2_000_000;

export function validityOf(
  flags: Flags,
  defaultDays: number,
): { readonly notBefore: Date; readonly notAfter: Date } {
  const days = flags.integer('days') ?? defaultDays;
  if (days < 1 || days > MAX_DAYS)
    throw new AppError('bad_request', `invalid value "${days}" for flag -days: from 1 to ${MAX_DAYS}`);
  const now = systemClock.now();
  return { notBefore: new Date(now), notAfter: new Date(now + days * DAY_MS) };
}
