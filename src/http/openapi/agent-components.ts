/**
 * Documents about the agent itself and the servers, as answers show them.
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

const STAMP = { CreateIndex: INTEGER, ModifyIndex: INTEGER };
const TEXT_MAP = mapOf(TEXT);
const TEXTS = listOf(TEXT);

/** About the agent that is asked. */
export const AGENT_COMPONENTS: Readonly<Record<string, Schema>> = {
  Member: object({
    Name: TEXT,
    Addr: TEXT,
    Port: INTEGER,
    Tags: TEXT_MAP,
    Status: INTEGER,
    ProtocolMin: INTEGER,
    ProtocolMax: INTEGER,
    ProtocolCur: INTEGER,
    DelegateMin: INTEGER,
    DelegateMax: INTEGER,
    DelegateCur: INTEGER,
  }),
  AgentSelf: object({
    Config: ANY_OBJECT,
    DebugConfig: ANY_OBJECT,
    ConfigSources: ANY_OBJECT,
    'Coord?': ref('Coordinate'),
    Member: ref('Member'),
    Stats: mapOf(TEXT_MAP),
    Meta: TEXT_MAP,
  }),
  Host: object({
    Memory: mapOf(NUMBER),
    CPU: listOf(object({ cpu: INTEGER, modelName: TEXT, mhz: INTEGER })),
    Host: object({
      hostname: TEXT,
      uptime: INTEGER,
      bootTime: INTEGER,
      os: TEXT,
      kernelVersion: TEXT,
      kernelArch: TEXT,
    }),
    Disk: orNull(ANY_OBJECT),
    CollectionTime: INTEGER,
    Errors: orNull(TEXTS),
  }),
  Metrics: object({
    Timestamp: TEXT,
    Gauges: listOf(object({ Name: TEXT, Value: NUMBER, Labels: TEXT_MAP })),
    Points: listOf({}),
    Counters: listOf(object({ Name: TEXT, Count: NUMBER, Sum: NUMBER, Labels: TEXT_MAP })),
    Samples: listOf(
      object({
        Name: TEXT,
        Count: NUMBER,
        Sum: NUMBER,
        Mean: NUMBER,
        'Buckets?': mapOf(INTEGER),
        Labels: TEXT_MAP,
      }),
    ),
  }),
  Version: object({ SHA: TEXT, BuildDate: TEXT, HumanVersion: TEXT, FIPS: TEXT }),
  Drain: object({
    Node: TEXT,
    ServiceID: TEXT,
    ServiceName: TEXT,
    Ends: TIME,
    UntilCheck: TEXT,
    Deregister: FLAG,
  }),
  CheckHistory: object({
    CheckID: TEXT,
    Status: TEXT,
    Since: TEXT,
    Flaps: INTEGER,
    Results: listOf(object({ Time: TIME, Status: TEXT, DurationMs: NUMBER, Output: TEXT })),
  }),
  CheckRun: object({ CheckID: TEXT, Kind: TEXT, Status: TEXT, DurationMs: NUMBER, Output: TEXT }),
  DnsExplanation: object({
    Name: TEXT,
    Type: TEXT,
    Lookup: TEXT,
    Rcode: TEXT,
    Summary: TEXT,
    TTLSeconds: INTEGER,
    Known: INTEGER,
    Healthy: INTEGER,
    Instances: orNull(
      listOf(
        object({
          Node: TEXT,
          ServiceID: TEXT,
          Address: TEXT,
          Port: INTEGER,
          Status: TEXT,
          Weight: INTEGER,
          Kept: FLAG,
          Reason: TEXT,
        }),
      ),
    ),
    Answer: orNull(TEXTS),
    Authority: orNull(TEXTS),
    Additional: orNull(TEXTS),
    Bytes: INTEGER,
    AnswersAvailable: INTEGER,
    Truncated: FLAG,
  }),
};

/** About the servers of the datacenter. */
export const SERVER_COMPONENTS: Readonly<Record<string, Schema>> = {
  RaftConfiguration: object({
    Servers: listOf(
      object({
        ID: TEXT,
        Node: TEXT,
        Address: TEXT,
        Leader: FLAG,
        ProtocolVersion: TEXT,
        Voter: FLAG,
        'LastIndex?': INTEGER,
      }),
    ),
    Index: INTEGER,
  }),
  AutopilotConfiguration: object({
    CleanupDeadServers: FLAG,
    LastContactThreshold: TEXT,
    MaxTrailingLogs: INTEGER,
    MinQuorum: INTEGER,
    ServerStabilizationTime: TEXT,
    RedundancyZoneTag: TEXT,
    DisableUpgradeMigration: FLAG,
    UpgradeVersionTag: TEXT,
    ...STAMP,
  }),
  AutopilotHealth: object({
    Healthy: FLAG,
    FailureTolerance: INTEGER,
    Servers: listOf(
      object({
        ID: TEXT,
        Name: TEXT,
        Address: TEXT,
        SerfStatus: TEXT,
        Version: TEXT,
        Leader: FLAG,
        LastContact: TEXT,
        LastTerm: INTEGER,
        LastIndex: INTEGER,
        Healthy: FLAG,
        Voter: FLAG,
        StableSince: TIME,
      }),
    ),
  }),
  AutopilotState: object({
    Healthy: FLAG,
    FailureTolerance: INTEGER,
    OptimisticFailureTolerance: INTEGER,
    Servers: mapOf(
      object({
        ID: TEXT,
        Name: TEXT,
        Address: TEXT,
        Version: TEXT,
        LastContact: TEXT,
        LastTerm: INTEGER,
        LastIndex: INTEGER,
        Healthy: FLAG,
        StableSince: TIME,
        NodeStatus: TEXT,
        ReadReplica: FLAG,
        Status: TEXT,
        Meta: TEXT_MAP,
        NodeType: TEXT,
      }),
    ),
    Leader: TEXT,
    Voters: orNull(TEXTS),
  }),
  Usage: object({
    Usage: mapOf(
      object({
        Nodes: INTEGER,
        Services: INTEGER,
        ServiceInstances: INTEGER,
        ConnectServiceInstances: mapOf(INTEGER),
        BillableServiceInstances: INTEGER,
      }),
    ),
    Index: INTEGER,
    LastContact: INTEGER,
    KnownLeader: FLAG,
  }),
};
