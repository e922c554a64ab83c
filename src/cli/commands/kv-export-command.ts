/**
 * `rollcall kv export`: keys as JSON that `kv import` reads, Consul's format.
 */
import { jsonOf, unexpected } from '../client.ts';
import type { Command } from '../command-spec.ts';
import { type KvPair, keyPath } from '../kv-entries.ts';

export const command: Command = {
  summary: 'Print keys as JSON for kv import',
  args: '[PREFIX]',
  flags: [],
  isClient: true,
  refusedAs: 'Error querying Consul agent',
  examples: ['rollcall kv export app/ > app.json'],
  run: async ({ args, io, client }) => {
    const answer = await client().request('GET', keyPath(args[0] ?? ''), { query: { recurse: '' } });
    if (answer.status !== 200 && answer.status !== 404) throw unexpected(answer);
    const pairs = answer.status === 404 ? [] : jsonOf<readonly KvPair[]>(answer.body);
    const rows = pairs.map(({ Key, Flags, Value }) => ({ key: Key, flags: Flags, value: Value ?? '' }));
    io.out(JSON.stringify(rows, null, '\t'));
    return 0;
  },
};
