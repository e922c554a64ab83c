/**
 * Auth methods: what may be configured, and who somebody is that logs in by one. A new type is a row in TYPES.
 */
import type { ClaimNames, LoginClaims } from '../../http/acl-port.ts';
import type { AclAuthMethodRow } from '../../model/acl-types.ts';
import { refuse } from '../../model/errors.ts';
import type { JsonObject } from '../../model/types.ts';
import type { AuthMethod, LoginParts } from './auth-method.ts';
import { jwtMethod } from './jwt-method.ts';
import { kubernetesMethod } from './kubernetes-method.ts';

const TYPES: Readonly<Record<string, AuthMethod>> = { jwt: jwtMethod, kubernetes: kubernetesMethod };

/** Types of other editions and of clouds: refused by name, so that nobody waits for them. */
const OUT: Readonly<Record<string, string>> = {
  oidc: 'it needs a browser that comes back to this server; use type "jwt" with the keys of the provider',
  'aws-iam': 'use type "jwt" or "kubernetes"',
};

const methodOf = (type: string): AuthMethod | undefined =>
  Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;

/** What is wrong with a method of a type; undefined when nothing is. */
export function authMethodProblem(type: string, config: JsonObject): string | undefined {
  if (Object.hasOwn(OUT, type)) return `Type "${type}" is not supported: ${OUT[type]}`;
  const method = methodOf(type);
  if (method === undefined) return `Type should be one of: [${Object.keys(TYPES).join(' ')}]`;
  return method.problem(config);
}

/** What selectors and names may use. */
export function claimNames({ type, config }: AclAuthMethodRow): ClaimNames {
  return methodOf(type)?.claimNames(config) ?? { values: [], lists: [] };
}

/** Who it is. Rejects with forbidden. */
export async function logIn(
  { type, config }: AclAuthMethodRow,
  bearerToken: string,
  parts: LoginParts,
): Promise<LoginClaims> {
  const method = methodOf(type);
  if (method === undefined)
    return refuse('forbidden', 'Permission denied: this auth method is of an unknown type');
  return method.logIn(config, bearerToken, parts);
}
