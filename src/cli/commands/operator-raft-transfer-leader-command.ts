/**
 * `rollcall operator raft transfer-leader`: has another server lead, before this one is taken away for a while.
 */
import { AppError } from '../../model/errors.ts';
import { jsonOf } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { describeFailure } from '../describe-failure.ts';

/** The spelling is Consul's. */
const WHAT = 'Error transfering leadership: Failed to transfer leadership';

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const answer = await describeFailure(WHAT, () =>
    client().ok('POST', '/v1/operator/raft/transfer-leader', {
      query: { id: flags.text('id') || undefined },
    }),
  );
  if (!jsonOf<{ readonly Success: boolean }>(answer).Success) throw new AppError('invalid_command', WHAT);
  io.out('Success');
  return 0;
}

export const command: Command = {
  summary: 'Have another server lead',
  flags: [{ name: 'id', value: 'ID', doc: 'The server with this node id; otherwise any that is well.' }],
  isClient: true,
  examples: ['rollcall operator raft transfer-leader'],
  run,
};
