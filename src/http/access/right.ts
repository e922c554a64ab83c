/**
 * Rights as the API asks for them, and whoever decides about them.
 *
 * An Authorizer stands for one asker. What it decides by (tokens, policies, a default) is not known here. There is no
 * access control yet, so everybody is ALLOW_ALL; the steps that ask are the same.
 */
import { AppError } from '../../model/errors.ts';

export type Resource =
  | 'acl'
  | 'agent'
  | 'event'
  | 'key'
  | 'keyring'
  | 'node'
  | 'operator'
  | 'query'
  | 'service'
  | 'session';

/** `write-prefix`: write on everything that begins with the name, for what deletes trees. */
export type Level = 'read' | 'write' | 'write-prefix';

export interface Right {
  readonly resource: Resource;
  readonly level: Level;
  /** '' for resources that have no names (acl, keyring, operator). */
  readonly name: string;
  /** Another right that does as well. */
  readonly instead?: Right;
}

export interface Authorizer {
  /** Everything is allowed: nobody has to ask, and nothing is filtered. */
  readonly isUnlimited: boolean;
  /** Askers of one group have the same rights; they share kept answers. */
  readonly group: string;
  /** AccessorID of the token that it stands for, where there is one: what the history calls it by. */
  readonly accessorId?: string;
  allows(right: Right): boolean;
}

export const ALLOW_ALL: Authorizer = Object.freeze({ isUnlimited: true, group: '', allows: () => true });

/** Whether an asker has a right, or the one that does as well. */
export function holds(authorizer: Authorizer, right: Right): boolean {
  return authorizer.allows(right) || (right.instead !== undefined && holds(authorizer, right.instead));
}

/** Refuse an asker that lacks one of these rights. Throws forbidden. */
export function requireRights(authorizer: Authorizer, rights: readonly Right[]): void {
  const lacking = rights.find((right) => !holds(authorizer, right));
  if (lacking === undefined) return;
  const { resource, level, name } = lacking;
  const what = name === '' ? '' : ` on ${JSON.stringify(name)}`;
  throw new AppError('forbidden', `Permission denied: lacks permission '${resource}:${level}'${what}`);
}
