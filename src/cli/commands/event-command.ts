/**
 * `rollcall event`: fires a user event.
 */
import { AppError } from '../../model/errors.ts';
import { jsonOf } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

async function run({ flags, args, io, client }: CommandInput): Promise<number> {
  const name = flags.text('name');
  if (!name) throw new AppError('bad_request', 'Event name must be specified');
  const body = await client().ok('PUT', `/v1/event/fire/${encodeURIComponent(name)}`, {
    query: { node: flags.text('node'), service: flags.text('service'), tag: flags.text('tag') },
    ...(args[0] !== undefined && { body: args[0] }),
  });
  const event = jsonOf<{ ID: string }>(body);
  io.out(wantsJson(flags) ? JSON.stringify(event, null, 2) : `Event ID: ${event.ID}`);
  return 0;
}

export const command: Command = {
  summary: 'Fire a user event',
  args: '[PAYLOAD]',
  flags: [
    { name: 'name', value: 'NAME', doc: 'Name of the event; required.' },
    { name: 'node', value: 'REGEXP', doc: 'Only for nodes of this name.' },
    { name: 'service', value: 'REGEXP', doc: 'Only for nodes with this service.' },
    { name: 'tag', value: 'REGEXP', doc: 'Only for services with this tag; wants -service.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  refusedAs: 'Error querying Consul agent',
  examples: ['rollcall event -name=deploy v42'],
  run,
};
