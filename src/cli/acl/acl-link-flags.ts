/**
 * What the flags of tokens and roles link: policies, roles and identities, alone or together with what is there.
 */
import fs from 'node:fs';
import { systemErrorText } from '../../lib/system-error.ts';
import type { Client } from '../client.ts';
import type { CommandIo } from '../command-spec.ts';
import type { FlagSpec, Flags } from '../flags.ts';
import { tried } from '../tried.ts';
import { type Grants, type Link, missing, wholeId } from './acl-objects.ts';

export const GRANT_FLAGS: readonly FlagSpec[] = [
  {
    name: 'policy-id',
    value: 'ID',
    doc: 'Link the policy with this id, or a beginning of it; may be repeated.',
  },
  { name: 'policy-name', value: 'NAME', doc: 'Link the policy with this name; may be repeated.' },
  {
    name: 'service-identity',
    value: 'NAME[:DC,…]',
    doc: 'What a service may do, in these datacenters or all; may be repeated.',
  },
  { name: 'node-identity', value: 'NAME:DC', doc: 'What a node may do in a datacenter; may be repeated.' },
  {
    name: 'templated-policy',
    value: 'NAME',
    doc: 'What a built-in template gives, such as builtin/service.',
  },
  { name: 'var', value: 'name:VALUE', doc: 'What is put into that template.' },
];

/** The value of `-var name:VALUE`; '' when it is not given. */
export function variableOf(flags: Flags): string {
  const text = flags.text('var') ?? '';
  if (text === '') return '';
  return /^name:(.+)$/i.exec(text)?.[1] ?? missing(`Malformed -var argument: "${text}"; write name:VALUE`);
}

function templatedPolicies(flags: Flags): NonNullable<Grants['TemplatedPolicies']> {
  const [TemplateName, Name] = [flags.text('templated-policy'), variableOf(flags)];
  if (!TemplateName)
    return Name === '' ? [] : missing('Cannot specify variables without specifying -templated-policy');
  return [{ TemplateName, ...(Name !== '' && { TemplateVariables: { Name } }) }];
}

export const ROLE_FLAGS: readonly FlagSpec[] = [
  { name: 'role-id', value: 'ID', doc: 'Link the role with this id, or a beginning of it; may be repeated.' },
  { name: 'role-name', value: 'NAME', doc: 'Link the role with this name; may be repeated.' },
];

/** Policies or roles that the flags name. */
export async function linksOf(
  client: Client,
  kind: 'policy' | 'role',
  flags: Flags,
): Promise<readonly Link[]> {
  const named = flags.list(`${kind}-name`).map((Name): Link => ({ Name }));
  const ids = await Promise.all(flags.list(`${kind}-id`).map((id) => wholeId(client, kind, id)));
  return [...named, ...ids.map((ID): Link => ({ ID }))];
}

function serviceIdentity(text: string) {
  const [ServiceName = '', datacenters] = text.split(':');
  if (ServiceName === '' || text.split(':').length > 2)
    return missing(`Malformed -service-identity argument: "${text}"`);
  return { ServiceName, ...(datacenters && { Datacenters: datacenters.split(',') }) };
}

function nodeIdentity(text: string) {
  const [NodeName = '', Datacenter = '', ...rest] = text.split(':');
  if (NodeName === '' || Datacenter === '' || rest.length > 0)
    return missing(`Malformed -node-identity argument: "${text}"`);
  return { NodeName, Datacenter };
}

/** The identities that the flags name. */
export function identitiesOf(flags: Flags): Required<Omit<Grants, 'Policies'>> {
  return {
    TemplatedPolicies: templatedPolicies(flags),
    ServiceIdentities: flags.list('service-identity').map(serviceIdentity),
    NodeIdentities: flags.list('node-identity').map(nodeIdentity),
  };
}

/** What is there and what is added, each once. */
export function together<T>(before: readonly T[] | undefined, added: readonly T[]): readonly T[] {
  const all = [...(before ?? []), ...added];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** A value that is given as it is, as `@FILE`, or as `-` for standard input. Rejects with `failed: …`. */
export async function givenText(text: string, io: CommandIo, failed: string): Promise<string> {
  if (text === '-') return Buffer.from(await io.stdin()).toString('utf8');
  if (!text.startsWith('@')) return text;
  const file = text.slice(1);
  return tried(failed, async () => {
    try {
      return fs.readFileSync(file, 'utf8');
    } catch (cause) {
      return missing(`Failed to read file: open ${file}: ${systemErrorText(cause)}`);
    }
  });
}
