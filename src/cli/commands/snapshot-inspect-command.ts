/**
 * `rollcall snapshot inspect`: what a snapshot file holds.
 */
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';
import { inspectSnapshot, readSnapshotFile, type Tally } from '../snapshot-file.ts';

function renderTallies(what: string, tallies: readonly Tally[]): string {
  const rows = tallies.map(({ name, rows: count, bytes }) => [name, String(count), String(bytes)]);
  return renderTable([[what, 'Count', 'Size'], ...rows]);
}

async function run({ flags, args, io }: CommandInput): Promise<number> {
  const depth = flags.integer('kvdepth') ?? 2;
  const info = inspectSnapshot(readSnapshotFile(args[0]), depth, flags.text('kvfilter') ?? '');
  if (wantsJson(flags)) {
    io.out(JSON.stringify(info, null, 2));
    return 0;
  }
  const facts = [
    ['ID', info.id],
    ['Size', String(info.sizeBytes)],
    ['Index', String(info.index)],
    ['Term', String(info.term)],
    ['Version', String(info.version)],
  ];
  io.out(renderTable(facts.map(([name = '', value = '']) => [name.padEnd(11), value])));
  if (info.tables.length > 0) io.out(`\n${renderTallies('Type', info.tables)}`);
  if (flags.isOn('kvdetails')) io.out(`\n${renderTallies('Key Name', info.keys)}`);
  return 0;
}

export const command: Command = {
  summary: 'Show what a snapshot file holds',
  args: 'FILE',
  flags: [
    { name: 'kvdetails', doc: 'Sizes of keys too.' },
    { name: 'kvdepth', value: 'NUMBER', doc: 'Parts of keys that are told apart. Default 2.' },
    { name: 'kvfilter', value: 'PREFIX', doc: 'Only keys that begin like this.' },
    FORMAT_FLAG,
  ],
  isClient: false,
  examples: ['rollcall snapshot inspect -kvdetails backup.snap'],
  run,
};
