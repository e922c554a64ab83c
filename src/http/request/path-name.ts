/**
 * The last part of a path as a name, refused when it is missing.
 */
import { AppError } from '../../model/errors.ts';
import type { Call } from '../call-and-reply.ts';

/** The rest of the path. Throws bad_request with `text` when there is none. */
export function restOfPath(call: Call, text: string): string {
  const name = call.params['*'] ?? '';
  if (name === '') throw new AppError('bad_request', text);
  return name;
}
