/**
 * Writing tokens: what is refused, with Consul's texts.
 *
 * Ids are unique among accessors and secrets together, so that no secret can be read off a list of accessors. A token whose
 * time is over does not exist any more for anybody, even before it is removed.
 */
import { formatDuration } from '../lib/duration.ts';
import { type AclTokenRow, ANONYMOUS_ACCESSOR, RESERVED_UUID_PREFIX } from '../model/acl-types.ts';
import { invariant, refuse } from '../model/errors.ts';
import { UNSTAMPED } from '../model/types.ts';
import type {
  CloneTokenCommand,
  CreateTokenCommand,
  DeleteTokenCommand,
  TokenInput,
  UpdateTokenCommand,
} from './acl-command.ts';
import { grantsOf, linkedIds } from './acl-links.ts';
import type { Draft } from './draft.ts';
import type { ReduceContext, ResultOrReader } from './reduce-context.ts';
import { isUuid } from './session-lookup.ts';
import type { View } from './tables.ts';

const MIN_TTL_MS = 60_000;
const MAX_TTL_MS = 24 * 3_600_000;
/** Tokens that are removed with one write. */
const REAPED_AT_ONCE = 200;

/** Whether a token's time is over. */
export function isExpired({ expiresAtMs }: Pick<AclTokenRow, 'expiresAtMs'>, nowMs: number): boolean {
  return expiresAtMs !== 0 && expiresAtMs <= nowMs;
}

/** The token that a secret belongs to; undefined when there is none or its time is over. */
export function tokenBySecret(view: View, secret: string, nowMs: number): AclTokenRow | undefined {
  for (const token of view.aclTokens.by('secret', secret)) return isExpired(token, nowMs) ? undefined : token;
  return undefined;
}

/** The token with this accessor; undefined when there is none or its time is over. */
export function tokenByAccessor(view: View, accessorId: string, nowMs: number): AclTokenRow | undefined {
  const token = view.aclTokens.get(accessorId.toLowerCase());
  return token === undefined || isExpired(token, nowMs) ? undefined : token;
}

function requireFreeId(view: View, id: string, what: 'AccessorID' | 'SecretID'): void {
  if (!isUuid(id)) refuse('invalid_command', `Invalid Token: ${what} is not a valid UUID`);
  if (id.startsWith(RESERVED_UUID_PREFIX))
    refuse('invalid_command', `Invalid Token: UUIDs with the prefix "${RESERVED_UUID_PREFIX}" are reserved`);
  const lower = id.toLowerCase();
  const isTaken =
    view.aclTokens.get(lower) !== undefined ||
    [id, lower].some((secret) => [...view.aclTokens.by('secret', secret)].length > 0);
  if (isTaken) refuse('invalid_command', `Invalid Token: ${what} is already in use`);
}

/** When a new token ends; 0 is never. */
function expirationOf({ expirationTtlMs, expiresAtMs }: TokenInput, nowMs: number): number {
  if (expirationTtlMs < 0)
    refuse('invalid_command', `Token Expiration TTL '${formatDuration(expirationTtlMs)}' should be > 0`);
  if (expirationTtlMs > 0 && expiresAtMs !== 0)
    refuse('invalid_command', 'Token Expiration TTL and Expiration Time cannot both be set');
  if (expirationTtlMs === 0 && expiresAtMs === 0) return 0;
  const leftMs = expirationTtlMs > 0 ? expirationTtlMs : expiresAtMs - nowMs;
  if (leftMs < 0) refuse('invalid_command', 'ExpirationTime cannot be before CreateTime');
  const was = `in the future (was ${formatDuration(leftMs)})`;
  if (leftMs > MAX_TTL_MS) refuse('invalid_command', `ExpirationTime cannot be more than 24h0m0s ${was}`);
  if (leftMs < MIN_TTL_MS) refuse('invalid_command', `ExpirationTime cannot be less than 1m0s ${was}`);
  return Math.round(nowMs + leftMs);
}

/** Reads the installed row of a token that was put. */
function installed(accessorId: string): ResultOrReader<AclTokenRow> {
  return (view) => {
    const row = view.aclTokens.get(accessorId);
    invariant(row !== undefined, 'a token that was put is there');
    return row;
  };
}

/** Reducer of `acl-token-create`. */
export function createToken(
  draft: Draft,
  { token, isLogin = false }: CreateTokenCommand,
  { nowMs, random }: ReduceContext,
): ResultOrReader<AclTokenRow> {
  const { view } = draft;
  const accessorId = token.accessorId === '' ? random.uuid() : token.accessorId.toLowerCase();
  const secretId = token.secretId === '' ? random.uuid() : token.secretId;
  requireFreeId(view, accessorId, 'AccessorID');
  if (secretId.toLowerCase() === accessorId)
    refuse('invalid_command', 'Invalid Token: SecretID is already in use');
  requireFreeId(view, secretId, 'SecretID');
  if (token.authMethod !== '' && !isLogin)
    refuse('invalid_command', 'AuthMethod field is disallowed outside of Login');
  const expiresAtMs = expirationOf(token, nowMs);
  const grants = grantsOf(view, token, 'token');
  const roles = linkedIds(view, 'role', token.roles, isLogin);
  const { description, isLocal, authMethod } = token;
  const row = {
    accessorId,
    secretId,
    description,
    roles,
    isLocal,
    authMethod,
    expiresAtMs,
    createdAtMs: nowMs,
  };
  draft.put('aclTokens', { ...UNSTAMPED, ...grants, ...row });
  return installed(accessorId);
}

function requireUnchanged(token: TokenInput, existing: AclTokenRow): void {
  const id = existing.accessorId;
  if (token.secretId !== '' && token.secretId !== existing.secretId)
    refuse('invalid_command', 'Changing a tokens SecretID is not permitted');
  if (token.isLocal !== existing.isLocal) refuse('invalid_command', `cannot toggle local mode of ${id}`);
  if (token.authMethod !== '' && token.authMethod !== existing.authMethod)
    refuse('invalid_command', `Cannot change AuthMethod of ${id}`);
  const isMoved = token.expiresAtMs !== 0 && token.expiresAtMs !== existing.expiresAtMs;
  if (token.expirationTtlMs !== 0 || isMoved)
    refuse('invalid_command', `Cannot change expiration time of ${id}`);
}

/** Reducer of `acl-token-update`. */
export function updateToken(
  draft: Draft,
  { token }: UpdateTokenCommand,
  { nowMs }: ReduceContext,
): ResultOrReader<AclTokenRow> {
  const { view } = draft;
  const existing = tokenByAccessor(view, token.accessorId, nowMs);
  if (existing === undefined) return refuse('invalid_command', `Cannot find token "${token.accessorId}"`);
  requireUnchanged(token, existing);
  const grants = grantsOf(view, token, 'token');
  const roles = linkedIds(view, 'role', token.roles);
  draft.put('aclTokens', { ...existing, ...grants, roles, description: token.description });
  return installed(existing.accessorId);
}

/** Reducer of `acl-token-clone`. */
export function cloneToken(
  draft: Draft,
  { accessorId, description }: CloneTokenCommand,
  { nowMs, random }: ReduceContext,
): ResultOrReader<AclTokenRow> {
  const existing = tokenByAccessor(draft.view, accessorId, nowMs);
  if (existing === undefined) return refuse('not_found', 'Requested token does not exist: ACL not found');
  if (existing.authMethod !== '')
    refuse('invalid_command', 'Cannot clone a token created from an auth method');
  const ids = { accessorId: random.uuid(), secretId: random.uuid() };
  const clone = { ...existing, ...ids, ...UNSTAMPED, createdAtMs: nowMs };
  draft.put('aclTokens', { ...clone, description: description || existing.description });
  return installed(ids.accessorId);
}

/** Reducer of `acl-token-delete`. */
export function deleteToken(draft: Draft, { accessorId }: DeleteTokenCommand): boolean {
  if (accessorId.toLowerCase() === ANONYMOUS_ACCESSOR)
    refuse('invalid_command', 'Delete operation not permitted on the anonymous token');
  return draft.remove('aclTokens', accessorId.toLowerCase());
}

/** Reducer of `acl-token-reap`: removes some of those whose time is over, and says how many of them are left. */
export function reapTokens(draft: Draft, _command: unknown, { nowMs }: ReduceContext): number {
  const over = [...draft.view.aclTokens.values()].filter((token) => isExpired(token, nowMs));
  for (const { accessorId } of over.slice(0, REAPED_AT_ONCE)) draft.remove('aclTokens', accessorId);
  return Math.max(over.length - REAPED_AT_ONCE, 0);
}
