/**
 * `rollcall acl bootstrap`, `set-agent-token`, `translate-rules`, `explain` and `templated-policy …`.
 */
import fs from 'node:fs';
import { hintOf } from '../../lib/nearest.ts';
import { givenText, variableOf } from '../acl/acl-link-flags.ts';
import { at, isJson, META_FLAG, missing, send, show, type Token, wholeId } from '../acl/acl-objects.ts';
import { tokenText } from '../acl/acl-render.ts';
import type { Command } from '../command-spec.ts';
import { FORMAT_FLAG } from '../output.ts';
import { tried } from '../tried.ts';

export const bootstrap: Command = {
  summary: 'Make the first management token',
  flags: [META_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl bootstrap'],
  run: async (input) => {
    isJson(input.flags);
    const client = input.client();
    const token = await tried('Failed ACL bootstrapping', () =>
      send<Token>(client, 'PUT', '/v1/acl/bootstrap', {}),
    );
    show(input, token, tokenText);
    return 0;
  },
};

/** Words of the command → kinds of the API. */
const AGENT_TOKENS: Readonly<Record<string, string>> = {
  default: 'default',
  agent: 'agent',
  master: 'agent_master',
  recovery: 'agent_recovery',
  replication: 'replication',
  config_file_service_registration: 'config_file_service_registration',
  dns: 'dns',
};

export const setAgentToken: Command = {
  summary: 'Set a token that the agent uses itself',
  args: 'KIND TOKEN',
  description: `KIND is one of ${Object.keys(AGENT_TOKENS).join(', ')}.`,
  flags: [],
  isClient: true,
  examples: ['rollcall acl set-agent-token default 4f1a6d28-…'],
  run: async ({ args: [kind, secret], io, ...input }) => {
    if (kind === undefined) return missing('Error! Missing TYPE and TOKEN arguments');
    if (secret === undefined) return missing('Error! Missing TOKEN argument');
    const path = Object.hasOwn(AGENT_TOKENS, kind) ? AGENT_TOKENS[kind] : undefined;
    if (path === undefined) return missing(`Unknown token type${hintOf(kind, Object.keys(AGENT_TOKENS))}`);
    const client = input.client();
    await tried('Failed to set ACL token', () =>
      client.ok('PUT', `/v1/agent/token/${path}`, { body: JSON.stringify({ Token: secret }) }),
    );
    io.out(`ACL token "${kind}" set successfully`);
    return 0;
  },
};

export const translateRules: Command = {
  summary: "Old rules in today's words",
  args: 'RULES|FILE|-',
  flags: [],
  isClient: true,
  examples: [
    'rollcall acl translate-rules @old.hcl',
    `rollcall acl translate-rules 'key "" { policy = "read" }'`,
  ],
  run: async ({ args: [source], io, ...input }) => {
    if (source === undefined) return missing('Error! Missing TRANSLATE argument');
    const text = await givenText(
      fs.existsSync(source) ? `@${source}` : source,
      io,
      'Error translating rules',
    );
    const client = input.client();
    const body = await tried('Error translating rules', () =>
      client.ok('POST', '/v1/acl/rules/translate', { body: text }),
    );
    io.out(body.toString('utf8'));
    return 0;
  },
};

interface Explained {
  readonly AccessorID: string;
  readonly Description: string;
  readonly Decisions: readonly {
    readonly Resource: string;
    readonly Segment: string;
    readonly Access: string;
    readonly Allow: boolean;
    readonly Reason: string;
  }[];
}

/** `service:web:read`, `operator:write`; names may hold colons. */
function questionOf(text: string) {
  const [Resource = '', ...rest] = text.split(':');
  const Access = rest.pop() ?? '';
  if (Resource === '' || Access === '')
    missing(`"${text}" is no question; write RESOURCE[:NAME]:ACCESS, such as service:web:read`);
  return { Resource, Segment: rest.join(':'), Access };
}

export const explain: Command = {
  summary: 'Whether a token may do something, and which rule decides',
  args: 'RESOURCE[:NAME]:ACCESS…',
  description: 'Asks about the token that is sent, or about the one that -accessor names. Nothing is done.',
  flags: [
    { name: 'accessor', value: 'ID', doc: 'Accessor of the token, or a beginning that only it has.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall acl explain -token 4f1a6d28-… service:web:read key:app/db:write'],
  run: async (input) => {
    const { flags, args, io } = input;
    const isWanted = isJson(flags);
    if (args.length === 0) missing('Error! Missing RESOURCE[:NAME]:ACCESS argument');
    const client = input.client();
    const accessor = flags.text('accessor');
    const AccessorID = accessor ? await wholeId(client, 'token', accessor) : '';
    const explained = await tried('Error explaining', () =>
      send<Explained>(client, 'POST', '/v1/internal/acl/explain', {
        AccessorID,
        Questions: args.map(questionOf),
      }),
    );
    if (isWanted) io.out(JSON.stringify(explained, null, 4));
    else {
      const { AccessorID: id, Description, Decisions } = explained;
      io.out(`Token ${id}${Description === '' ? '' : ` (${Description})`}`);
      for (const { Resource, Segment, Access, Allow, Reason } of Decisions) {
        const what = `${Access} on ${Resource}${Segment === '' ? '' : ` ${JSON.stringify(Segment)}`}`;
        io.out(`${Allow ? 'allowed' : 'denied '}  ${what}: ${Reason}`);
      }
    }
    return explained.Decisions.every(({ Allow }) => Allow) ? 0 : 2;
  },
};

interface Template {
  readonly TemplateName: string;
  readonly Description: string;
  readonly Template: string;
}

const NAME_FLAG = { name: 'name', value: 'NAME', doc: 'Name of the template, such as builtin/service.' };

export const templateList: Command = {
  summary: 'List the built-in templates of rules',
  flags: [FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl templated-policy list'],
  run: async (input) => {
    const isWanted = isJson(input.flags);
    const client = input.client();
    const templates = await tried('Failed to retrieve the templated policies list', () =>
      client.get<Readonly<Record<string, Template>>>('/v1/acl/templated-policies'),
    );
    input.io.out(isWanted ? JSON.stringify(templates, null, 4) : Object.keys(templates).join('\n'));
    return 0;
  },
};

export const templateRead: Command = {
  summary: 'Show a built-in template of rules',
  flags: [NAME_FLAG, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl templated-policy read -name builtin/dns'],
  run: async (input) => {
    isJson(input.flags);
    const name = input.flags.text('name') || missing('Must specify the -name parameter');
    const client = input.client();
    const template = await tried(`Error reading templated policy with name "${name}"`, () =>
      client.get<Template>(at('/v1/acl/templated-policy/name', name)),
    );
    show(input, template, ({ TemplateName, Description, Template }) =>
      [`Name:            ${TemplateName}`, `Description:     ${Description}`, 'Raw Template:', Template].join(
        '\n',
      ),
    );
    return 0;
  },
};

export const templatePreview: Command = {
  summary: 'Show the rules that a template makes',
  flags: [NAME_FLAG, { name: 'var', value: 'name:VALUE', doc: 'What is put into it.' }, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall acl templated-policy preview -name builtin/service -var name:web'],
  run: async (input) => {
    const { flags } = input;
    isJson(flags);
    const name = flags.text('name') || missing('Cannot preview a templated policy without specifying -name');
    const variable = variableOf(flags);
    const client = input.client();
    const preview = await tried('Failed to generate templated policy', () =>
      send<{ readonly Name: string; readonly Description: string; readonly Rules: string }>(
        client,
        'POST',
        at('/v1/acl/templated-policy/preview', name),
        { Name: variable },
      ),
    );
    show(input, preview, ({ Name, Description, Rules }) =>
      [`Name:         ${Name}`, `Description:  ${Description}`, 'Rules:', Rules].join('\n'),
    );
    return 0;
  },
};
