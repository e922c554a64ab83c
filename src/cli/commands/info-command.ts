/**
 * `rollcall info`: numbers about the agent for operators.
 */
import type { Command } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

type Stats = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function render(stats: Stats): string {
  return Object.keys(stats)
    .sort()
    .map((group) => {
      const rows = Object.entries(stats[group] ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
      return [`${group}:`, ...rows.map(([name, value]) => `\t${name} = ${String(value)}`)].join('\n');
    })
    .join('\n');
}

export const command: Command = {
  summary: 'Print numbers about the agent',
  flags: [FORMAT_FLAG],
  isClient: true,
  refusedAs: 'Error querying agent',
  examples: ['rollcall info'],
  run: async ({ flags, io, client }) => {
    const { Stats } = await client().get<{ readonly Stats: Stats }>('/v1/agent/self');
    io.out(wantsJson(flags) ? JSON.stringify(Stats, null, 2) : render(Stats));
    return 0;
  },
};
