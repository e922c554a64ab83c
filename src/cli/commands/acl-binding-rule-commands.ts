/**
 * `rollcall acl binding-rule …`: create, read, update, list and delete binding rules.
 */
import { at, type BindingRule, isJson, META_FLAG, missing, send, show, wholeId } from '../acl/acl-objects.ts';
import { bindingRuleLines, bindingRuleText } from '../acl/acl-render.ts';
import type { Command } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { FORMAT_FLAG } from '../output.ts';
import { tried } from '../tried.ts';

const PATH = '/v1/acl/binding-rule';
const ID_FLAG = { name: 'id', value: 'ID', doc: 'Id of the binding rule, or a beginning that only it has.' };
const CONTENT_FLAGS = [
  { name: 'description', value: 'TEXT', doc: 'What it is for.' },
  {
    name: 'selector',
    value: 'FILTER',
    doc: 'Whom it is for, such as "dev in list.groups"; everybody without.',
  },
  { name: 'bind-type', value: 'TYPE', doc: 'service, node, role, policy or templated-policy.' },
  { name: 'bind-name', value: 'NAME', doc: 'What is given, such as svc-\u0024{value.user}.' },
  {
    name: 'bind-vars',
    value: 'name=VALUE',
    doc: 'What is put into a templated policy, such as name=\u0024{value.user}.',
  },
];

/** What `-bind-vars` says; undefined when it is not given. */
function bindVarsOf(flags: Flags): BindingRule['BindVars'] | undefined {
  const text = flags.text('bind-vars') ?? '';
  if (text === '') return undefined;
  const Name = /^name=(.+)$/i.exec(text)?.[1];
  return Name === undefined
    ? missing(`Malformed -bind-vars argument: "${text}"; write name=VALUE`)
    : { Name };
}

export const create: Command = {
  summary: 'Create a binding rule',
  flags: [
    { name: 'method', value: 'NAME', doc: 'Auth method that it belongs to.' },
    ...CONTENT_FLAGS,
    META_FLAG,
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: [
    "rollcall acl binding-rule create -method idp -bind-type service -bind-name 'svc-\u0024{value.user}'",
  ],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    const AuthMethod = flags.text('method') || missing("Missing required '-method' flag");
    const BindType = flags.text('bind-type') || missing("Missing required '-bind-type' flag");
    const BindName = flags.text('bind-name') || missing("Missing required '-bind-name' flag");
    const BindVars = bindVarsOf(flags);
    isJson(flags);
    const rule = await tried('Failed to create new binding rule', () =>
      send<BindingRule>(client, 'PUT', PATH, {
        AuthMethod,
        BindType,
        BindName,
        BindVars,
        Description: flags.text('description') ?? '',
        Selector: flags.text('selector') ?? '',
      }),
    );
    show(input, rule, bindingRuleText);
    return 0;
  },
};

export const read: Command = {
  summary: 'Show a binding rule',
  flags: [ID_FLAG, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl binding-rule read -id 7084de95'],
  run: async (input) => {
    const { flags } = input;
    isJson(flags);
    const client = input.client();
    const id = await wholeId(
      client,
      'binding-rule',
      flags.text('id') || missing('Must specify the -id parameter.'),
    );
    const failed = `Error reading binding rule "${id}"`;
    show(input, await tried(failed, () => client.get<BindingRule>(at(PATH, id))), bindingRuleText);
    return 0;
  },
};

export const update: Command = {
  summary: 'Replace parts of a binding rule',
  flags: [
    ID_FLAG,
    ...CONTENT_FLAGS,
    { name: 'no-merge', doc: 'What is not given becomes empty.' },
    META_FLAG,
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall acl binding-rule update -id 7084de95 -selector "ops in list.groups"'],
  run: async (input) => {
    const { flags } = input;
    const client = input.client();
    isJson(flags);
    const given =
      flags.text('id') || missing('Cannot update a binding rule without specifying the -id parameter');
    const id = await wholeId(client, 'binding-rule', given);
    const before = await tried('Error when retrieving current binding rule', () =>
      client.get<BindingRule>(at(PATH, id)),
    );
    const old: Partial<BindingRule> = flags.isOn('no-merge') ? {} : before;
    const rule = await tried(`Error updating binding rule "${id}"`, () =>
      send<BindingRule>(client, 'PUT', at(PATH, id), {
        ID: id,
        AuthMethod: before.AuthMethod,
        Description: flags.text('description') ?? old.Description,
        Selector: flags.text('selector') ?? old.Selector,
        BindType: flags.text('bind-type') ?? old.BindType,
        BindName: flags.text('bind-name') ?? old.BindName,
        BindVars: bindVarsOf(flags) ?? old.BindVars,
      }),
    );
    show(input, rule, bindingRuleText);
    return 0;
  },
};

export const list: Command = {
  summary: 'List binding rules',
  flags: [{ name: 'method', value: 'NAME', doc: 'Only those of this auth method.' }, META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl binding-rule list'],
  run: async (input) => {
    isJson(input.flags);
    const client = input.client();
    const rules = await tried('Failed to retrieve the binding rule list', () =>
      client.get<readonly BindingRule[]>('/v1/acl/binding-rules', { authmethod: input.flags.text('method') }),
    );
    show(input, rules, bindingRuleLines);
    return 0;
  },
};

export const remove: Command = {
  summary: 'Delete a binding rule',
  flags: [ID_FLAG],
  isClient: true,
  examples: ['rollcall acl binding-rule delete -id 7084de95'],
  run: async ({ flags, io, ...input }) => {
    const client = input.client();
    const id = await wholeId(
      client,
      'binding-rule',
      flags.text('id') || missing('Must specify the -id parameter.'),
    );
    await tried(`Error deleting binding rule "${id}"`, () => client.ok('DELETE', at(PATH, id)));
    io.out(`Binding rule "${id}" deleted successfully`);
    return 0;
  },
};
