/**
 * `rollcall snapshot restore`: makes the catalog what a file says, all of it at once.
 */
import { unexpected } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { inspectSnapshot, readSnapshotFile } from '../snapshot-file.ts';

async function run({ args, io, client }: CommandInput): Promise<number> {
  const bytes = readSnapshotFile(args[0]);
  inspectSnapshot(bytes, 1, '');
  if (io.isTerminal) io.err(`sending ${bytes.length} octets …`);
  const answer = await client().request('PUT', '/v1/snapshot', { body: bytes });
  if (answer.status !== 200) throw unexpected(answer);
  io.out('Restored snapshot');
  const notTaken = answer.headers['x-rollcall-not-taken'];
  if (notTaken !== undefined) io.err(`Not kept here, and left out: ${String(notTaken)}`);
  return 0;
}

export const command: Command = {
  summary: 'Restore the catalog from a file',
  args: 'FILE',
  description:
    'Replaces the catalog of the agent by what the file holds, whether rollcall or Consul wrote it. The file is checked before anything changes; what of a file of Consul is not kept here is named.',
  flags: [],
  isClient: true,
  refusedAs: 'Error restoring snapshot',
  examples: ['rollcall snapshot restore backup.snap'],
  run,
};
