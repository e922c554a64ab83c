/**
 * `rollcall acl auth-method …`: create, read, update, list and delete auth methods.
 */
import { givenText } from '../acl/acl-link-flags.ts';
import {
  type AuthMethod,
  at,
  found,
  isJson,
  listCommand,
  META_FLAG,
  missing,
  send,
  show,
} from '../acl/acl-objects.ts';
import { authMethodLines, authMethodText } from '../acl/acl-render.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { FlagSpec } from '../flags.ts';
import { FORMAT_FLAG } from '../output.ts';
import { tried } from '../tried.ts';

const PATH = '/v1/acl/auth-method';
const NAME_FLAG = { name: 'name', value: 'NAME', doc: 'Name of the auth method.' };
const CONTENT_FLAGS: readonly FlagSpec[] = [
  { name: 'description', value: 'TEXT', doc: 'What it is for.' },
  { name: 'display-name', value: 'TEXT', doc: 'What people read.' },
  { name: 'max-token-ttl', value: 'DURATION', doc: 'How long a login holds, such as 10m.' },
  {
    name: 'token-locality',
    value: 'local|global',
    choices: ['local', 'global'],
    doc: 'Kept as Consul keeps it; tokens hold in their own datacenter only.',
  },
  { name: 'config', value: 'JSON|@FILE|-', doc: 'Its configuration.' },
  { name: 'kubernetes-host', value: 'URL', doc: 'API server of the cluster.' },
  { name: 'kubernetes-ca-cert', value: 'PEM|@FILE|-', doc: 'Who signed its certificate.' },
  { name: 'kubernetes-service-account-jwt', value: 'JWT', doc: 'Token that may ask it about tokens.' },
];

type Config = Readonly<Record<string, unknown>>;

/** What the flags say of the configuration; undefined when they say nothing. */
async function configOf({ flags, io }: CommandInput): Promise<Config | undefined> {
  const given = flags.text('config');
  if (given !== undefined) {
    const text = await givenText(given, io, 'Error loading configuration file');
    try {
      return JSON.parse(text) as Config;
    } catch {
      return missing('Error parsing auth method config: it is no JSON');
    }
  }
  const [host, ca, jwt] = ['kubernetes-host', 'kubernetes-ca-cert', 'kubernetes-service-account-jwt'].map(
    (name) => flags.text(name),
  );
  if (host === undefined && ca === undefined && jwt === undefined) return undefined;
  return {
    ...(host !== undefined && { Host: host }),
    ...(ca !== undefined && { CACert: await givenText(ca, io, 'Error loading -kubernetes-ca-cert') }),
    ...(jwt !== undefined && { ServiceAccountJWT: jwt }),
  };
}

export const create: Command = {
  summary: 'Create an auth method',
  flags: [
    { name: 'type', value: 'TYPE', doc: 'jwt or kubernetes.' },
    NAME_FLAG,
    ...CONTENT_FLAGS,
    META_FLAG,
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall acl auth-method create -name idp -type jwt -max-token-ttl 10m -config @idp.json'],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    const Type = flags.text('type') || missing("Missing required '-type' flag");
    const Name = flags.text('name') || missing("Missing required '-name' flag");
    isJson(flags);
    const Config = await configOf(input);
    const method = await tried('Failed to create new auth method', () =>
      send<AuthMethod>(client, 'PUT', PATH, {
        Name,
        Type,
        Description: flags.text('description'),
        DisplayName: flags.text('display-name'),
        MaxTokenTTL: flags.text('max-token-ttl'),
        TokenLocality: flags.text('token-locality'),
        Config,
      }),
    );
    show(input, method, authMethodText);
    return 0;
  },
};

export const read: Command = {
  summary: 'Show an auth method',
  flags: [NAME_FLAG, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl auth-method read -name idp'],
  run: async (input) => {
    const { flags } = input;
    isJson(flags);
    const name = flags.text('name') || missing('Must specify the -name parameter');
    const client = input.client();
    const failed = `Error reading auth method "${name}"`;
    const method = await tried(failed, () => found<AuthMethod>(client, at(PATH, name)));
    show(input, method ?? missing(`Auth method not found with name ${JSON.stringify(name)}`), authMethodText);
    return 0;
  },
};

export const update: Command = {
  summary: 'Replace parts of an auth method',
  flags: [
    NAME_FLAG,
    ...CONTENT_FLAGS,
    { name: 'no-merge', doc: 'What is not given becomes empty.' },
    META_FLAG,
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall acl auth-method update -name idp -max-token-ttl 1h'],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    isJson(flags);
    const name =
      flags.text('name') || missing('Cannot update an auth method without specifying the -name parameter');
    const before = await tried('Error when retrieving current auth method', () =>
      client.get<AuthMethod>(at(PATH, name)),
    );
    const old: Partial<AuthMethod> = flags.isOn('no-merge') ? {} : before;
    const Config = await configOf(input);
    const method = await tried(`Error updating auth method "${name}"`, () =>
      send<AuthMethod>(client, 'PUT', at(PATH, name), {
        Name: name,
        Type: before.Type,
        Description: flags.text('description') ?? old.Description,
        DisplayName: flags.text('display-name') ?? old.DisplayName,
        MaxTokenTTL: flags.text('max-token-ttl') ?? old.MaxTokenTTL,
        TokenLocality: flags.text('token-locality') ?? old.TokenLocality,
        Config: flags.text('config') === undefined ? { ...old.Config, ...Config } : Config,
      }),
    );
    show(input, method, authMethodText);
    return 0;
  },
};

export const list = listCommand<AuthMethod>(
  { command: 'auth-method', plural: 'auth methods', noun: 'auth method', path: '/v1/acl/auth-methods' },
  authMethodLines,
);

export const remove: Command = {
  summary: 'Delete an auth method, its binding rules and its tokens',
  flags: [NAME_FLAG],
  isClient: true,
  examples: ['rollcall acl auth-method delete -name idp'],
  run: async ({ flags, io, ...input }) => {
    const client = input.client();
    const name = flags.text('name') || missing('Must specify the -name parameter');
    await tried(`Error deleting auth method "${name}"`, () => client.ok('DELETE', at(PATH, name)));
    io.out(`Auth method "${name}" deleted successfully`);
    return 0;
  },
};
