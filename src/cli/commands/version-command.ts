/**
 * `rollcall version`.
 */
import type { Command } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { packageVersion } from '../own-version.ts';

export const command: Command = {
  summary: 'Print the version',
  flags: [FORMAT_FLAG],
  isClient: false,
  examples: ['rollcall version', 'rollcall version -format=json'],
  run: async ({ flags, io }) => {
    const version = packageVersion();
    if (wantsJson(flags)) io.out(JSON.stringify({ Version: version, Node: process.version }, null, 2));
    else io.out(`rollcall v${version}\nNode ${process.version}`);
    return 0;
  },
};
