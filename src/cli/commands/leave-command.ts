/**
 * `rollcall leave`: the agent takes its node out of the catalog and ends.
 */
import type { Command } from '../command-spec.ts';

export const command: Command = {
  summary: 'Have the agent leave the cluster and end',
  flags: [],
  isClient: true,
  refusedAs: 'Error leaving',
  examples: ['rollcall leave'],
  run: async ({ io, client }) => {
    await client().ok('PUT', '/v1/agent/leave');
    io.out('Graceful leave complete');
    return 0;
  },
};
