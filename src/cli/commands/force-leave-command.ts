/**
 * `rollcall force-leave`: takes a node that is gone for good out of the cluster.
 */
import { AppError } from '../../model/errors.ts';
import type { Command } from '../command-spec.ts';

export const command: Command = {
  summary: 'Take a failed node out of the cluster',
  args: 'NODE',
  flags: [
    { name: 'prune', doc: 'Remove it from the list of members too.' },
    { name: 'wan', doc: 'Take it out in all datacenters.' },
  ],
  isClient: true,
  refusedAs: 'Error force leaving',
  examples: ['rollcall force-leave n3'],
  run: async ({ flags, args, client }) => {
    const [node] = args;
    if (node === undefined || args.length > 1)
      throw new AppError('bad_request', 'A single node name must be specified to force leave.');
    await client().ok('PUT', `/v1/agent/force-leave/${encodeURIComponent(node)}`, {
      query: { prune: flags.isOn('prune') ? '1' : undefined, wan: flags.isOn('wan') ? '1' : undefined },
    });
    return 0;
  },
};
