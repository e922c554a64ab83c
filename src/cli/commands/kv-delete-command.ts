/**
 * `rollcall kv delete`: removes a key, or all keys with a beginning.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { keyArgument, keyPath } from '../kv-entries.ts';

async function run({ flags, args, io, client }: CommandInput): Promise<number> {
  const isRecursive = flags.isOn('recurse');
  const key = isRecursive ? (args[0] ?? '') : keyArgument(args);
  const index = flags.integer('modify-index');
  if (flags.isOn('cas') && index === undefined)
    throw new AppError('bad_request', 'Must specify -modify-index with -cas!');
  if (flags.isOn('cas') && isRecursive)
    throw new AppError('bad_request', 'Cannot specify both -cas and -recurse!');
  const query = {
    recurse: isRecursive ? '' : undefined,
    cas: flags.isOn('cas') ? String(index) : undefined,
  };
  const body = await client().ok('DELETE', keyPath(key), { query });
  if (body.toString('utf8').trim() !== 'true')
    throw new AppError('conflict', `Error! Did not delete key ${key}: CAS failed`);
  io.out(isRecursive ? `Success! Deleted keys with prefix: ${key}` : `Success! Deleted key: ${key}`);
  return 0;
}

export const command: Command = {
  summary: 'Delete keys',
  args: 'KEY_OR_PREFIX',
  flags: [
    { name: 'cas', doc: 'Delete only if the key is at -modify-index.' },
    { name: 'modify-index', value: 'INDEX', doc: 'Index for -cas.' },
    { name: 'recurse', doc: 'Every key that begins like this.' },
  ],
  isClient: true,
  refusedAs: ({ flags, args: [key = ''] }) => {
    if (flags.isOn('recurse')) return `Error! Did not delete prefix ${key}`;
    return flags.isOn('cas') ? `Error! Did not delete key ${key}` : `Error deleting key ${key}`;
  },
  examples: ['rollcall kv delete app/db/url', 'rollcall kv delete -recurse app/'],
  run,
};
