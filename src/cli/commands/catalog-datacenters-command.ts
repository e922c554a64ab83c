/**
 * `rollcall catalog datacenters`.
 */
import type { Command } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

export const command: Command = {
  summary: 'List the datacenters',
  flags: [FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall catalog datacenters'],
  run: async ({ flags, io, client }) => {
    const names = await client().get<readonly string[]>('/v1/catalog/datacenters');
    io.out(wantsJson(flags) ? JSON.stringify(names, null, 2) : names.join('\n'));
    return 0;
  },
};
