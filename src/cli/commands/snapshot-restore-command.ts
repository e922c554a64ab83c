/**
 * `rollcall snapshot restore`: makes the catalog what a file says, all of it at once.
 */
import type { Command, CommandInput } from '../command-spec.ts';
import { inspectSnapshot, readSnapshotFile } from '../snapshot-file.ts';

async function run({ args, io, client }: CommandInput): Promise<number> {
  const bytes = readSnapshotFile(args[0]);
  inspectSnapshot(bytes, 1, '');
  if (io.isTerminal) io.err(`sending ${bytes.length} octets …`);
  await client().ok('PUT', '/v1/snapshot', { body: bytes });
  io.out('Restored snapshot');
  return 0;
}

export const command: Command = {
  summary: 'Restore the catalog from a file',
  args: 'FILE',
  description:
    'Replaces the catalog of the agent by what the file holds. The file is checked before anything changes.',
  flags: [],
  isClient: true,
  examples: ['rollcall snapshot restore backup.snap'],
  run,
};
