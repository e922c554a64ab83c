/**
 * The parameters of both maintenance routes.
 */
import { parseBoolean } from '../../lib/boolean.ts';
import { AppError } from '../../model/errors.ts';
import type { Call } from '../call-and-reply.ts';
import { first } from './query-values.ts';

/** What `enable` and `reason` ask for. Throws bad_request. */
export function maintenanceOf({ query }: Call): { readonly isOn: boolean; readonly reason: string } {
  const enable = first(query, 'enable');
  if (enable === undefined) throw new AppError('bad_request', 'Missing value for enable');
  const isOn = parseBoolean(enable);
  if (isOn === undefined)
    throw new AppError('bad_request', `Invalid value for enable: ${JSON.stringify(enable)}`);
  return { isOn, reason: first(query, 'reason') ?? '' };
}
