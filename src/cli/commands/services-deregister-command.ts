/**
 * `rollcall services deregister`: takes services back from the agent, by id or by the files that defined them.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { serviceBodies } from '../definition-files.ts';
import { tried } from '../tried.ts';

async function run({ flags, args, env, io, client }: CommandInput): Promise<number> {
  const id = flags.text('id');
  if (id !== undefined && args.length > 0)
    throw new AppError('bad_request', 'Service deregistration requires arguments or -id, not both.');
  if (id === undefined && args.length === 0)
    throw new AppError('bad_request', 'Service deregistration requires at least one argument or -id.');
  const ids =
    id === undefined ? (await serviceBodies(args, env)).map(({ ID, Name }) => ID ?? Name ?? '') : [id];
  for (const one of ids) {
    await tried(`Error deregistering service ${JSON.stringify(one)}`, () =>
      client().ok('PUT', `/v1/agent/service/deregister/${encodeURIComponent(one)}`),
    );
    io.out(`Deregistered service: ${one}`);
  }
  return 0;
}

export const command: Command = {
  summary: 'Take services back from the agent',
  args: '[FILE…]',
  flags: [{ name: 'id', value: 'ID', doc: 'Id of the service.' }],
  isClient: true,
  examples: ['rollcall services deregister -id=web', 'rollcall services deregister web.json'],
  run,
};
