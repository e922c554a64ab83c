/**
 * `rollcall acl token …`: create, read, update, list, clone and delete tokens.
 */
import { GRANT_FLAGS, identitiesOf, linksOf, ROLE_FLAGS, together } from '../acl/acl-link-flags.ts';
import {
  at,
  type Grants,
  isJson,
  type Link,
  listCommand,
  META_FLAG,
  missing,
  send,
  show,
  type Token,
  wholeId,
} from '../acl/acl-objects.ts';
import { tokenText } from '../acl/acl-render.ts';
import type { Client } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { FORMAT_FLAG } from '../output.ts';
import { tried } from '../tried.ts';

const PATH = '/v1/acl/token';
const ID_FLAG = { name: 'id', value: 'ID', doc: 'Accessor of the token, or a beginning that only it has.' };
const DESCRIPTION_FLAG = { name: 'description', value: 'TEXT', doc: 'What it is for.' };

type Given = Grants & { readonly Roles: readonly Link[] };

async function givenBy(client: Client, flags: Flags): Promise<Given> {
  return {
    Policies: await linksOf(client, 'policy', flags),
    Roles: await linksOf(client, 'role', flags),
    ...identitiesOf(flags),
  };
}

const isNothing = (given: Given): boolean => Object.values(given).every((list) => (list ?? []).length === 0);

async function runCreate(input: CommandInput): Promise<number> {
  const { flags } = input;
  const client = input.client();
  isJson(flags);
  const given = await givenBy(client, flags);
  if (isNothing(given))
    missing(
      'Cannot create a token without specifying -policy-name, -policy-id, -role-name, -role-id, -service-identity, or -node-identity at least once',
    );
  const ttl = flags.text('expires-ttl');
  const token = await tried('Failed to create new token', () =>
    send<Token>(client, 'PUT', PATH, {
      AccessorID: flags.text('accessor'),
      SecretID: flags.text('secret'),
      Description: flags.text('description') ?? '',
      Local: flags.isOn('local'),
      ...given,
      ...(ttl !== undefined && { ExpirationTTL: ttl }),
    }),
  );
  show(input, token, tokenText);
  return 0;
}

export const create: Command = {
  summary: 'Create a token',
  flags: [
    { name: 'accessor', value: 'UUID', doc: 'Its accessor; drawn when not given.' },
    { name: 'secret', value: 'UUID', doc: 'Its secret; drawn when not given.' },
    DESCRIPTION_FLAG,
    ...GRANT_FLAGS,
    ...ROLE_FLAGS,
    { name: 'local', doc: 'Kept as Consul keeps it; every token holds in its own datacenter only.' },
    { name: 'expires-ttl', value: 'DURATION', doc: 'How long it holds, such as 2h.' },
    META_FLAG,
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall acl token create -description web -policy-name kv-read -service-identity web:dc1'],
  run: runCreate,
};

export const read: Command = {
  summary: 'Show a token',
  flags: [ID_FLAG, { name: 'self', doc: 'The token that is sent.' }, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl token read -id 6530adb4', 'rollcall acl token read -self'],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    isJson(flags);
    const id = flags.text('id');
    if (!flags.isOn('self') && !id) missing('Must specify the -id parameter');
    const name = flags.isOn('self') ? 'self' : await wholeId(client, 'token', id ?? '');
    const failed = flags.isOn('self') ? 'Error reading token' : `Error reading token "${name}"`;
    show(input, await tried(failed, () => client.get<Token>(at(PATH, name))), tokenText);
    return 0;
  },
};

const merging = (flags: Flags, what: string): boolean => flags.isOn(`merge-${what}`);

async function runUpdate(input: CommandInput): Promise<number> {
  const { flags } = input;
  const client = input.client();
  isJson(flags);
  const id = flags.text('id') || missing('Cannot update a token without specifying the -id parameter');
  const accessor = await wholeId(client, 'token', id);
  const before = await tried('Error when retrieving current token', () =>
    client.get<Token>(at(PATH, accessor)),
  );
  const given = await givenBy(client, flags);
  const of = <T>(
    what: string,
    old: readonly T[] | undefined,
    added: readonly T[] | undefined,
  ): readonly T[] => (merging(flags, what) ? together(old, added ?? []) : (added ?? []));
  const token = await tried(`Failed to update token ${accessor}`, () =>
    send<Token>(client, 'PUT', at(PATH, accessor), {
      AccessorID: accessor,
      Description: flags.text('description') ?? before.Description,
      Local: before.Local,
      Policies: of('policies', before.Policies, given.Policies),
      Roles: of('roles', before.Roles, given.Roles),
      ServiceIdentities: of('service-identities', before.ServiceIdentities, given.ServiceIdentities),
      NodeIdentities: of('node-identities', before.NodeIdentities, given.NodeIdentities),
      TemplatedPolicies: of('templated-policies', before.TemplatedPolicies, given.TemplatedPolicies),
    }),
  );
  show(input, token, tokenText);
  return 0;
}

export const update: Command = {
  summary: 'Replace what a token gives, or add to it',
  flags: [
    ID_FLAG,
    DESCRIPTION_FLAG,
    ...GRANT_FLAGS,
    ...ROLE_FLAGS,
    { name: 'merge-policies', doc: 'Keep the policies that it links.' },
    { name: 'merge-roles', doc: 'Keep the roles that it links.' },
    { name: 'merge-service-identities', doc: 'Keep its service identities.' },
    { name: 'merge-node-identities', doc: 'Keep its node identities.' },
    { name: 'merge-templated-policies', doc: 'Keep its templated policies.' },
    META_FLAG,
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall acl token update -id 6530adb4 -merge-policies -policy-name kv-read'],
  run: runUpdate,
};

export const list = listCommand<Token>(
  { command: 'token', plural: 'tokens', noun: 'token', path: '/v1/acl/tokens' },
  (all, withMeta) => all.map((token) => tokenText(token, withMeta)).join('\n'),
);

export const clone: Command = {
  summary: 'Make another token like one',
  flags: [ID_FLAG, DESCRIPTION_FLAG, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl token clone -id 6530adb4 -description copy'],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    isJson(flags);
    const id = flags.text('id') || missing('Cannot update a token without specifying the -id parameter');
    const accessor = await wholeId(client, 'token', id);
    const token = await tried('Error cloning token', () =>
      send<Token>(client, 'PUT', `${at(PATH, accessor)}/clone`, {
        Description: flags.text('description') ?? '',
      }),
    );
    show(input, token, tokenText);
    return 0;
  },
};

export const remove: Command = {
  summary: 'Delete a token',
  flags: [ID_FLAG],
  isClient: true,
  examples: ['rollcall acl token delete -id 6530adb4'],
  run: async ({ flags, io, ...input }) => {
    const client = input.client();
    const id = flags.text('id') || missing('Must specify the -id parameter');
    const accessor = await wholeId(client, 'token', id);
    await tried(`Error deleting token "${accessor}"`, () => client.ok('DELETE', at(PATH, accessor)));
    io.out(`Token "${accessor}" deleted successfully`);
    return 0;
  },
};
