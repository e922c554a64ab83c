/**
 * Policies, roles and tokens of access control. Policies and roles are told apart by their names and get ids of their own;
 * tokens by their secrets, so that nobody who has one notices, and keep their accessors where they are new.
 */
import { AppError } from '../../model/errors.ts';
import { type Client, jsonOf, unexpected } from '../client.ts';
import { type Collection, contentOf, type Item, oneList, pick } from './collection.ts';

interface AclDocument {
  readonly ID: string;
  readonly Name: string;
  readonly AccessorID: string;
  readonly SecretID: string;
  readonly AuthMethod?: string;
  readonly Policies?: readonly { readonly Name: string }[] | null;
  readonly Roles?: readonly { readonly Name: string }[] | null;
}

/** Those that every datacenter has from the start. */
const BUILT_IN = /^00000000-0000-0000-0000-0000000000\d\d$/;

/** What an agent without access control answers. */
const SWITCHED_OFF = 'ACL support disabled';

/** Stands for the secrets of tokens to those who may read but not write them. */
const HIDDEN = '<hidden>';

const documentOf = ({ document }: Item): AclDocument => document as AclDocument;

/** Links by name alone: ids differ from datacenter to datacenter. */
function withNames(body: Record<string, unknown>): Record<string, unknown> {
  const names = (links: unknown): unknown =>
    Array.isArray(links) ? links.map(({ Name }: { Name: string }) => ({ Name })) : links;
  return {
    ...body,
    ...('Policies' in body && { Policies: names(body['Policies']) }),
    ...('Roles' in body && { Roles: names(body['Roles']) }),
  };
}

interface AclKind {
  readonly name: string;
  /** Paths of the list, and of one. */
  readonly many: string;
  readonly one: string;
  readonly id: 'ID' | 'AccessorID';
  /** What tells one from another on both sides. */
  readonly key: 'Name' | 'SecretID';
  readonly fields: readonly string[];
}

/** What both sides can say alike: moments to the millisecond, and a token whatever it is called by. */
function comparable({ AccessorID: _, ExpirationTime: expires, ...body }: Record<string, unknown>): object {
  return { ...body, ...(typeof expires === 'string' && { expiresAtMs: Date.parse(expires) }) };
}

function aclCollection({ name, many, one, id, key, fields }: AclKind): Collection {
  const bodyOf = (document: AclDocument): Record<string, unknown> => withNames(pick(document, fields));
  const read = async (side: Client, listed: AclDocument): Promise<Item> => {
    const document = await side.get<AclDocument>(`${one}/${listed[id]}`);
    return { content: contentOf(comparable(bodyOf(document))), document };
  };
  return {
    name,
    parts: oneList,
    list: async (side) => {
      const answer = await side.request('GET', many);
      if (answer.status === 401 && String(answer.body).includes(SWITCHED_OFF)) return new Map();
      if (answer.status !== 200) throw unexpected(answer);
      const listed = jsonOf<readonly AclDocument[]>(answer.body);
      const items = new Map<string, Item>();
      for (const each of listed) {
        if (BUILT_IN.test(each[id])) continue;
        const item = await read(side, each);
        if (documentOf(item)[key] === HIDDEN)
          throw new AppError('forbidden', 'their secrets are not shown without acl:write');
        items.set(documentOf(item)[key], item);
      }
      return items;
    },
    leftOut: (item) =>
      documentOf(item).AuthMethod ? 'ACL tokens of logins: whoever has one logs in anew' : undefined,
    // A report ends up in terminals and logs, where a secret has no business.
    nameOf: (item) => documentOf(item)[key === 'SecretID' ? 'AccessorID' : key],
    put: async (target, item, existing) => {
      const body = bodyOf(documentOf(item));
      if (existing === undefined) await target.ok('PUT', one, { body: JSON.stringify(body) });
      else {
        const other = documentOf(existing)[id];
        const changed = { ...body, ...(id in body && { [id]: other }) };
        await target.ok('PUT', `${one}/${other}`, { body: JSON.stringify(changed) });
      }
    },
    remove: async (target, item) => {
      await target.ok('DELETE', `${one}/${documentOf(item)[id]}`);
    },
  };
}

/** In the order in which one needs another. */
export const aclCollections: readonly Collection[] = [
  aclCollection({
    name: 'ACL policies',
    many: '/v1/acl/policies',
    one: '/v1/acl/policy',
    id: 'ID',
    key: 'Name',
    fields: ['Name', 'Description', 'Rules', 'Datacenters'],
  }),
  aclCollection({
    name: 'ACL roles',
    many: '/v1/acl/roles',
    one: '/v1/acl/role',
    id: 'ID',
    key: 'Name',
    fields: ['Name', 'Description', 'Policies', 'ServiceIdentities', 'NodeIdentities'],
  }),
  aclCollection({
    name: 'ACL tokens',
    many: '/v1/acl/tokens',
    one: '/v1/acl/token',
    id: 'AccessorID',
    key: 'SecretID',
    fields: [
      'AccessorID',
      'SecretID',
      'Description',
      'Policies',
      'Roles',
      'ServiceIdentities',
      'NodeIdentities',
      'Local',
      'ExpirationTime',
    ],
  }),
];
