/**
 * Which form of output a caller wants.
 */
import type { FlagSpec, Flags } from './flags.ts';

export const FORMAT_FLAG: FlagSpec = {
  name: 'format',
  value: 'pretty|json',
  choices: ['pretty', 'json'],
  doc: 'Form of the output; json is the answer of the API.',
};

/** Whether -format=json was given; the flag takes no other words. */
export function wantsJson(flags: Flags): boolean {
  return flags.text('format') === 'json';
}
