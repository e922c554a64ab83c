/**
 * `rollcall acl policy …`: create, read, update, list and delete policies.
 */
import { givenText } from '../acl/acl-link-flags.ts';
import {
  at,
  deleteCommand,
  idOf,
  isJson,
  listCommand,
  META_FLAG,
  missing,
  type Policy,
  send,
  show,
  wholeId,
} from '../acl/acl-objects.ts';
import { policyLines, policyText } from '../acl/acl-render.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG } from '../output.ts';
import { tried } from '../tried.ts';

const PATH = '/v1/acl/policy';
const ID_FLAG = { name: 'id', value: 'ID', doc: 'Id of the policy, or a beginning that only it has.' };
const NAME_FLAG = { name: 'name', value: 'NAME', doc: 'Name of the policy.' };
const CONTENT_FLAGS = [
  { name: 'description', value: 'TEXT', doc: 'What it is for.' },
  { name: 'rules', value: 'TEXT|@FILE|-', doc: 'Its rules.' },
  {
    name: 'valid-datacenter',
    value: 'NAME',
    doc: 'Datacenter that it holds in; may be repeated; all without.',
  },
];

const rulesOf = ({ flags, io }: CommandInput): Promise<string> =>
  givenText(flags.text('rules') ?? '', io, 'Error loading rules');

export const create: Command = {
  summary: 'Create a policy',
  flags: [NAME_FLAG, ...CONTENT_FLAGS, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl policy create -name kv-read -rules \'key_prefix "" { policy = "read" }\''],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    const Name = flags.text('name') || missing("Missing require '-name' flag");
    const Rules = await rulesOf(input);
    isJson(flags);
    const policy = await tried('Failed to create new policy', () =>
      send<Policy>(client, 'PUT', PATH, {
        Name,
        Description: flags.text('description') ?? '',
        Datacenters: flags.list('valid-datacenter'),
        Rules,
      }),
    );
    show(input, policy, policyText);
    return 0;
  },
};

export const read: Command = {
  summary: 'Show a policy',
  flags: [ID_FLAG, NAME_FLAG, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl policy read -name kv-read'],
  run: async (input) => {
    isJson(input.flags);
    const client = input.client();
    const id = await idOf(client, 'policy', input.flags);
    show(
      input,
      await tried(`Error reading policy "${id}"`, () => client.get<Policy>(at(PATH, id))),
      policyText,
    );
    return 0;
  },
};

export const update: Command = {
  summary: 'Replace parts of a policy',
  flags: [
    ID_FLAG,
    NAME_FLAG,
    ...CONTENT_FLAGS,
    { name: 'no-merge', doc: 'What is not given becomes empty.' },
    META_FLAG,
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall acl policy update -name kv-read -description "reads keys"'],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    isJson(flags);
    const given = flags.text('id');
    const id = given ? await wholeId(client, 'policy', given) : await idOf(client, 'policy', flags);
    const before = await tried('Error when retrieving current policy', () =>
      client.get<Policy>(at(PATH, id)),
    );
    const old = flags.isOn('no-merge') ? undefined : before;
    const datacenters = flags.list('valid-datacenter');
    const policy = await tried(`Error updating policy "${id}"`, async () =>
      send<Policy>(client, 'PUT', at(PATH, id), {
        ID: id,
        Name: (given && flags.text('name')) || before.Name,
        Description: flags.text('description') ?? old?.Description ?? '',
        Rules: flags.text('rules') === undefined ? (old?.Rules ?? '') : await rulesOf(input),
        Datacenters: datacenters.length > 0 ? datacenters : (old?.Datacenters ?? []),
      }),
    );
    show(input, policy, policyText);
    return 0;
  },
};

export const list = listCommand<Policy>(
  { command: 'policy', plural: 'policies', noun: 'policy', path: '/v1/acl/policies' },
  policyLines,
);

export const remove = deleteCommand('policy', { example: 'kv-read', flags: [ID_FLAG, NAME_FLAG] });
