/**
 * The `Definition` of a catalog check: kept for whoever runs it (rollcall does not), shown again without what is empty.
 */

import { CHECK_DEFINITION } from '../../decode/check-fields.ts';
import { type Decoder, decodeFields, described, documentOf, type Field } from '../../decode/json-fields.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { JsonObject } from '../../model/types.ts';

type Key = keyof typeof CHECK_DEFINITION;
const ROWS = Object.entries(CHECK_DEFINITION) as readonly (readonly [Key, Field<unknown>])[];
const DURATIONS: ReadonlySet<Key> = new Set(['intervalMs', 'timeoutMs', 'deregisterAfterMs']);

export interface CheckDefinitionDocument {
  readonly document: JsonObject;
  /** What the definition would make of the check, '' for nothing. */
  readonly kind: string;
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return !value;
}

/** In the order of precedence of Consul. */
const KINDS: readonly (readonly [Key, string])[] = [
  ['http', 'http'],
  ['tcp', 'tcp'],
  ['udp', 'udp'],
  ['grpc', 'grpc'],
  ['h2ping', 'h2ping'],
  ['dockerContainerId', 'docker'],
  ['args', 'script'],
  ['osService', 'os_service'],
];

function kindOf(fields: Readonly<Partial<Record<Key, unknown>>>): string {
  if (!isEmpty(fields.aliasNode) || !isEmpty(fields.aliasService)) return 'alias';
  if (!isEmpty(fields.ttlMs)) return 'ttl';
  if (isEmpty(fields.intervalMs)) return '';
  return KINDS.find(([key]) => !isEmpty(fields[key]))?.[1] ?? '';
}

const NANOSECONDS_PER_MS = 1e6;

/** Durations are shown as text, but for the TTL, which Consul shows as a number of nanoseconds. */
function shown(key: Key, value: unknown): unknown {
  if (DURATIONS.has(key)) return formatDuration(value as number);
  return key === 'ttlMs' ? (value as number) * NANOSECONDS_PER_MS : value;
}

const KNOWN: ReadonlySet<string> = new Set(
  ROWS.flatMap(([, { name, aliases = [] }]) => [name.toLowerCase(), ...aliases]),
);

/** A definition without the fields that nobody knows, which Consul leaves out here and only here. */
function withoutUnknown(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => KNOWN.has(key.toLowerCase())));
}

/** Decode a definition. Throws bad_request. */
export const checkDefinition: Decoder<CheckDefinitionDocument> = described(
  documentOf(CHECK_DEFINITION).schema,
  (value, place) => {
    const fields: Partial<Record<Key, unknown>> = decodeFields(
      CHECK_DEFINITION,
      withoutUnknown(value),
      place,
    );
    const kept = ROWS.filter(([key]) => !isEmpty(fields[key]));
    const document = Object.fromEntries(kept.map(([key, { name }]) => [name, shown(key, fields[key])]));
    return { document, kind: kindOf(fields) };
  },
);
