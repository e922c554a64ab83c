/**
 * Objects of access control for people, laid out as Consul prints them.
 */
import type { AuthMethod, BindingRule, Grants, Link, Policy, Role, Token } from './acl-objects.ts';

/** `Name:   value`, padded so that values stand below each other. */
function field(name: string, value: string, width: number): string {
  return `${`${name}:`.padEnd(width)}${value}`;
}

const hex = (hash: string | undefined): string => Buffer.from(hash ?? '', 'base64').toString('hex');

interface Counted {
  readonly Hash?: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

function meta({ Hash, CreateIndex, ModifyIndex }: Counted, width: number): readonly string[] {
  return [
    ...(Hash === undefined ? [] : [field('Hash', hex(Hash), width)]),
    field('Create Index', String(CreateIndex), width),
    field('Modify Index', String(ModifyIndex), width),
  ];
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `   ${line}`);

function section(title: string, lines: readonly string[] | undefined): readonly string[] {
  return lines === undefined || lines.length === 0 ? [] : [`${title}:`, ...indented(lines)];
}

const linkLines = (links: readonly Link[] | undefined): readonly string[] | undefined =>
  links?.map(({ ID, Name }) => `${ID} - ${Name}`);

function identityLines({ ServiceIdentities, NodeIdentities, TemplatedPolicies }: Grants): readonly string[] {
  return [
    ...section(
      'Service Identities',
      ServiceIdentities?.map(({ ServiceName, Datacenters }) => {
        const where = Datacenters?.length ? Datacenters.join(', ') : 'all';
        return `${ServiceName} (Datacenters: ${where})`;
      }),
    ),
    ...section(
      'Node Identities',
      NodeIdentities?.map(({ NodeName, Datacenter }) => `${NodeName} (Datacenter: ${Datacenter})`),
    ),
    ...section(
      'Templated Policies',
      TemplatedPolicies?.flatMap(({ TemplateName, TemplateVariables, Datacenters }) => [
        TemplateName,
        ...(TemplateVariables?.Name ? [`   Name: ${TemplateVariables.Name}`] : []),
        `   Datacenters: ${Datacenters?.length ? Datacenters.join(', ') : 'all'}`,
      ]),
    ),
  ];
}

/** `2026-11-21 14:12:18.9 +0000 UTC`. */
function moment(time: string): string {
  return `${time.replace('T', ' ').replace(/(?:\.0+)?Z$/, '')} +0000 UTC`;
}

const TOKEN_WIDTH = 18;

export function tokenText(token: Token, withMeta: boolean): string {
  const line = (name: string, value: string): string => field(name, value, TOKEN_WIDTH);
  return [
    line('AccessorID', token.AccessorID),
    ...(token.SecretID === undefined ? [] : [line('SecretID', token.SecretID)]),
    line('Description', token.Description),
    line('Local', String(token.Local)),
    ...(token.AuthMethod ? [line('Auth Method', token.AuthMethod)] : []),
    line('Create Time', moment(token.CreateTime)),
    ...(token.ExpirationTime ? [line('Expiration Time', moment(token.ExpirationTime))] : []),
    ...(withMeta ? meta(token, TOKEN_WIDTH) : []),
    ...section('Policies', linkLines(token.Policies)),
    ...section('Roles', linkLines(token.Roles)),
    ...identityLines(token),
    '',
  ].join('\n');
}

const WIDTH = 14;

export function policyText(policy: Policy, withMeta: boolean): string {
  return [
    field('ID', policy.ID, WIDTH),
    field('Name', policy.Name, WIDTH),
    field('Description', policy.Description, WIDTH),
    field('Datacenters', (policy.Datacenters ?? []).join(', '), WIDTH),
    ...(withMeta ? meta(policy, WIDTH) : []),
    'Rules:',
    policy.Rules ?? '',
  ].join('\n');
}

export function roleText(role: Role, withMeta: boolean): string {
  return [
    field('ID', role.ID, WIDTH),
    field('Name', role.Name, WIDTH),
    field('Description', role.Description, WIDTH),
    ...(withMeta ? meta(role, WIDTH) : []),
    ...section('Policies', linkLines(role.Policies)),
    ...identityLines(role),
    '',
  ].join('\n');
}

const METHOD_WIDTH = 15;

export function authMethodText(method: AuthMethod, withMeta: boolean): string {
  const line = (name: string, value: string): string => field(name, value, METHOD_WIDTH);
  return [
    line('Name', method.Name),
    line('Type', method.Type),
    ...(method.DisplayName ? [line('DisplayName', method.DisplayName)] : []),
    line('Description', method.Description ?? ''),
    ...(method.MaxTokenTTL ? [line('MaxTokenTTL', method.MaxTokenTTL)] : []),
    ...(method.TokenLocality ? [line('TokenLocality', method.TokenLocality)] : []),
    ...(withMeta ? meta(method, METHOD_WIDTH) : []),
    'Config:',
    JSON.stringify(method.Config ?? {}, null, 2),
  ].join('\n');
}

export function bindingRuleText(rule: BindingRule, withMeta: boolean): string {
  return [
    field('ID', rule.ID, WIDTH),
    field('AuthMethod', rule.AuthMethod, WIDTH),
    field('Description', rule.Description, WIDTH),
    field('BindType', rule.BindType, WIDTH),
    field('BindName', rule.BindName, WIDTH),
    ...(rule.BindVars?.Name ? ['BindVars:', `   - Name: ${rule.BindVars.Name}`] : []),
    field('Selector', rule.Selector, WIDTH),
    ...(withMeta ? meta(rule, WIDTH) : ['']),
  ].join('\n');
}

/** An entry of a list: its name, and its fields below it. */
function block(name: string, lines: readonly string[]): string {
  return [`${name}:`, ...indented(lines)].join('\n');
}

export function policyLines(policies: readonly Policy[], withMeta: boolean): string {
  const blocks = policies.map((policy) =>
    block(policy.Name, [
      field('ID', policy.ID, WIDTH),
      field('Description', policy.Description, WIDTH),
      field('Datacenters', (policy.Datacenters ?? []).join(', '), WIDTH),
      ...(withMeta ? meta(policy, WIDTH) : []),
    ]),
  );
  return [...blocks, ''].join('\n');
}

export function roleLines(roles: readonly Role[], withMeta: boolean): string {
  const blocks = roles.map((role) =>
    block(role.Name, [
      field('ID', role.ID, WIDTH),
      field('Description', role.Description, WIDTH),
      ...(withMeta ? meta(role, WIDTH) : []),
      ...section('Policies', linkLines(role.Policies)),
      ...identityLines(role),
    ]),
  );
  return [...blocks, ''].join('\n');
}

export function authMethodLines(methods: readonly AuthMethod[], withMeta: boolean): string {
  const blocks = methods.map((method) =>
    block(method.Name, [
      field('Type', method.Type, WIDTH),
      ...(method.DisplayName ? [field('DisplayName', method.DisplayName, WIDTH)] : []),
      field('Description', method.Description ?? '', WIDTH),
      ...(withMeta ? meta(method, WIDTH) : []),
    ]),
  );
  return [...blocks, ''].join('\n');
}

export function bindingRuleLines(rules: readonly BindingRule[], withMeta: boolean): string {
  const blocks = rules.map((rule) =>
    block(rule.ID, [
      field('AuthMethod', rule.AuthMethod, WIDTH),
      field('Description', rule.Description, WIDTH),
      field('BindType', rule.BindType, WIDTH),
      field('BindName', rule.BindName, WIDTH),
      field('Selector', rule.Selector, WIDTH),
      ...(withMeta ? meta(rule, WIDTH) : []),
    ]),
  );
  return [...blocks, ''].join('\n');
}
