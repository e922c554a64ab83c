/**
 * Bodies that register services and checks: smaller than other bodies, and with a limit of checks.
 *
 * Each check becomes several rows and a timer, and all of a registration is done at once, so its size is time that
 * everybody else waits.
 */
import { AppError } from '../../model/errors.ts';
import type { Call } from '../call-and-reply.ts';
import type { HttpConfig, HttpParts } from '../http-parts.ts';
import { parseBody } from './json-body.ts';

/** `limits.registration_max_size`, as the limit of an operation's body. */
export const registrationMaxBytes = ({ registrationMaxBytes: bytes }: HttpConfig): number => bytes;

/** The longest list of checks in a document, under whatever spelling decoding would find it. */
function countChecks(body: unknown): number {
  if (typeof body !== 'object' || body === null) return 0;
  const lists = Object.entries(body).filter(
    ([key, value]) => key.toLowerCase() === 'checks' && Array.isArray(value),
  );
  return Math.max(0, ...lists.map(([, list]) => (list as readonly unknown[]).length));
}

/** The value of a registration's body. Throws as parseBody, and too_large for too many checks. */
export function registrationBody(call: Call, { config }: Pick<HttpParts, 'config'>): unknown {
  const body = parseBody(call.body);
  const count = countChecks(body);
  const max = config.registrationMaxChecks;
  if (count > max)
    throw new AppError('too_large', `Registration contains too many checks (${count} > ${max})`);
  return body;
}
