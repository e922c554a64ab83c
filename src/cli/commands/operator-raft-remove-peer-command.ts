/**
 * `rollcall operator raft remove-peer`: takes a server that will not come back out of the cluster.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { describeFailure } from '../describe-failure.ts';

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const [address, id] = [flags.text('address'), flags.text('id')];
  if (!address && !id)
    throw new AppError(
      'bad_request',
      'Error removing peer: an address or id is required for the peer to remove',
    );
  if (address && id)
    throw new AppError('bad_request', 'Error removing peer: cannot give both an address and id');
  await describeFailure('Error removing peer', () =>
    client().ok('DELETE', '/v1/operator/raft/peer', { query: { address, id } }),
  );
  io.out(address ? `Removed peer with address "${address}"` : `Removed peer with id "${id}"`);
  return 0;
}

export const command: Command = {
  summary: 'Take a server that will not come back out of the cluster',
  description:
    'Takes a server out of the cluster for good. Refused when the servers that are left would be no majority. One that only stopped comes back by itself and needs no command.',
  flags: [
    { name: 'address', value: 'IP:PORT', doc: 'The server with this address, as list-peers shows it.' },
    { name: 'id', value: 'ID', doc: 'The server with this node id.' },
  ],
  isClient: true,
  examples: ['rollcall operator raft remove-peer -address=10.0.0.3:8300'],
  run,
};
