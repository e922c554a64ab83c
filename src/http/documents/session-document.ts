/**
 * Sessions between JSON and rows.
 *
 * Fields that are not known are ignored here, as Consul does. `LockDelay` is a duration, or a number: of seconds
 * when it is below 1000, else of nanoseconds. An empty list of checks, by its old name or its new one, means none.
 */
import type { CreateSessionCommand } from '../../catalog/command.ts';
import { parseBehavior } from '../../catalog/session.ts';
import {
  type Decoder,
  decodeFields,
  described,
  documentOf,
  type FieldTable,
  listOf,
  type Place,
  refuseDocument,
  text,
  texts,
  withDefaults,
} from '../../decode/json-fields.ts';
import { tenancyText } from '../../decode/tenancy-text.ts';
import { parseDuration } from '../../lib/duration.ts';
import { explainDuration } from '../../lib/go-text.ts';
import { type CheckId, type NodeName, SERF_HEALTH, type SessionRow } from '../../model/types.ts';
import type { Document } from './row-documents.ts';

const DEFAULT_LOCK_DELAY_MS = 15_000;
/** Smaller numbers are meant as seconds. */
const MIN_NANOSECONDS = 1_000;

interface ServiceCheck {
  readonly id: string;
  readonly namespace: string;
}

const SERVICE_CHECK: FieldTable<ServiceCheck> = {
  id: { name: 'ID', decode: text },
  namespace: { name: 'Namespace', decode: tenancyText },
};

const serviceCheck = withDefaults(documentOf(SERVICE_CHECK), { id: '', namespace: '' });

/** Delays beyond it are shown as this long; a minute is the longest that is obeyed. */
const MAX_LOCK_DELAY_MS = 9e9;

function lockDelayMsOf(value: unknown, place: Place): number {
  if (typeof value === 'number') return value < MIN_NANOSECONDS ? value * 1_000 : value / 1e6;
  if (typeof value !== 'string') return 0;
  return parseDuration(value) ?? refuseDocument(place, explainDuration(value));
}

const lockDelay: Decoder<number> = described(
  () => ({ anyOf: [{ type: 'string', examples: ['15s'] }, { type: 'number' }] }),
  (value, place) => Math.max(Math.min(lockDelayMsOf(value, place), MAX_LOCK_DELAY_MS), -MAX_LOCK_DELAY_MS),
);

interface SessionFields {
  readonly name: string;
  readonly node: string;
  readonly lockDelayMs: number;
  readonly behavior: string;
  readonly ttl: string;
  readonly checks: readonly string[];
  readonly nodeChecks: readonly string[];
  readonly serviceChecks: readonly ServiceCheck[];
}

/** What a body may have. */
export const SESSION: FieldTable<SessionFields> = {
  name: { name: 'Name', decode: text },
  node: { name: 'Node', decode: text },
  lockDelayMs: { name: 'LockDelay', decode: lockDelay },
  behavior: { name: 'Behavior', decode: text },
  ttl: { name: 'TTL', decode: text },
  checks: { name: 'Checks', decode: texts },
  nodeChecks: { name: 'NodeChecks', decode: texts },
  serviceChecks: { name: 'ServiceChecks', decode: listOf(serviceCheck, '[]structs.ServiceCheck') },
};

const KNOWN = new Set(Object.values(SESSION).map(({ name }) => name.toLowerCase()));

function knownFields(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([key]) => KNOWN.has(key.toLowerCase())));
}

const isDefault = (checks: readonly string[]): boolean => checks.length === 1 && checks[0] === SERF_HEALTH;

/** Which checks a session wants; the agent's liveness when nothing is said. */
function checksOf(fields: Partial<SessionFields>): Pick<SessionRow, 'checks' | 'nodeChecks'> {
  const { checks = [SERF_HEALTH], nodeChecks = [SERF_HEALTH] } = fields;
  if (checks.length === 0 || nodeChecks.length === 0) return { checks: [], nodeChecks: [] };
  return {
    checks: isDefault(checks) ? [] : (checks as readonly CheckId[]),
    nodeChecks: nodeChecks as readonly CheckId[],
  };
}

/** The session that a body asks for; `undefined` asks for the defaults. Throws bad_request and invalid_command. */
export function sessionInput(body: unknown, ownNode: string): CreateSessionCommand['session'] {
  const fields = decodeFields(SESSION, knownFields(body ?? {}), { style: 'api', path: '' });
  return {
    name: fields.name ?? '',
    node: (fields.node ?? ownNode) as NodeName,
    lockDelayMs: fields.lockDelayMs ?? DEFAULT_LOCK_DELAY_MS,
    behavior: parseBehavior(fields.behavior ?? ''),
    ttl: fields.ttl ?? '',
    ...checksOf(fields),
    serviceChecks: fields.serviceChecks ?? null,
  };
}

export function sessionDocument(session: SessionRow): Document {
  return {
    ID: session.id,
    Name: session.name,
    Node: session.node,
    LockDelay: Math.round(session.lockDelayMs * 1e6),
    Behavior: session.behavior,
    TTL: session.ttl,
    NodeChecks: session.nodeChecks,
    ServiceChecks:
      session.serviceChecks?.map(({ id, namespace }) => ({ ID: id, Namespace: namespace })) ?? null,
    Checks: session.checks.length === 0 ? undefined : session.checks,
    CreateIndex: session.createIndex,
    ModifyIndex: session.modifyIndex,
  };
}
