/**
 * `rollcall query create`: a prepared query from flags, or from the JSON that the API takes.
 */
import { AppError } from '../../model/errors.ts';
import { jsonOf } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { dataOf } from '../kv-entries.ts';

function bodyOfFlags(flags: Flags): string {
  const [name, service] = [flags.text('name'), flags.text('service')];
  if (!name || !service)
    throw new AppError(
      'bad_request',
      'give -name and -service, or the query as JSON: @FILE or - for standard input',
    );
  const ttl = flags.text('ttl');
  return JSON.stringify({
    Name: name,
    Service: {
      Service: service,
      Tags: flags.list('tag'),
      OnlyPassing: flags.isOn('only-passing'),
      ...(flags.text('near') && { Near: flags.text('near') }),
    },
    ...(ttl && { DNS: { TTL: ttl } }),
  });
}

async function run({ flags, args, io, client }: CommandInput): Promise<number> {
  const body = args[0] === undefined ? bodyOfFlags(flags) : await dataOf(args[0], io);
  const answer = await client().ok('POST', '/v1/query', { body });
  const { ID } = jsonOf<{ ID: string }>(answer);
  io.out(`Created query: ${ID}`);
  return 0;
}

export const command: Command = {
  summary: 'Create a prepared query',
  args: '[@FILE|-]',
  flags: [
    { name: 'name', value: 'NAME', doc: 'Name, as in NAME.query.consul.' },
    { name: 'service', value: 'SERVICE', doc: 'Service that it answers with.' },
    {
      name: 'tag',
      value: 'TAG',
      doc: 'Only instances with this tag, or without it (!TAG); may be repeated.',
    },
    { name: 'only-passing', doc: 'Leave instances with a warning out.' },
    { name: 'near', value: 'NODE', doc: 'Nearest to this node first.' },
    { name: 'ttl', value: 'DURATION', doc: 'TTL of its DNS answers.' },
  ],
  isClient: true,
  examples: ['rollcall query create -name=blue -service=web -tag=blue', 'rollcall query create @query.json'],
  run,
};
