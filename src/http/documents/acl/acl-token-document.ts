/**
 * Tokens between JSON and rows. Secrets are in a document only where `withSecret` says so.
 */
import type { TokenInput } from '../../../catalog/acl-command.ts';
import type { View } from '../../../catalog/tables.ts';
import {
  type Decoder,
  described,
  duration,
  type FieldTable,
  flag,
  refuseDocument,
  text,
} from '../../../decode/json-fields.ts';
import { tenancyText } from '../../../decode/tenancy-text.ts';
import { RFC3339 } from '../../../lib/rfc3339.ts';
import { type AclTokenRow, NO_GRANTS } from '../../../model/acl-types.ts';
import { refuse } from '../../../model/errors.ts';
import type { Document } from '../row-documents.ts';
import {
  apiFields,
  ignored,
  links,
  nodeIdentities,
  serviceIdentities,
  templatedPolicies,
} from './acl-body.ts';
import { hashOf, identityDocuments, linkDocuments } from './acl-grants-document.ts';

/** A moment as RFC 3339 writes it, in wall time ms. */
const moment: Decoder<number> = described(
  () => ({ type: 'string', format: 'date-time' }),
  (value, place) => {
    const given = text(value, place);
    const ms = RFC3339.test(given) ? Date.parse(given) : Number.NaN;
    if (!Number.isNaN(ms)) return ms;
    return refuseDocument(
      place,
      `parsing time ${JSON.stringify(given)} as "2006-01-02T15:04:05Z07:00": cannot parse it`,
    );
  },
);

interface TokenFields extends Omit<TokenInput, 'expirationTtlMs' | 'expiresAtMs'> {
  readonly expirationTtlMs: number;
  readonly expiresAtMs: number;
  readonly rules: string;
  readonly namespace: string;
  readonly partition: string;
  readonly createTime: undefined;
  readonly hash: undefined;
  readonly createIndex: undefined;
  readonly modifyIndex: undefined;
}

export const TOKEN: FieldTable<TokenFields> = {
  accessorId: { name: 'AccessorID', decode: text },
  secretId: { name: 'SecretID', decode: text },
  description: { name: 'Description', decode: text },
  policies: { name: 'Policies', decode: links },
  roles: { name: 'Roles', decode: links },
  serviceIdentities: { name: 'ServiceIdentities', decode: serviceIdentities },
  nodeIdentities: { name: 'NodeIdentities', decode: nodeIdentities },
  templatedPolicies: { name: 'TemplatedPolicies', decode: templatedPolicies },
  isLocal: { name: 'Local', decode: flag },
  authMethod: { name: 'AuthMethod', decode: text },
  expirationTtlMs: { name: 'ExpirationTTL', decode: duration },
  expiresAtMs: { name: 'ExpirationTime', decode: moment },
  rules: { name: 'Rules', decode: text },
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
  createTime: { name: 'CreateTime', decode: ignored },
  hash: { name: 'Hash', decode: ignored },
  createIndex: { name: 'CreateIndex', decode: ignored },
  modifyIndex: { name: 'ModifyIndex', decode: ignored },
};

const NO_TOKEN: TokenInput = {
  accessorId: '',
  secretId: '',
  description: '',
  ...NO_GRANTS,
  expirationTtlMs: 0,
};

/** A token of a body, and the rules that older tokens carried themselves. */
export interface TokenBody {
  readonly token: TokenInput;
  readonly rules: string;
}

/** The token that a body describes. Throws bad_request. */
export function tokenInput(json: unknown): TokenBody {
  const { rules = '', namespace: _n, partition: _p, ...given } = apiFields(TOKEN, json ?? {});
  const { createTime: _t, hash: _h, createIndex: _c, modifyIndex: _m, ...fields } = given;
  return { token: { ...NO_TOKEN, ...fields }, rules };
}

/** Refuse what is not taken any more. Throws invalid_command. */
export function requireNoRules({ rules }: TokenBody): void {
  if (rules !== '') refuse('invalid_command', 'Rules cannot be specified for this token');
}

/** How much of the secret a document shows. */
export type ShownSecret = 'clear' | 'left out';

/** A token with the names of what it links. */
export function tokenDocument(view: View, token: AclTokenRow, secret: ShownSecret): Document {
  const { accessorId, secretId, description, policies, roles, isLocal, authMethod } = token;
  return {
    AccessorID: accessorId,
    SecretID: secret === 'clear' ? secretId : undefined,
    Description: description,
    Policies: linkDocuments(view, 'aclPolicies', policies),
    Roles: linkDocuments(view, 'aclRoles', roles),
    ...identityDocuments(token),
    Local: isLocal,
    AuthMethod: authMethod || undefined,
    ExpirationTime: token.expiresAtMs === 0 ? undefined : new Date(token.expiresAtMs).toISOString(),
    CreateTime: new Date(token.createdAtMs).toISOString(),
    Hash: hashOf(description, policies, roles, identityDocuments(token)),
    CreateIndex: token.createIndex,
    ModifyIndex: token.modifyIndex,
  };
}
