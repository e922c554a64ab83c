/**
 * The side that is read: its flags, and the client that they make. The environment speaks of the side that is written to, and
 * must not send its token elsewhere.
 */
import { AppError } from '../../model/errors.ts';
import { Client } from '../client.ts';
import { type FlagSpec, Flags } from '../flags.ts';

/** Flags of the source, and the client's that they stand for. */
const MEANINGS: Readonly<Record<string, string>> = {
  from: 'http-addr',
  'from-token': 'token',
  'from-token-file': 'token-file',
  'from-datacenter': 'datacenter',
  'from-ca-file': 'ca-file',
  'from-client-cert': 'client-cert',
  'from-client-key': 'client-key',
};

export const SOURCE_FLAGS: readonly FlagSpec[] = [
  { name: 'from', value: 'ADDRESS', doc: 'Agent of the side to read, as -http-addr.' },
  { name: 'from-token', value: 'TOKEN', doc: 'Token for it.' },
  { name: 'from-token-file', value: 'FILE', doc: 'File that holds that token.' },
  { name: 'from-datacenter', value: 'NAME', doc: 'Datacenter to read; that of the agent when not given.' },
  { name: 'from-ca-file', value: 'FILE', doc: 'Certificate authority to trust for it.' },
  { name: 'from-client-cert', value: 'FILE', doc: 'Certificate to show to it.' },
  { name: 'from-client-key', value: 'FILE', doc: 'Key of that certificate.' },
];

/** Throws AppError when -from is missing or no address. */
export function sourceOf(flags: Flags): Client {
  if (flags.text('from') === undefined)
    throw new AppError('bad_request', 'Missing -from: the address of the agent to read from');
  const given = flags.given.flatMap(({ flag, value }) => {
    const name = MEANINGS[flag];
    return name === undefined ? [] : [{ flag: name, value }];
  });
  return new Client(new Flags(given), {});
}
