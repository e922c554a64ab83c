/**
 * `rollcall acl role …`: create, read, update, list and delete roles.
 */
import { GRANT_FLAGS, identitiesOf, linksOf, together } from '../acl/acl-link-flags.ts';
import {
  at,
  deleteCommand,
  found,
  idOf,
  isJson,
  listCommand,
  META_FLAG,
  missing,
  type Role,
  send,
  show,
  wholeId,
} from '../acl/acl-objects.ts';
import { roleLines, roleText } from '../acl/acl-render.ts';
import type { Command } from '../command-spec.ts';
import { FORMAT_FLAG } from '../output.ts';
import { tried } from '../tried.ts';

const PATH = '/v1/acl/role';
const ID_FLAG = { name: 'id', value: 'ID', doc: 'Id of the role, or a beginning that only it has.' };
const NAME_FLAG = { name: 'name', value: 'NAME', doc: 'Name of the role.' };
const DESCRIPTION_FLAG = { name: 'description', value: 'TEXT', doc: 'What it is for.' };

export const create: Command = {
  summary: 'Create a role',
  flags: [NAME_FLAG, DESCRIPTION_FLAG, ...GRANT_FLAGS, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl role create -name ops -policy-name kv-read -service-identity web'],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    const Name = flags.text('name') || missing("Missing require '-name' flag");
    isJson(flags);
    const Policies = await linksOf(client, 'policy', flags);
    const identities = identitiesOf(flags);
    if ([Policies, ...Object.values(identities)].every((one) => (one ?? []).length === 0))
      missing(
        'Cannot create a role without specifying -policy-name, -policy-id, -service-identity, or -node-identity at least once',
      );
    const role = await tried('Failed to create new role', () =>
      send<Role>(client, 'PUT', PATH, {
        Name,
        Description: flags.text('description') ?? '',
        Policies,
        ...identities,
      }),
    );
    show(input, role, roleText);
    return 0;
  },
};

export const read: Command = {
  summary: 'Show a role',
  flags: [ID_FLAG, NAME_FLAG, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl role read -name ops'],
  run: async (input) => {
    isJson(input.flags);
    const client = input.client();
    const name = input.flags.text('name');
    if (!input.flags.text('id') && name) {
      const role = await found<Role>(client, at(`${PATH}/name`, name));
      show(input, role ?? missing(`Role not found with name ${JSON.stringify(name)}`), roleText);
      return 0;
    }
    const id = await idOf(client, 'role', input.flags);
    show(input, await tried(`Error reading role "${id}"`, () => client.get<Role>(at(PATH, id))), roleText);
    return 0;
  },
};

export const update: Command = {
  summary: 'Add to a role, or replace what it gives',
  flags: [
    ID_FLAG,
    NAME_FLAG,
    DESCRIPTION_FLAG,
    ...GRANT_FLAGS,
    { name: 'no-merge', doc: 'What is not given becomes empty.' },
    META_FLAG,
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall acl role update -id 9430a51c -policy-name kv-read'],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    isJson(flags);
    const given = flags.text('id') || missing('Cannot update a role without specifying the -id parameter');
    const id = await wholeId(client, 'role', given);
    const before = await tried('Error when retrieving current role', () => client.get<Role>(at(PATH, id)));
    const old = flags.isOn('no-merge') ? undefined : before;
    const identities = identitiesOf(flags);
    const role = await tried(`Error updating role "${id}"`, async () =>
      send<Role>(client, 'PUT', at(PATH, id), {
        ID: id,
        Name: flags.text('name') ?? before.Name,
        Description: flags.text('description') ?? old?.Description ?? '',
        Policies: together(old?.Policies, await linksOf(client, 'policy', flags)),
        ServiceIdentities: together(old?.ServiceIdentities, identities.ServiceIdentities),
        NodeIdentities: together(old?.NodeIdentities, identities.NodeIdentities),
        TemplatedPolicies: together(old?.TemplatedPolicies, identities.TemplatedPolicies),
      }),
    );
    show(input, role, roleText);
    return 0;
  },
};

export const list = listCommand<Role>(
  { command: 'role', plural: 'roles', noun: 'role', path: '/v1/acl/roles' },
  roleLines,
);

export const remove = deleteCommand('role', { example: 'ops', flags: [ID_FLAG, NAME_FLAG] });
