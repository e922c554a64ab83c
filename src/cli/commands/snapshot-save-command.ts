/**
 * `rollcall snapshot save`: the whole catalog into a file, which is complete or not there.
 */
import fs from 'node:fs';
import { systemErrorText } from '../../lib/system-error.ts';
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { inspectSnapshot } from '../snapshot-file.ts';

async function run({ args, io, client }: CommandInput): Promise<number> {
  const [file] = args;
  if (file === undefined) throw new AppError('bad_request', 'Missing FILE argument');
  if (io.isTerminal) io.err('fetching the catalog …');
  const bytes = await client().ok('GET', '/v1/snapshot');
  const { index } = inspectSnapshot(bytes, 1, '');
  const part = `${file}.part`;
  try {
    fs.writeFileSync(part, bytes, { mode: 0o600, flush: true });
    fs.renameSync(part, file);
  } catch (cause) {
    fs.rmSync(part, { force: true });
    throw new AppError('bad_request', `Error writing snapshot file: ${file}: ${systemErrorText(cause)}`, {
      cause,
    });
  }
  io.out(`Saved and verified snapshot to index ${index}`);
  return 0;
}

export const command: Command = {
  summary: 'Save the catalog into a file',
  args: 'FILE',
  flags: [],
  isClient: true,
  refusedAs: 'Error saving snapshot',
  examples: ['rollcall snapshot save backup.snap'],
  run,
};
