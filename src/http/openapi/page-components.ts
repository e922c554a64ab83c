/**
 * Documents of the history and of summaries, as answers show them.
 */
import type { Schema } from '../../decode/json-fields.ts';
import {
  ANY_OBJECT,
  FLAG,
  INTEGER,
  listOf,
  mapOf,
  NUMBER,
  object,
  orNull,
  ref,
  TEXT,
  TIME,
} from './schema-words.ts';

const TEXT_MAP = mapOf(TEXT);
const TEXTS = listOf(TEXT);

/** What the page asks for. */
export const PAGE_COMPONENTS: Readonly<Record<string, Schema>> = {
  HistoryEntry: object({
    ID: TEXT,
    Index: INTEGER,
    Time: TIME,
    Kind: TEXT,
    Action: TEXT,
    'Node?': TEXT,
    'Service?': TEXT,
    'ServiceID?': TEXT,
    'CheckID?': TEXT,
    'Name?': TEXT,
    'Key?': TEXT,
    'Before?': {},
    'After?': {},
    'Output?': TEXT,
    'More?': INTEGER,
    'Why?': TEXT,
    'By?': object({ Agent: TEXT, 'AccessorID?': TEXT, 'Address?': TEXT }),
  }),
  NodeSummary: object({
    ID: TEXT,
    Node: TEXT,
    Address: TEXT,
    TaggedAddresses: orNull(TEXT_MAP),
    Meta: orNull(TEXT_MAP),
    Services: listOf(ref('Service')),
    Checks: listOf(ref('Check')),
  }),
  ServiceSummary: object({
    'Kind?': TEXT,
    Name: TEXT,
    Datacenter: TEXT,
    Tags: orNull(TEXTS),
    Nodes: orNull(TEXTS),
    ExternalSources: orNull(TEXTS),
    InstanceCount: INTEGER,
    'ProxyFor?': TEXTS,
    ChecksPassing: INTEGER,
    ChecksWarning: INTEGER,
    ChecksCritical: INTEGER,
    InstancesPassing: INTEGER,
    InstancesWarning: INTEGER,
    InstancesCritical: INTEGER,
    InstancesMaintenance: INTEGER,
    GatewayConfig: ANY_OBJECT,
    TransparentProxy: FLAG,
    ConnectNative: FLAG,
    ConnectedWithProxy: FLAG,
    ConnectedWithGateway: FLAG,
  }),
  HealthHistory: object({
    From: TIME,
    To: TIME,
    Instances: listOf(
      object({
        Node: TEXT,
        ServiceName: TEXT,
        ServiceID: TEXT,
        UpShare: NUMBER,
        Falls: INTEGER,
        IsFlapping: FLAG,
        Spans: listOf(object({ At: TIME, Status: TEXT })),
      }),
    ),
    Omitted: INTEGER,
    Steady: mapOf(INTEGER),
  }),
  Found: object({
    Kind: TEXT,
    Name: TEXT,
    'ID?': TEXT,
    'Node?': TEXT,
    'ServiceName?': TEXT,
  }),
  HealthMapRow: object({
    Name: TEXT,
    Critical: TEXTS,
    Warning: TEXTS,
    Maintenance: TEXTS,
    Passing: TEXTS,
  }),
};
