/**
 * What a type of auth method is: a configuration that can be wrong, names that it can tell, and a login.
 */
import type { ClaimNames, LoginClaims } from '../../http/acl-port.ts';
import type { Clock } from '../../lib/clock.ts';
import type { JsonObject } from '../../model/types.ts';
import type { KeySets } from './key-sets.ts';

export interface LoginParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly keySets: KeySets;
}

export interface AuthMethod {
  /** What is wrong with a configuration; undefined when nothing is. Never throws. */
  problem(config: JsonObject): string | undefined;
  claimNames(config: JsonObject): ClaimNames;
  /** Who brings this. Rejects with forbidden. */
  logIn(config: JsonObject, bearerToken: string, parts: LoginParts): Promise<LoginClaims>;
}
