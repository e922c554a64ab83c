/**
 * `rollcall kv get`: the value of a key, of all keys with a beginning, or the names of keys.
 */
import { AppError } from '../../model/errors.ts';
import { type Client, jsonOf, unexpected } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { bytesOf, type KvPair, keyArgument, keyPath } from '../kv-entries.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';

async function read<T>(client: Client, key: string, query: Record<string, string>): Promise<readonly T[]> {
  const answer = await client.request('GET', keyPath(key), { query });
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw unexpected(answer);
  return jsonOf<readonly T[]>(answer.body);
}

function shownValue(pair: KvPair, isBase64: boolean): string {
  return isBase64 ? (pair.Value ?? '') : bytesOf(pair).toString('utf8');
}

function detail(pair: KvPair, isBase64: boolean): string {
  return renderTable(
    [
      ['CreateIndex', String(pair.CreateIndex)],
      ['Flags', String(pair.Flags)],
      ['Key', pair.Key],
      ['LockIndex', String(pair.LockIndex)],
      ['ModifyIndex', String(pair.ModifyIndex)],
      ['Session', pair.Session || '-'],
      ['Value', shownValue(pair, isBase64)],
    ].map(([name = '', value = '']) => [name.padEnd(15), value]),
  );
}

async function listKeys(client: Client, key: string, { flags, io }: CommandInput): Promise<number> {
  const separator = flags.text('separator') ?? '/';
  const keys = await read<string>(client, key, { keys: '', separator });
  if (wantsJson(flags)) io.out(JSON.stringify(keys, null, 2));
  else if (keys.length > 0) io.out(keys.join('\n'));
  return 0;
}

async function listPairs(client: Client, key: string, { flags, io }: CommandInput): Promise<number> {
  const pairs = await read<KvPair>(client, key, { recurse: '' });
  const isBase64 = flags.isOn('base64');
  if (wantsJson(flags)) io.out(JSON.stringify(pairs, null, 2));
  else if (flags.isOn('detailed')) io.out(pairs.map((pair) => detail(pair, isBase64)).join('\n\n'));
  else if (pairs.length > 0)
    io.out(pairs.map((pair) => `${pair.Key}:${shownValue(pair, isBase64)}`).join('\n'));
  return 0;
}

async function run(input: CommandInput): Promise<number> {
  const { flags, args, io } = input;
  const client = input.client();
  const isList = flags.isOn('keys') || flags.isOn('recurse');
  const key = isList ? (args[0] ?? '') : keyArgument(args);
  if (flags.isOn('keys')) return listKeys(client, key, input);
  if (flags.isOn('recurse')) return listPairs(client, key, input);
  const [pair] = await read<KvPair>(client, key, {});
  if (pair === undefined) throw new AppError('not_found', `Error! No key exists at: ${key}`);
  if (wantsJson(flags)) io.out(JSON.stringify(pair, null, 2));
  else if (flags.isOn('detailed')) io.out(detail(pair, flags.isOn('base64')));
  else if (flags.isOn('base64')) io.out(pair.Value ?? '');
  else io.raw(Buffer.concat([bytesOf(pair), Buffer.from('\n')]));
  return 0;
}

export const command: Command = {
  summary: 'Read keys',
  args: '[KEY_OR_PREFIX]',
  flags: [
    { name: 'base64', doc: 'Show values as base64.' },
    { name: 'detailed', doc: 'Show indexes, flags and session too.' },
    { name: 'keys', doc: 'List names only.' },
    { name: 'recurse', doc: 'Every key that begins like this.' },
    { name: 'separator', value: 'TEXT', doc: 'With -keys: list up to this only. Default /.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  refusedAs: 'Error querying Consul agent',
  examples: ['rollcall kv get app/db/url', 'rollcall kv get -recurse app/', 'rollcall kv get -keys app/'],
  run,
};
