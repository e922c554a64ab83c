/**
 * `rollcall snapshot inspect`: what a snapshot file holds.
 */
import type { Command, CommandInput } from '../command.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';
import { inspectSnapshot, readSnapshotFile } from '../snapshot-file.ts';

async function run({ flags, args, io }: CommandInput): Promise<number> {
  const depth = flags.integer('kvdepth') ?? 2;
  const info = inspectSnapshot(readSnapshotFile(args[0]), depth, flags.text('kvfilter') ?? '');
  if (wantsJson(flags)) {
    io.out(JSON.stringify(info, null, 2));
    return 0;
  }
  const facts = [
    ['Size', String(info.sizeBytes)],
    ['Index', String(info.index)],
    ['Version', String(info.version)],
  ];
  io.out(renderTable(facts.map(([name = '', value = '']) => [name.padEnd(11), value])));
  const rows = info.tables.map(({ table, rows: count, bytes }) => [table, String(count), String(bytes)]);
  io.out(`\n${renderTable([['Type', 'Count', 'Size'], ...rows])}`);
  if (flags.isOn('kvdetails')) {
    const keys = info.keys.map(({ key, rows: count, bytes }) => [key, String(count), String(bytes)]);
    io.out(`\n${renderTable([['Key Name', 'Count', 'Size'], ...keys])}`);
  }
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
