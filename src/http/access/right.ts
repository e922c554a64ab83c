/**
 * Rights as the API asks for them, and whoever decides about them.
 *
 * An Authorizer stands for one asker. What it decides by (tokens, policies, a default) is not known here; where access
 * control is off, everybody is ALLOW_ALL, and the steps that ask are the same.
 */

import type { Level, Resource } from '../../acl/resources.ts';
import { AppError } from '../../model/errors.ts';

export interface Right {
  readonly resource: Resource;
  readonly level: Level;
  /** '' for resources that have no names (acl, keyring, operator). */
  readonly name: string;
  /** Another right that does as well. */
  readonly instead?: Right;
  /** What whoever lacks it is told in place of the refusal: what it is about is not there. */
  readonly otherwise?: string;
}

export interface Authorizer {
  /** Everything is allowed: nobody has to ask, and nothing is filtered. */
  readonly isUnlimited: boolean;
  /** Askers of one group have the same rights; they share kept answers. */
  readonly group: string;
  /** AccessorID of the token that it stands for, where there is one: what the history calls it by. */
  readonly accessorId?: string;
  /** What refusals call the asker: `anonymous token …` or `token with AccessorID …`; undefined leaves it out. */
  readonly calledBy?: string | undefined;
  /** Whether all names of a resource may be read: then nothing of it is ever left out. */
  readsAll?(resource: Resource): boolean;
  /** It has sent a token, so it is told whether something was left out for want of rights. */
  readonly isToldOfFiltering?: boolean;
  allows(right: Right): boolean;
}

export const ALLOW_ALL: Authorizer = Object.freeze({ isUnlimited: true, group: '', allows: () => true });

/** Whether an asker has a right, or the one that does as well. */
export function holds(authorizer: Authorizer, right: Right): boolean {
  return authorizer.allows(right) || (right.instead !== undefined && holds(authorizer, right.instead));
}

/** What every refusal for want of a right begins with; clients look for it. */
const PERMISSION_DENIED = 'Permission denied';

const WHO_IS_ANONYMOUS = 'The anonymous token is used implicitly when a request does not specify a token.';
const ANONYMOUS = 'anonymous token';

/** The name of the asker of an accessor, for refusals. */
export function callName(accessorId: string, isAnonymous: boolean): string {
  return isAnonymous ? ANONYMOUS : `token with AccessorID '${accessorId}'`;
}

/** The text of a refusal: who lacks what on which name. */
function refusalText({ calledBy }: Authorizer, { resource, level, name }: Right): string {
  const what = `lacks permission '${resource}:${level}'${name === '' ? '' : ` on ${JSON.stringify(name)}`}`;
  if (calledBy === undefined) return `${PERMISSION_DENIED}: ${what}`;
  const hint = calledBy === ANONYMOUS ? `. ${WHO_IS_ANONYMOUS}` : '';
  return `${PERMISSION_DENIED}: ${calledBy} ${what}${hint}`;
}

/** Refuse an asker that lacks one of these rights. Throws forbidden. */
export function requireRights(authorizer: Authorizer, rights: readonly Right[]): void {
  const lacking = rights.find((right) => !holds(authorizer, right));
  if (lacking === undefined) return;
  if (lacking.otherwise !== undefined) throw new AppError('invalid_command', lacking.otherwise);
  throw new AppError('forbidden', refusalText(authorizer, lacking));
}
