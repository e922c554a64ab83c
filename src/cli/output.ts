/**
 * Which form of output a caller wants.
 */
import { AppError } from '../model/errors.ts';
import type { FlagSpec, Flags } from './flags.ts';

export const FORMAT_FLAG: FlagSpec = {
  name: 'format',
  value: 'pretty|json',
  doc: 'Form of the output; json is the answer of the API.',
};

/** Whether -format=json was given. Throws AppError for any other word than pretty or json. */
export function wantsJson(flags: Flags): boolean {
  const format = flags.text('format') ?? 'pretty';
  if (format !== 'pretty' && format !== 'json')
    throw new AppError('bad_request', `-format: must be pretty or json, not ${format}`);
  return format === 'json';
}
