/**
 * `rollcall reload`: the agent reads its configuration again.
 */
import type { Command } from '../command.ts';

export const command: Command = {
  summary: 'Have the agent read its configuration again',
  description:
    'Has the agent read its configuration again and apply the difference. A configuration with a mistake changes nothing; the mistake is printed and the exit status is 1.',
  flags: [],
  isClient: true,
  examples: ['rollcall reload'],
  run: async ({ io, client }) => {
    await client().ok('PUT', '/v1/agent/reload');
    io.out('Configuration reload triggered');
    return 0;
  },
};
