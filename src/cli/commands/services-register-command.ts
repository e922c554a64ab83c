/**
 * `rollcall services register`: registers services with the agent, from flags or from definition files.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { type ServiceBody, serviceBodies } from '../definition-files.ts';
import type { Flags } from '../flags.ts';
import { tried } from '../tried.ts';

/** `KEY=VALUE` of a flag that must be one. */
function requirePair(text: string): readonly [string, string] {
  if (!text.includes('='))
    throw new AppError(
      'bad_request',
      `invalid value ${JSON.stringify(text)} for flag -meta: Missing "=" value in argument: ${text}`,
    );
  return splitPair(text);
}

function splitPair(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** `lan=10.0.0.1:80`, `wan=[::1]:80`, or an address without port. */
function taggedAddress(text: string): readonly [string, { Address: string; Port: number }] {
  const [tag, address] = splitPair(text);
  const match = /^(?:\[(?<v6>.*)\]|(?<v4>[^:]*)):(?<port>\d+)$/.exec(address);
  const Address = match?.groups?.['v6'] ?? match?.groups?.['v4'] ?? address;
  return [tag, { Address, Port: Number(match?.groups?.['port'] ?? 0) }];
}

function bodyOfFlags(flags: Flags): ServiceBody {
  return {
    ...(flags.text('id') && { ID: flags.text('id') }),
    ...(flags.text('kind') && { Kind: flags.text('kind') }),
    Name: flags.text('name') ?? '',
    Tags: flags.list('tag'),
    ...(flags.text('address') && { Address: flags.text('address') }),
    ...(flags.integer('port') !== undefined && { Port: flags.integer('port') }),
    ...(flags.text('socket') && { SocketPath: flags.text('socket') }),
    Meta: Object.fromEntries(flags.list('meta').map(requirePair)),
    TaggedAddresses: Object.fromEntries(flags.list('tagged-address').map(taggedAddress)),
  } as ServiceBody;
}

const SERVICE_FLAGS = [
  'id',
  'name',
  'address',
  'port',
  'socket',
  'meta',
  'tag',
  'tagged-address',
  'kind',
] as const;

async function run({ flags, args, env, io, client }: CommandInput): Promise<number> {
  const hasFlags = SERVICE_FLAGS.some((name) => flags.text(name) !== undefined);
  if (hasFlags && args.length > 0)
    throw new AppError('bad_request', 'Service registration requires arguments or -id, not both.');
  if (!hasFlags && args.length === 0)
    throw new AppError('bad_request', 'Service registration requires at least one argument or flags.');
  const bodies = hasFlags ? [bodyOfFlags(flags)] : await serviceBodies(args, env);
  for (const body of bodies) {
    await tried(`Error registering service ${JSON.stringify(body.Name)}`, () =>
      client().ok('PUT', '/v1/agent/service/register', { body: JSON.stringify(body) }),
    );
    io.out(`Registered service: ${body.Name}`);
  }
  return 0;
}

export const command: Command = {
  summary: 'Register services with the agent',
  args: '[FILE…]',
  flags: [
    { name: 'id', value: 'ID', doc: 'Id of the service; its name when not given.' },
    { name: 'name', value: 'NAME', doc: 'Name of the service.' },
    { name: 'address', value: 'ADDRESS', doc: 'Address of the service; that of the node when not given.' },
    { name: 'port', value: 'PORT', doc: 'Port of the service.' },
    { name: 'socket', value: 'PATH', doc: 'UNIX socket of the service.' },
    { name: 'meta', value: 'KEY=VALUE', doc: 'Metadata; may be repeated.' },
    { name: 'tag', value: 'TAG', doc: 'Tag; may be repeated.' },
    { name: 'tagged-address', value: 'NAME=ADDRESS[:PORT]', doc: 'Further address; may be repeated.' },
    { name: 'kind', value: 'KIND', doc: 'Kind of the service.' },
  ],
  isClient: true,
  examples: ['rollcall services register -name=web -port=80 -tag=v1', 'rollcall services register web.json'],
  run,
};
