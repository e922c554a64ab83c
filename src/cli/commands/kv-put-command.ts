/**
 * `rollcall kv put`: writes a key, plainly, by check-and-set, or with a lock.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { dataOf, keyArgument, keyPath } from '../kv-entries.ts';

interface Mode {
  readonly query: Readonly<Record<string, string>>;
  readonly done: string;
  readonly refused: string;
}

function modeOf(flags: Flags, key: string): Mode {
  const session = flags.text('session');
  const isLocking = flags.isOn('acquire') || flags.isOn('release');
  if (isLocking && session === undefined)
    throw new AppError('bad_request', 'Error! Missing -session (required with -acquire and -release)');
  if (flags.isOn('acquire'))
    return {
      query: { acquire: session ?? '' },
      done: `Success! Lock acquired on: ${key}`,
      refused: 'Error! Did not acquire lock',
    };
  if (flags.isOn('release'))
    return {
      query: { release: session ?? '' },
      done: `Success! Lock released on: ${key}`,
      refused: 'Error! Did not release lock',
    };
  const done = `Success! Data written to: ${key}`;
  if (!flags.isOn('cas')) return { query: {}, done, refused: `Error! Did not write to ${key}` };
  const index = flags.integer('modify-index');
  if (index === undefined) throw new AppError('bad_request', 'Must specify -modify-index with -cas!');
  return { query: { cas: String(index) }, done, refused: `Error! Did not write to ${key}: CAS failed` };
}

function decodeBase64(data: Uint8Array): Uint8Array {
  const text = Buffer.from(data).toString('utf8').trim();
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw new AppError('bad_request', 'Error! Cannot base 64 decode data: illegal base64 data');
  return Buffer.from(text, 'base64');
}

async function run({ flags, args, io, client }: CommandInput): Promise<number> {
  const key = keyArgument(args);
  const data = await dataOf(args[1] ?? '', io);
  const mode = modeOf(flags, key);
  const body = await client().ok('PUT', keyPath(key), {
    query: { ...mode.query, flags: flags.text('flags') },
    body: flags.isOn('base64') ? decodeBase64(data) : data,
  });
  if (body.toString('utf8').trim() !== 'true') throw new AppError('conflict', mode.refused);
  io.out(mode.done);
  return 0;
}

export const command: Command = {
  summary: 'Write a key',
  args: 'KEY [VALUE|@FILE|-]',
  description:
    'Writes a key. The value is the argument, the content of a file (@FILE) or of standard input (-).',
  flags: [
    { name: 'acquire', doc: 'Take the lock of the key for -session.' },
    { name: 'release', doc: 'Give the lock of the key back.' },
    { name: 'session', value: 'ID', doc: 'Session for -acquire and -release.' },
    { name: 'base64', doc: 'The value is base64 and is stored decoded.' },
    { name: 'cas', doc: 'Write only if the key is at -modify-index (0: does not exist).' },
    { name: 'modify-index', value: 'INDEX', doc: 'Index for -cas.' },
    { name: 'flags', value: 'NUMBER', doc: 'Number to keep beside the value.' },
  ],
  isClient: true,
  refusedAs: ({ flags, args }) =>
    flags.isOn('cas') ? `Error! Did not write to ${args[0] ?? ''}` : 'Error! Failed writing data',
  examples: ['rollcall kv put app/db/url postgres://db', 'rollcall kv put app/cert @cert.pem'],
  run,
};
