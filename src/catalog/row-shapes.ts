/**
 * What a row of the catalog must look like to be served, for rows that come from a database or a snapshot.
 *
 * A row that nobody can read must not break the answers of its neighbours, let alone every start from now on. The types
 * insist that each field of a row has its shape here.
 */
import { parseDuration } from '../lib/duration.ts';
import {
  hasFields,
  isBoolean,
  isDocument,
  isListOf,
  isMapOf,
  isNumber,
  isOneOf,
  isText,
  orNull,
  type Shape,
} from '../lib/shape.ts';
import type { HistoryRow } from '../model/history-types.ts';
import { KvValue } from '../model/kv-value.ts';
import type {
  CheckRow,
  CoordinateRow,
  KvRow,
  LockDelayRow,
  NodeRow,
  QueryDocument,
  QueryRow,
  QueryService,
  ServiceAddress,
  ServiceDefinition,
  SessionRow,
  SettingRow,
  Stamp,
  Weights,
} from '../model/types.ts';
import { ACL_ROW_SHAPES } from './acl-row-shapes.ts';

type Content<Row extends Stamp> = Omit<Row, keyof Stamp>;

const texts = isListOf(isText);
const textMap = orNull(isMapOf(isText));

export const isCheckStatus = isOneOf('passing', 'warning', 'critical');

/** '' is none. */
const isDurationText: Shape = (value, path) =>
  value === '' || (typeof value === 'string' && parseDuration(value) !== undefined)
    ? undefined
    : `${path} is not a duration`;

const isJsonText: Shape = (value, path) => {
  try {
    JSON.parse(value as string);
    return isText(value, path);
  } catch {
    return `${path} is not JSON`;
  }
};

const isValue: Shape = (value, path) => (value instanceof KvValue ? undefined : isText(value, path));

const SERVICE_FIELDS: { readonly [F in keyof ServiceDefinition]-?: Shape } = {
  id: isText,
  name: isText,
  kind: isText,
  tags: texts,
  address: isText,
  taggedAddresses: orNull(isMapOf(hasFields<ServiceAddress>({ address: isText, port: isNumber }))),
  meta: textMap,
  port: isNumber,
  socketPath: isText,
  weights: hasFields<Weights>({ passing: isNumber, warning: isNumber }),
  enableTagOverride: isBoolean,
  proxy: orNull(isDocument),
  connect: orNull(isDocument),
  locality: orNull(isDocument),
};

export const isServiceDefinition = hasFields<ServiceDefinition>(SERVICE_FIELDS);

const isQueryService = hasFields<Omit<QueryService, 'Peer' | 'SamenessGroup'>>({
  Service: isText,
  Failover: hasFields<Pick<QueryService['Failover'], 'NearestN' | 'Datacenters'>>({
    NearestN: isNumber,
    Datacenters: orNull(texts),
  }),
  OnlyPassing: isBoolean,
  IgnoreCheckIDs: orNull(texts),
  Near: isText,
  Tags: orNull(texts),
  NodeMeta: textMap,
  ServiceMeta: textMap,
  Connect: isBoolean,
});

export const ROW_SHAPES = {
  nodes: hasFields<Content<NodeRow>>({
    name: isText,
    id: isText,
    address: isText,
    taggedAddresses: textMap,
    meta: textMap,
  }),
  services: hasFields<ServiceDefinition & { readonly node: string }>({ ...SERVICE_FIELDS, node: isText }),
  checks: hasFields<Content<CheckRow>>({
    node: isText,
    id: isText,
    name: isText,
    status: isCheckStatus,
    notes: isText,
    output: isText,
    serviceId: isText,
    serviceName: isText,
    serviceTags: texts,
    type: isText,
    interval: isText,
    timeout: isText,
    exposedPort: isNumber,
    definition: isDocument,
  }),
  kv: hasFields<Content<KvRow>>({
    key: isText,
    value: orNull(isValue),
    flags: isText,
    lockIndex: isNumber,
    session: isText,
  }),
  sessions: hasFields<Content<SessionRow>>({
    id: isText,
    name: isText,
    node: isText,
    lockDelayMs: isNumber,
    behavior: isOneOf('release', 'delete'),
    ttl: isDurationText,
    nodeChecks: texts,
    checks: texts,
    serviceChecks: orNull(
      isListOf(hasFields<{ id: string; namespace: string }>({ id: isText, namespace: isText })),
    ),
  }),
  queries: hasFields<Content<QueryRow>>({
    id: isText,
    name: isText,
    isTemplate: isBoolean,
    session: isText,
    document: hasFields<QueryDocument>({
      Token: isText,
      Template: hasFields<QueryDocument['Template']>({
        Type: isText,
        Regexp: isText,
        RemoveEmptyTags: isBoolean,
      }),
      Service: isQueryService,
      DNS: hasFields<QueryDocument['DNS']>({ TTL: isText }),
    }),
  }),
  lockDelays: hasFields<Content<LockDelayRow>>({ key: isText, untilMs: isNumber }),
  coordinates: hasFields<Content<CoordinateRow>>({
    node: isText,
    segment: isText,
    vec: isListOf(isNumber),
    error: isNumber,
    adjustment: isNumber,
    height: isNumber,
  }),
  settings: hasFields<Content<SettingRow>>({ name: isText, value: isJsonText }),
  history: hasFields<Content<HistoryRow>>({
    key: isText,
    count: isNumber,
    bytes: isNumber,
    fromIndex: isNumber,
    toIndex: isNumber,
    fromMs: isNumber,
    toMs: isNumber,
    about: isText,
    notes: isText,
  }),
  ...ACL_ROW_SHAPES,
} as const;
