/**
 * `rollcall join`: asks the agent to join others.
 */
import { AppError } from '../../model/errors.ts';
import type { Command } from '../command-spec.ts';

export const command: Command = {
  summary: 'Have the agent join a cluster',
  args: 'ADDRESS…',
  flags: [{ name: 'wan', doc: 'Join servers of another datacenter.' }],
  isClient: true,
  examples: ['rollcall join 10.0.0.2'],
  run: async ({ flags, args, io, client }) => {
    if (args.length === 0)
      throw new AppError('bad_request', 'At least one address to join must be specified.');
    let joined = 0;
    for (const address of args) {
      const path = `/v1/agent/join/${encodeURIComponent(address)}`;
      const { status, body } = await client().request('PUT', path, {
        query: { wan: flags.isOn('wan') ? '1' : undefined },
      });
      if (status === 200) joined += 1;
      else
        io.err(
          `Error joining address '${address}': Unexpected response code: ${status} (${body.toString('utf8').trim()})`,
        );
    }
    if (joined === 0) throw new AppError('bad_request', 'Failed to join any nodes.');
    io.out(`Successfully joined cluster by contacting ${joined} nodes.`);
    return 0;
  },
};
