/**
 * What rules are about, and how far they let somebody go: the vocabulary of access control.
 *
 * A new kind of thing to protect is a row in RESOURCES; rules, decisions and the texts of refusals follow it. `valued`
 * resources have one rule for all of it, the others rules by name and by beginnings of names.
 */

interface ResourceSpec {
  readonly shape: 'named' | 'valued';
  /** `list` is a level of its own between read and write. */
  readonly hasList?: true;
  /** What no rule decides is denied, whatever the default policy says. */
  readonly isAlwaysDenied?: true;
  /** Asked when no rule of this resource decides. */
  readonly fallback?: Resource;
}

export type Resource =
  | 'acl'
  | 'agent'
  | 'event'
  | 'identity'
  | 'intention'
  | 'key'
  | 'keyring'
  | 'mesh'
  | 'node'
  | 'operator'
  | 'peering'
  | 'query'
  | 'service'
  | 'session';

/** Intentions have no rules of their own: they are a field of the rules of services. */
export type RuledResource = Exclude<Resource, 'intention'>;

export const RESOURCES: Readonly<Record<RuledResource, ResourceSpec>> = {
  acl: { shape: 'valued', isAlwaysDenied: true },
  agent: { shape: 'named' },
  event: { shape: 'named' },
  identity: { shape: 'named' },
  key: { shape: 'named', hasList: true },
  keyring: { shape: 'valued' },
  mesh: { shape: 'valued', fallback: 'operator' },
  node: { shape: 'named' },
  operator: { shape: 'valued' },
  peering: { shape: 'valued', fallback: 'operator' },
  query: { shape: 'named' },
  service: { shape: 'named' },
  session: { shape: 'named' },
};

/** How far a rule goes; each includes those before it. */
export const ACCESS = { deny: 0, read: 1, list: 2, write: 3 } as const;
export type AccessWord = keyof typeof ACCESS;
export type Access = (typeof ACCESS)[AccessWord];

const WORDS: Readonly<Record<Access, AccessWord>> = { 0: 'deny', 1: 'read', 2: 'list', 3: 'write' };

export function accessWord(access: Access): AccessWord {
  return WORDS[access];
}

/** `write-prefix`: write on everything that begins with the name, for what deletes trees. */
export type Level = 'read' | 'list' | 'write' | 'write-prefix';

/** How a rule is bound to names: by one name, by the beginning of names, or to all of a resource. */
export type Scope = 'exact' | 'prefix' | 'all';

/** One rule of a policy. */
export interface Rule {
  readonly resource: RuledResource;
  readonly scope: Scope;
  /** '' where the scope is `all`. */
  readonly name: string;
  readonly access: Access;
  /** Of a service's rule: what it says about intentions with this destination. */
  readonly intentions?: Access;
}
