/**
 * The shared nouns. Rows are what the catalog stores: frozen, replaced as a whole, compared by identity.
 *
 * Absent and empty are different where a client can see it: `null` means "was not given".
 * Indexes are stamped when a row is installed; code that makes rows writes `UNSTAMPED`.
 * A new field of a service is added here, in http/ casing, and nowhere else: stores keep rows as documents.
 */
import type { KvValue } from './kv-value.ts';

declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

export type NodeName = Brand<'NodeName'>;
export type ServiceName = Brand<'ServiceName'>;
export type ServiceId = Brand<'ServiceId'>;
export type CheckId = Brand<'CheckId'>;
export type SessionId = Brand<'SessionId'>;

/** Rises with every committed write; 0 is "before everything". */
export type ModifyIndex = number;

export interface Stamp {
  readonly createIndex: ModifyIndex;
  readonly modifyIndex: ModifyIndex;
}

/** The stamp of a row that is not installed yet. */
export const UNSTAMPED: Stamp = Object.freeze({ createIndex: 0, modifyIndex: 0 });

export type StringMap = Readonly<Record<string, string>>;

export interface NodeRow extends Stamp {
  readonly name: NodeName;
  /** A UUID, or '' for nodes that were registered without one. */
  readonly id: string;
  /** An IP address or host name. */
  readonly address: string;
  readonly taggedAddresses: StringMap | null;
  readonly meta: StringMap | null;
}

export interface ServiceAddress {
  readonly address: string;
  readonly port: number;
}

export interface Weights {
  readonly passing: number;
  readonly warning: number;
}

/** '' is an ordinary service; the others are kinds of mesh proxies and gateways. */
export const SERVICE_KINDS = [
  '',
  'connect-proxy',
  'mesh-gateway',
  'terminating-gateway',
  'ingress-gateway',
  'api-gateway',
] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

/** A JSON document that is stored and given back as it came (mesh settings). */
export type JsonObject = { readonly [key: string]: unknown };

/** One instance, as a definition or a catalog row describes it. */
export interface ServiceDefinition {
  readonly id: ServiceId;
  readonly name: ServiceName;
  readonly kind: ServiceKind;
  readonly tags: readonly string[];
  /** '' stands for the address of the node. */
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>> | null;
  readonly meta: StringMap | null;
  /** 0 when the instance has no port. */
  readonly port: number;
  readonly socketPath: string;
  readonly weights: Weights;
  readonly enableTagOverride: boolean;
  /** As given, PascalCase keys; null when there is none. */
  readonly proxy: JsonObject | null;
  readonly connect: JsonObject | null;
  readonly locality: JsonObject | null;
}

export interface ServiceRow extends ServiceDefinition, Stamp {
  readonly node: NodeName;
}

export const STATUSES = ['passing', 'warning', 'critical', 'maintenance'] as const;
/** `maintenance` is derived, never stored. */
export type AggregatedStatus = (typeof STATUSES)[number];
export type CheckStatus = Exclude<AggregatedStatus, 'maintenance'>;

export const SERF_HEALTH = 'serfHealth' as CheckId;
export const NODE_MAINTENANCE = '_node_maintenance' as CheckId;
export const SERVICE_MAINTENANCE_PREFIX = '_service_maintenance:';

export interface CheckRow extends Stamp {
  readonly node: NodeName;
  readonly id: CheckId;
  readonly name: string;
  readonly status: CheckStatus;
  readonly notes: string;
  readonly output: string;
  /** '' for a check of the node, which counts for all its services. */
  readonly serviceId: ServiceId;
  readonly serviceName: ServiceName;
  readonly serviceTags: readonly string[];
  /** ttl, http, tcp …; '' for checks that nobody runs. */
  readonly type: string;
  /** Go durations as text; '' when there is none. */
  readonly interval: string;
  readonly timeout: string;
  readonly exposedPort: number;
  /** As registered through the catalog API, PascalCase keys; {} for checks that the agent runs. */
  readonly definition: JsonObject;
}

/** TLS settings of a probe. */
export interface ProbeTls {
  readonly skipVerify: boolean;
  /** '' means: from the address. */
  readonly serverName: string;
}

export type ProbeSpec =
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly method: string;
      readonly header: Readonly<Record<string, readonly string[]>>;
      readonly body: string;
      readonly disableRedirects: boolean;
      readonly tls: ProbeTls;
    }
  | { readonly kind: 'tcp'; readonly address: string; readonly useTls: boolean; readonly tls: ProbeTls }
  | { readonly kind: 'udp'; readonly address: string }
  | { readonly kind: 'grpc'; readonly target: string; readonly useTls: boolean; readonly tls: ProbeTls }
  | { readonly kind: 'h2ping'; readonly address: string; readonly useTls: boolean; readonly tls: ProbeTls }
  | { readonly kind: 'script'; readonly args: readonly string[] }
  | {
      readonly kind: 'docker';
      readonly containerId: string;
      readonly args: readonly string[];
      readonly shell: string;
    }
  | { readonly kind: 'os-service'; readonly service: string }
  | { readonly kind: 'alias'; readonly node: string; readonly serviceId: string }
  | { readonly kind: 'ttl'; readonly ttlMs: number }
  /** Never run: maintenance marks. */
  | { readonly kind: 'none' };

/** A check that this agent runs. Times in milliseconds; defaults are already filled in. */
export interface CheckDefinition {
  readonly id: CheckId;
  readonly name: string;
  readonly notes: string;
  /** '' for a check of the node. */
  readonly serviceId: ServiceId;
  /** Name of the service that it was registered with; the agent goes on showing it when the service takes another. */
  readonly serviceName?: ServiceName;
  readonly initialStatus: CheckStatus;
  readonly probe: ProbeSpec;
  /** 0 for ttl, alias and none. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly successBeforePassing: number;
  readonly failuresBeforeWarning: number;
  readonly failuresBeforeCritical: number;
  readonly outputMaxBytes: number;
  /** 0 is never. At least one minute otherwise. */
  readonly deregisterCriticalServiceAfterMs: number;
}

/** Who asked for a local registration: a client through the API, a file, or the agent itself (its own service). */
export type RegistrationSource = 'api' | 'config' | 'agent';

export interface LocalServiceRow extends Stamp {
  readonly definition: ServiceDefinition;
  readonly source: RegistrationSource;
  /** Secret that it is written to the catalog with; '' or none stands for the agent's own tokens. Shown to nobody. */
  readonly token?: string;
}

/** A check that this agent runs and its present state, kept so that a restart forgets nothing. */
export interface LocalCheckRow extends Stamp {
  readonly definition: CheckDefinition;
  readonly source: RegistrationSource;
  /** As that of a service. */
  readonly token?: string;
  readonly status: CheckStatus;
  readonly output: string;
  /** Wall time in ms of the last change of status. */
  readonly sinceMs: number;
  /** Wall time in ms when a TTL check expires; 0 for other kinds and before the first report. */
  readonly ttlDeadlineMs: number;
}

export interface KvRow extends Stamp {
  readonly key: string;
  /** Null is the empty value. */
  readonly value: KvValue | null;
  /** An unsigned 64-bit number, as decimal text because doubles end at 2^53. */
  readonly flags: string;
  readonly lockIndex: number;
  /** '' when nobody holds the lock. */
  readonly session: SessionId | '';
}

export interface SessionRow extends Stamp {
  readonly id: SessionId;
  readonly name: string;
  readonly node: NodeName;
  readonly lockDelayMs: number;
  readonly behavior: 'release' | 'delete';
  /** As given ("10s", "10.0s"), '' for none. */
  readonly ttl: string;
  readonly nodeChecks: readonly CheckId[];
  /** The older way to name checks; they count beside `nodeChecks`. */
  readonly checks: readonly CheckId[];
  readonly serviceChecks: readonly { readonly id: string; readonly namespace: string }[] | null;
}

/** A key whose lock nobody gets for a while, because the session that held it was lost. */
export interface LockDelayRow extends Stamp {
  readonly key: string;
  /** Wall time in ms. */
  readonly untilMs: number;
}

/** What a prepared query looks for; in the API's spelling, because clients get it back as they gave it. */
export type QueryService = {
  readonly Service: string;
  readonly Failover: {
    readonly NearestN: number;
    readonly Datacenters: readonly string[] | null;
    readonly Targets?: readonly JsonObject[];
  };
  readonly OnlyPassing: boolean;
  readonly IgnoreCheckIDs: readonly string[] | null;
  readonly Near: string;
  /** A tag behind "!" must not be there. */
  readonly Tags: readonly string[] | null;
  readonly NodeMeta: StringMap | null;
  readonly ServiceMeta: StringMap | null;
  readonly Connect: boolean;
  readonly Peer?: string;
  readonly SamenessGroup?: string;
};

/** A prepared query as the API shows it, with defaults filled in, but for what has a column of its own. */
export type QueryDocument = {
  readonly Token: string;
  readonly Template: { readonly Type: string; readonly Regexp: string; readonly RemoveEmptyTags: boolean };
  readonly Service: QueryService;
  readonly DNS: { readonly TTL: string };
};

export interface QueryRow extends Stamp {
  readonly id: string;
  readonly name: string;
  /** Whether names that begin with `name` are answered by it too. */
  readonly isTemplate: boolean;
  readonly session: string;
  readonly document: QueryDocument;
}

/** Where a node is in a segment of the network; see lib/network-coordinate.ts. */
export interface CoordinateRow extends Stamp {
  readonly node: NodeName;
  /** '' where the network has one segment only. */
  readonly segment: string;
  readonly vec: readonly number[];
  readonly error: number;
  readonly adjustment: number;
  readonly height: number;
}

/** A named document that everybody who shares the catalog obeys: the autopilot's settings. */
export interface SettingRow extends Stamp {
  readonly name: string;
  readonly value: string;
}

/** A small named fact of this installation: its node id. */
export interface FactRow extends Stamp {
  readonly name: string;
  readonly value: string;
}
