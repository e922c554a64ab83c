/**
 * Objects of access control as the API gives them, and how the commands ask for them: an object, or a refusal that begins
 * with what was tried, in Consul's words.
 */
import { AppError } from '../../model/errors.ts';
import { type Client, jsonOf, unexpected } from '../client.ts';
import type { Command, CommandIo } from '../command-spec.ts';
import type { FlagSpec, Flags } from '../flags.ts';
import { FORMAT_FLAG } from '../output.ts';
import { tried } from '../tried.ts';

export interface Link {
  readonly ID?: string;
  readonly Name?: string;
}

export interface Grants {
  readonly Policies?: readonly Link[];
  readonly ServiceIdentities?: readonly {
    readonly ServiceName: string;
    readonly Datacenters?: readonly string[];
  }[];
  readonly NodeIdentities?: readonly { readonly NodeName: string; readonly Datacenter: string }[];
  readonly TemplatedPolicies?: readonly {
    readonly TemplateName: string;
    readonly TemplateVariables?: { readonly Name?: string };
    readonly Datacenters?: readonly string[];
  }[];
}

interface Counted {
  readonly Hash?: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export interface Token extends Grants, Counted {
  readonly AccessorID: string;
  readonly SecretID?: string;
  readonly Description: string;
  readonly Roles?: readonly Link[];
  readonly Local: boolean;
  readonly AuthMethod?: string;
  readonly ExpirationTime?: string;
  readonly CreateTime: string;
}

export interface Policy extends Counted {
  readonly ID: string;
  readonly Name: string;
  readonly Description: string;
  readonly Rules?: string;
  readonly Datacenters?: readonly string[] | null;
}

export interface Role extends Grants, Counted {
  readonly ID: string;
  readonly Name: string;
  readonly Description: string;
}

export interface AuthMethod extends Counted {
  readonly Name: string;
  readonly Type: string;
  readonly DisplayName?: string;
  readonly Description?: string;
  readonly MaxTokenTTL?: string;
  readonly TokenLocality?: string;
  readonly Config?: Readonly<Record<string, unknown>>;
}

export interface BindingRule extends Counted {
  readonly ID: string;
  readonly Description: string;
  readonly AuthMethod: string;
  readonly Selector: string;
  readonly BindType: string;
  readonly BindName: string;
  readonly BindVars?: { readonly Name?: string };
}

export const META_FLAG: FlagSpec = { name: 'meta', doc: 'Show hash and indexes too.' };

/** Refuse a call without something that it needs. */
export function missing(text: string): never {
  throw new AppError('bad_request', text);
}

/** Write an object; gives what the agent answers. */
export async function send<T>(
  client: Client,
  method: 'PUT' | 'POST',
  path: string,
  body: unknown,
): Promise<T> {
  return jsonOf<T>(await client.ok(method, path, { body: JSON.stringify(body) }));
}

/** An object; undefined for one that is not there. */
export async function found<T>(client: Client, path: string): Promise<T | undefined> {
  const answer = await client.request('GET', path);
  if (answer.status === 200) return jsonOf<T>(answer.body);
  if (answer.status === 404) return undefined;
  throw unexpected(answer);
}

/** A path with a name or id in it. */
export const at = (path: string, name: string): string => `${path}/${encodeURIComponent(name)}`;

/** Print an object as it is asked for. Throws for another format than pretty and json. */
export function show<T>(
  { flags, io }: { readonly flags: Flags; readonly io: CommandIo },
  value: T,
  pretty: (value: T, withMeta: boolean) => string,
): void {
  const text = isJson(flags) ? JSON.stringify(value, null, 4) : pretty(value, flags.isOn('meta'));
  if (text !== '') io.out(text); // a list of nothing prints nothing
}

/** `acl … list`: fetch, then print. */
export function listCommand<T>(
  what: { readonly command: string; readonly plural: string; readonly noun: string; readonly path: string },
  lines: (objects: readonly T[], withMeta: boolean) => string,
): Command {
  return {
    summary: `List ${what.plural}`,
    flags: [META_FLAG, FORMAT_FLAG],
    isClient: true,
    examples: [`rollcall acl ${what.command} list`],
    run: async (input) => {
      isJson(input.flags);
      const client = input.client();
      const objects = await tried(`Failed to retrieve the ${what.noun} list`, () =>
        client.get<readonly T[]>(what.path),
      );
      show(input, objects, lines);
      return 0;
    },
  };
}

/** `acl … delete` of what has an id, or a name that stands for it. */
export function deleteCommand(
  kind: 'policy' | 'role',
  { example, flags }: { readonly example: string; readonly flags: readonly FlagSpec[] },
): Command {
  return {
    summary: `Delete a ${kind}`,
    flags,
    isClient: true,
    examples: [`rollcall acl ${kind} delete -name ${example}`],
    run: async ({ flags: given, io, ...input }) => {
      const client = input.client();
      const id = await idOf(client, kind, given);
      await tried(`Error deleting ${kind} "${id}"`, () => client.ok('DELETE', at(`/v1/acl/${kind}`, id)));
      io.out(`${kind === 'role' ? 'Role' : 'Policy'} "${id}" deleted successfully`);
      return 0;
    },
  };
}

/** Whether -format=json was given; looked at before anything is written. */
export function isJson(flags: Flags): boolean {
  const format = flags.text('format') ?? 'pretty';
  if (format !== 'pretty' && format !== 'json') missing(`Unknown format: ${format}`);
  return format === 'json';
}

/** The only one of these whose id begins with `prefix`. */
function onlyMatch(ids: readonly string[], prefix: string, what: string): string {
  const matching = ids.filter((id) => id.startsWith(prefix.toLowerCase()));
  if (matching.length > 1) missing(`Found multiple ${what} with the prefix ${prefix}`);
  return matching[0] ?? missing(`No such ${what} ID with prefix: ${prefix}`);
}

const UUID_LENGTH = 36;

/** The id that a beginning stands for. */
export async function wholeId(client: Client, kind: Kind, prefix: string): Promise<string> {
  const { list, idField, noun } = KINDS[kind];
  if (prefix.length === UUID_LENGTH) return prefix;
  return tried(`Error determining ${noun} ID`, async () => {
    const objects = await client.get<readonly Readonly<Record<string, string>>[]>(`/v1/acl/${list}`);
    return onlyMatch(
      objects.map((one) => (one[idField] ?? '').toLowerCase()),
      prefix,
      kind === 'binding-rule' ? 'rule' : noun,
    );
  });
}

type Kind = 'token' | 'policy' | 'role' | 'binding-rule';

const KINDS: Readonly<
  Record<Kind, { readonly list: string; readonly idField: string; readonly noun: string }>
> = {
  token: { list: 'tokens', idField: 'AccessorID', noun: 'token' },
  policy: { list: 'policies', idField: 'ID', noun: 'policy' },
  role: { list: 'roles', idField: 'ID', noun: 'role' },
  'binding-rule': { list: 'binding-rules', idField: 'ID', noun: 'binding rule' },
};

/** The id of a policy or role that -id or -name names. */
export async function idOf(client: Client, kind: 'policy' | 'role', flags: Flags): Promise<string> {
  const [id, name] = [flags.text('id'), flags.text('name')];
  if (id) return wholeId(client, kind, id);
  if (!name) return missing('Must specify either the -id or -name parameters');
  const answer = await client.request('GET', at(`/v1/acl/${kind}/name`, name));
  if (answer.status === 200) return jsonOf<{ readonly ID: string }>(answer.body).ID;
  if (answer.status === 404)
    return missing(`Error determining ${kind} ID: No such ${kind} with name ${name}`);
  return missing(
    `Error determining ${kind} ID: Unexpected response code: ${answer.status} (${answer.body.toString('utf8').trim()})`,
  );
}
