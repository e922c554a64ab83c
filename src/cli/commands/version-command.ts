/**
 * `rollcall version`.
 */
import type { Command } from '../command-spec.ts';
import { packageVersion } from '../own-version.ts';

export const command: Command = {
  summary: 'Print the version',
  flags: [{ name: 'format', value: 'pretty|json', doc: 'Form of the output.' }],
  isClient: false,
  examples: ['rollcall version', 'rollcall version -format=json'],
  run: async ({ flags, io }) => {
    const version = packageVersion();
    if (flags.text('format') === 'json')
      io.out(JSON.stringify({ Version: version, Node: process.version }, null, 2));
    else io.out(`rollcall v${version}\nNode ${process.version}`);
    return 0;
  },
};
