/**
 * The `Definition` of a catalog check: kept for whoever runs it (rollcall does not), shown again without what is empty.
 */

import {
  type Decoder,
  decodeFields,
  duration,
  type FieldTable,
  flag,
  integer,
  text,
  texts,
  textsMap,
} from '../../decode/json-fields.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { JsonObject } from '../../model/types.ts';

/** Names in the order in which Consul writes them. */
const READERS = {
  Interval: duration,
  Timeout: duration,
  DeregisterCriticalServiceAfter: duration,
  HTTP: text,
  TLSServerName: text,
  TLSSkipVerify: flag,
  Header: textsMap,
  Method: text,
  Body: text,
  DisableRedirects: flag,
  TCP: text,
  TCPUseTLS: flag,
  UDP: text,
  OutputMaxSize: integer,
  ScriptArgs: texts,
  DockerContainerID: text,
  Shell: text,
  H2PING: text,
  H2PingUseTLS: flag,
  OSService: text,
  GRPC: text,
  GRPCUseTLS: flag,
  AliasNode: text,
  AliasService: text,
  TTL: duration,
  SessionName: text,
} as const satisfies Record<string, Decoder<unknown>>;

type Name = keyof typeof READERS;
const NAMES = Object.keys(READERS) as Name[];
const DURATIONS: ReadonlySet<Name> = new Set(['Interval', 'Timeout', 'DeregisterCriticalServiceAfter']);

/** Second spellings in documents of newer clients, for the same durations. */
const SPELLINGS: Readonly<Partial<Record<Name, readonly string[]>>> = {
  Interval: ['intervalduration'],
  Timeout: ['timeoutduration'],
  DeregisterCriticalServiceAfter: ['deregistercriticalserviceafterduration'],
};

const TABLE = Object.fromEntries(
  NAMES.map((name) => [name, { name, decode: READERS[name], aliases: SPELLINGS[name] ?? [] }]),
) as unknown as FieldTable<Record<Name, unknown>>;

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
const KINDS: readonly (readonly [Name, string])[] = [
  ['HTTP', 'http'],
  ['TCP', 'tcp'],
  ['UDP', 'udp'],
  ['GRPC', 'grpc'],
  ['H2PING', 'h2ping'],
  ['DockerContainerID', 'docker'],
  ['ScriptArgs', 'script'],
  ['OSService', 'os_service'],
];

function kindOf(fields: Readonly<Partial<Record<Name, unknown>>>): string {
  if (!isEmpty(fields.AliasNode) || !isEmpty(fields.AliasService)) return 'alias';
  if (!isEmpty(fields.TTL)) return 'ttl';
  if (isEmpty(fields.Interval)) return '';
  return KINDS.find(([name]) => !isEmpty(fields[name]))?.[1] ?? '';
}

const NANOSECONDS_PER_MS = 1e6;

/** Durations are shown as text, but for the TTL, which Consul shows as a number of nanoseconds. */
function shown(name: Name, value: unknown): unknown {
  if (DURATIONS.has(name)) return formatDuration(value as number);
  return name === 'TTL' ? (value as number) * NANOSECONDS_PER_MS : value;
}

const KNOWN: ReadonlySet<string> = new Set(
  NAMES.flatMap((name) => [name.toLowerCase(), ...(SPELLINGS[name] ?? [])]),
);

/** A definition without the fields that nobody knows, which Consul leaves out here and only here. */
function withoutUnknown(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => KNOWN.has(key.toLowerCase())));
}

/** Decode a definition. Throws bad_request. */
export const checkDefinition: Decoder<CheckDefinitionDocument> = (value, place) => {
  const fields: Partial<Record<Name, unknown>> = decodeFields(TABLE, withoutUnknown(value), place);
  const kept = NAMES.filter((name) => !isEmpty(fields[name]));
  const document = Object.fromEntries(kept.map((name) => [name, shown(name, fields[name])]));
  return { document, kind: kindOf(fields) };
};
