/**
 * What operations of access control have in common: they are there only where it is on, and tokens are looked up the way
 * their documents are read.
 */
import { isUuid, requireUuid } from '../../catalog/session-lookup.ts';
import { invariant, refuse } from '../../model/errors.ts';
import type { AclPort } from '../acl-port.ts';
import type { Reply } from '../call-and-reply.ts';
import type { HttpConfig, HttpParts } from '../http-parts.ts';
import { text } from '../reply.ts';
import type { Operation } from '../route.ts';

const OFF = text(401, 'ACL support disabled');

/** The answer of every operation of access control where it is off. */
export function unlessAcl({ acl }: HttpConfig): Reply | undefined {
  return acl.isEnabled ? undefined : OFF;
}

/** The same operation, there only where access control is on. */
export function whereAclIsOn(operation: Operation): Operation {
  return { ...operation, whenOff: unlessAcl };
}

/** The port, where it has been seen that access control is on. */
export function aclOf({ acl }: HttpParts): AclPort {
  invariant(acl !== undefined, 'operations of access control are there only where it is on');
  return acl;
}

/** Refuse what cannot be an id, in Consul's words; `what` is looked up. */
export function requireId(id: string, what: string, table: string): void {
  if (id === '') refuse('bad_request', `Bad request: Missing ${what} ID`);
  requireUuid(id, `acl ${table}`);
  if (!isUuid(id)) refuse('invalid_command', `failed acl ${table} lookup: index error: invalid UUID`);
}
