/**
 * The answers of the API as far as the page reads them. `null` is what the API says for an empty list or map.
 *
 * A field that older agents lack is optional here, and the page does without it.
 */

export type Status = 'passing' | 'warning' | 'critical' | 'maintenance';

export interface ServiceSummary {
  readonly Name: string;
  readonly Tags: readonly string[] | null;
  readonly Nodes: readonly string[] | null;
  readonly InstanceCount: number;
  readonly ChecksPassing: number;
  readonly ChecksWarning: number;
  readonly ChecksCritical: number;
  readonly InstancesPassing?: number;
  readonly InstancesWarning?: number;
  readonly InstancesCritical?: number;
  readonly InstancesMaintenance?: number;
}

/** Where a service runs, by the worst state of its instances on each node. */
export interface HealthMapLine {
  readonly Name: string;
  readonly Critical: readonly string[] | null;
  readonly Warning: readonly string[] | null;
  readonly Maintenance: readonly string[] | null;
  readonly Passing: readonly string[] | null;
}

export interface CheckShape {
  readonly Node: string;
  readonly CheckID: string;
  readonly Name: string;
  readonly Status: 'passing' | 'warning' | 'critical';
  readonly Notes: string;
  readonly Output: string;
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly Type?: string;
  readonly Interval?: string;
  readonly Timeout?: string;
  readonly ModifyIndex: number;
}

export interface NodeShape {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter: string;
  readonly Meta: Readonly<Record<string, string>> | null;
  readonly TaggedAddresses: Readonly<Record<string, string>> | null;
}

export interface ServiceShape {
  readonly ID: string;
  readonly Service: string;
  readonly Tags: readonly string[] | null;
  readonly Address: string;
  readonly Port: number;
  readonly Meta: Readonly<Record<string, string>> | null;
  readonly Weights?: { readonly Passing: number; readonly Warning: number };
  readonly TaggedAddresses?: Readonly<
    Record<string, { readonly Address: string; readonly Port: number }>
  > | null;
  readonly ModifyIndex?: number;
}

export interface InstanceShape {
  readonly Node: NodeShape;
  readonly Service: ServiceShape;
  readonly Checks: readonly CheckShape[];
}

export interface NodeServices {
  readonly Node: NodeShape;
  readonly Services: readonly ServiceShape[] | null;
}

export interface SessionShape {
  readonly ID: string;
  readonly Name: string;
  readonly Node: string;
  readonly TTL: string;
  readonly Behavior: string;
  readonly LockDelay: number;
  readonly CreateIndex: number;
}

export interface KvShape {
  readonly Key: string;
  /** Base64; null is the empty value. */
  readonly Value: string | null;
  /** Text when it is larger than a double can hold. */
  readonly Flags: number | string;
  readonly LockIndex: number;
  readonly Session?: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export interface QueryShape {
  readonly ID: string;
  readonly Name: string;
  readonly Service: {
    readonly Service: string;
    readonly Tags: readonly string[] | null;
    readonly OnlyPassing: boolean;
    readonly Near?: string;
    readonly NodeMeta?: Readonly<Record<string, string>> | null;
    readonly ServiceMeta?: Readonly<Record<string, string>> | null;
    readonly Failover?: { readonly NearestN?: number; readonly Datacenters?: readonly string[] | null };
  };
  readonly DNS?: { readonly TTL: string };
  readonly Template?: { readonly Type: string; readonly Regexp: string };
  readonly ModifyIndex: number;
}

export interface QueryResult {
  readonly Service: string;
  readonly Nodes: readonly InstanceShape[] | null;
  readonly Datacenter: string;
  readonly Failovers: number;
}

export interface EventShape {
  readonly ID: string;
  readonly Name: string;
  readonly Payload: string | null;
  readonly NodeFilter: string;
  readonly ServiceFilter: string;
  readonly TagFilter: string;
  readonly LTime: number;
  /** When this agent learned of it; agents of Consul leave it out. */
  readonly Time?: string;
}

/** A server of the cluster as the leader judges it. */
export interface ServerShape {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  /** Of its membership: alive, failed, left. */
  readonly NodeStatus: string;
  readonly Status: 'leader' | 'voter' | 'non-voter';
  /** As Go writes a duration; below zero while it is not heard. */
  readonly LastContact: string;
  /** 0 while it is not heard. */
  readonly LastTerm: number;
  readonly LastIndex: number;
  readonly Healthy: boolean;
  readonly StableSince: string;
}

export interface ServersState {
  readonly FailureTolerance: number;
  /** Node id of the leader. */
  readonly Leader: string;
  readonly Servers: Readonly<Record<string, ServerShape>>;
}

export interface RaftPeers {
  readonly Servers: readonly {
    readonly ID: string;
    readonly Node: string;
    readonly Address: string;
    readonly Voter: boolean;
  }[];
}

/** From this time on until the next span. */
export interface PastSpan {
  readonly At: string;
  readonly Status: Status | 'unknown' | 'absent';
}

/** An instance that changed lately; the id '' is the node itself. */
export interface PastInstance {
  readonly Node: string;
  readonly ServiceName: string;
  readonly ServiceID: string;
  /** Null where nothing is known. */
  readonly UpShare: number | null;
  readonly Falls: number;
  readonly IsFlapping: boolean;
  readonly Spans: readonly PastSpan[];
}

export interface HealthPast {
  /** Nothing is remembered from before. */
  readonly From: string;
  readonly To: string;
  readonly Instances: readonly PastInstance[];
  /** Instances that changed and are not in the list. */
  readonly Omitted: number;
  /** Instances that did not change, by state. */
  readonly Steady: Readonly<Partial<Record<Status, number>>>;
}

/** What a search found: service, instance, node, check, key or query. */
export interface FoundShape {
  readonly Kind: string;
  readonly Name: string;
  readonly ID?: string;
  readonly Node?: string;
  readonly ServiceName?: string;
}

/** What changed, as the agent remembers it. */
export interface HistoryEntry {
  readonly ID: string;
  readonly Time: string;
  readonly Kind: string;
  readonly Action: string;
  readonly Node?: string;
  readonly Service?: string;
  readonly ServiceID?: string;
  readonly CheckID?: string;
  readonly Name?: string;
  readonly Key?: string;
  readonly Before?: unknown;
  readonly After?: unknown;
  readonly Output?: string;
  readonly More?: number;
  readonly Why?: string;
  readonly By?: { readonly Agent?: string; readonly AccessorID?: string; readonly Address?: string };
}

export interface AgentSelf {
  readonly Config: {
    readonly Datacenter: string;
    readonly NodeName: string;
    readonly NodeID: string;
    readonly Server: boolean;
    readonly Version: string;
  };
  readonly DebugConfig?: Readonly<Record<string, unknown>>;
  /** Where each option of DebugConfig was set; agents that do not say leave it out. */
  readonly ConfigSources?: Readonly<Record<string, string>>;
  readonly Stats?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Metrics {
  readonly Gauges?:
    | readonly {
        readonly Name: string;
        readonly Labels?: Readonly<Record<string, string>>;
        readonly Value: number;
      }[]
    | null;
  readonly Counters:
    | readonly {
        readonly Name: string;
        readonly Labels?: Readonly<Record<string, string>>;
        readonly Count: number;
      }[]
    | null;
  readonly Samples:
    | readonly {
        readonly Name: string;
        readonly Labels?: Readonly<Record<string, string>>;
        /** How many values were at or below each bound. */
        readonly Buckets?: Readonly<Record<string, number>>;
      }[]
    | null;
}

/** A question of a DNS client, as /v1/dns/live shows it. */
export interface LiveQuestion {
  readonly Time: string;
  readonly Name: string;
  readonly Type: string;
  readonly Rcode: string;
  readonly Answers: number;
  readonly ElapsedMs: number;
  readonly Client: string;
  readonly Transport: string;
}

export interface LiveBatch {
  /** Questions since the last batch; some of them are in the list. */
  readonly Seen: number;
  readonly Questions: readonly LiveQuestion[];
}
