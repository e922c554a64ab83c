/**
 * Everything that routes need of the rest of the agent. agent/agent.ts builds it; tests build it from values.
 *
 * Routes get rows from `view`, change things by `writer.submit` (the catalog) or `local` (what this agent runs), and
 * never hold state of their own. What only one group needs goes into an optional port of its own at the end.
 */

import type { Coordinates } from '../catalog/coordinate.ts';
import type { EventRing } from '../catalog/event.ts';
import type { OtherDatacenters } from '../catalog/query-failover.ts';
import type { ServiceSummaries } from '../catalog/service-summary.ts';
import type { State } from '../catalog/state.ts';
import type { TopicIndexes } from '../catalog/topics.ts';
import type { Watch } from '../catalog/watch.ts';
import type { Writer } from '../catalog/writer.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ExplainDns } from '../model/explanation.ts';
import type { Origin } from '../model/history-types.ts';
import type {
  CheckDefinition,
  CheckId,
  CheckStatus,
  JsonObject,
  LocalCheckRow,
  LocalServiceRow,
  RegistrationSource,
  ServiceDefinition,
  ServiceId,
  SessionRow,
  StringMap,
} from '../model/types.ts';
import type { Authorizer } from './access/right.ts';
import type { AskedWith } from './access/sent-token.ts';
import type { AclPort } from './acl-port.ts';
import type { CatalogCopy } from './catalog-copy.ts';
import type { ClusterPort } from './cluster-port.ts';
import type { AnswerElsewhere } from './elsewhere-port.ts';

import type { BudgetLimits } from './listen/budget.ts';
import type { Membership } from './membership.ts';
import type { NetworkPort } from './network-port.ts';

/** Questions that DNS was asked lately, a fair sample of them. */
export interface QuestionBatch {
  readonly seen: number;
  readonly questions: readonly {
    /** Wall time in ms. */
    readonly atMs: number;
    readonly client: string;
    readonly transport: string;
    readonly name: string;
    readonly type: string;
    readonly rcode: string;
    readonly answers: number;
    readonly elapsedMs: number;
  }[];
}

/** A check of this agent with its live state; stamps do not matter here. */
export type LocalCheckState = Pick<LocalCheckRow, 'definition' | 'source' | 'status' | 'output' | 'sinceMs'>;

/** What this agent was asked to keep registered; see local/local.ts. `by` is who asks, for the history. */
export interface LocalRegistrations {
  services(): ReadonlyMap<ServiceId, Pick<LocalServiceRow, 'definition' | 'source'>>;
  checks(): ReadonlyMap<CheckId, LocalCheckState>;
  /** Resolves when durable and visible. */
  registerService(
    registration: {
      readonly definition: ServiceDefinition;
      readonly checks: readonly CheckDefinition[];
      readonly source: RegistrationSource;
      readonly token: string;
    },
    options: { readonly replaceExistingChecks: boolean; readonly by?: Origin },
  ): Promise<void>;
  /** Throws for checks that run programs where the configuration forbids them. */
  refuseForbidden(checks: readonly CheckDefinition[], source: RegistrationSource): void;
  /** False: unknown. */
  deregisterService(id: string, by?: Origin): Promise<boolean>;
  registerCheck(
    definition: CheckDefinition,
    registrant: { readonly source: RegistrationSource; readonly token: string },
    by?: Origin,
  ): Promise<void>;
  deregisterCheck(id: string, by?: Origin): Promise<boolean>;
  updateTtl(
    id: string,
    status: CheckStatus,
    output: string,
    by?: Origin,
  ): Promise<'ok' | 'unknown' | 'not-ttl'>;
  setServiceMaintenance(id: string, isOn: boolean, reason: string, by?: Origin): Promise<boolean>;
  /** `token` is the secret that the mark is written to the catalog with; a service's mark goes with the service's. */
  setNodeMaintenance(isOn: boolean, reason: string, by?: Origin, token?: string): Promise<void>;
}

/** Services on their way out; see local/drains.ts. */
export interface DrainPort {
  list(): readonly DrainDocument[];
  begin(drain: DrainDocument): Promise<void>;
  cancel(serviceId: string): Promise<void>;
}

/** `serviceId` '' is the node, `untilCheck` '' none; wall time in ms. */
interface DrainDocument {
  readonly serviceId: string;
  readonly endsMs: number;
  readonly untilCheck: string;
  readonly deregister: boolean;
}

/** What a check said lately. */
export interface CheckHistory {
  readonly results: readonly {
    /** Wall time in ms. */
    readonly atMs: number;
    /** 0 for reports that came from outside. */
    readonly durationMs: number;
    readonly status: CheckStatus;
    readonly output: string;
  }[];
  /** Changes of status since the agent runs it. */
  readonly flaps: number;
}

/** Options of the agent that the API obeys or shows. Frozen. */
export interface HttpConfig {
  /** Indent every JSON answer, not only with `?pretty` (development agents). */
  readonly isAlwaysPretty: boolean;
  readonly isServer: boolean;
  /** `acl`. */
  readonly acl: {
    readonly isEnabled: boolean;
    readonly defaultAllows: boolean;
    /** Listing keys needs `list` on what is asked for. */
    readonly hasKeyListPolicy: boolean;
  };
  readonly domain: string;
  /** Address that members and the leader are shown with. */
  readonly advertiseAddress: string;
  readonly ports: {
    readonly http: number;
    readonly dns: number;
    readonly server: number;
    readonly serfLan: number;
    readonly serfWan: number;
  };
  /** `default_query_time`, `max_query_time`. */
  readonly defaultQueryTimeMs: number;
  readonly maxQueryTimeMs: number;
  /** `http_config`. */
  readonly blockEndpoints: readonly string[];
  /** `translate_wan_addrs`. */
  readonly isTranslating: boolean;
  /** Names that the agent is asked by; one that begins with a dot stands for all names below it. */
  readonly hostNames: readonly string[];
  /** `disable_http_unprintable_char_filter`. */
  readonly isEveryPathTaken: boolean;
  /** CIDR blocks; empty allows all. */
  readonly allowWriteHttpFrom: readonly string[];
  /** `limits`; 0 connections is no limit. */
  readonly maxConnectionsPerClient: number;
  /** Whether agents know each other by a secret (`encrypt`). */
  readonly hasSecret: boolean;
  /** `limits.https_handshake_timeout`. */
  readonly httpsHandshakeMs: number;
  readonly kvMaxValueBytes: number;
  readonly txnMaxRequestBytes: number;
  readonly registrationMaxBytes: number;
  readonly registrationMaxChecks: number;
  /** Octets of bodies that are being received or worked on, and of answers not yet taken. */
  readonly bodies: BudgetLimits;
  readonly answers: BudgetLimits;
  readonly minSessionTtlMs: number;
  /** `telemetry.prometheus_retention_time`; 0 answers 415 on Consul's path. */
  readonly prometheusRetentionMs: number;
  readonly telemetryPrefix: string;
  /** `disable_coordinates`. */
  readonly hasCoordinates: boolean;
  readonly isUiEnabled: boolean;
  /** Starts and ends with a slash. */
  readonly uiContentPath: string;
  /** Folder with the built page; undefined when it was not built. */
  readonly uiDir: string | undefined;
  /** Address of a service's dashboard with names to fill in; '' for none. */
  readonly dashboardTemplate: string;
  /** Folder for bodies that are too large for memory. */
  readonly uploadDir: string;
  /** `check_output_max_size`. */
  readonly checkOutputMaxBytes: number;
}

/** Options that a reload changes; frozen, and the same object until the next reload. */
export interface LiveHttpConfig {
  /** Metadata of the agent's node. */
  readonly nodeMeta: StringMap;
  /** `http_config.response_headers`. */
  readonly responseHeaders: StringMap;
  /** Shown by /v1/agent/self as DebugConfig; secrets are already hidden. */
  readonly debugConfig: JsonObject;
  /** Where options of it were set that are not at their defaults: a file, a flag, a variable. */
  readonly configSources: StringMap;
}

/** Lines of the agent's log as they are written. */
export interface LogStream {
  /** Call `onLine` (no line end) for lines of `level` and above until the returned function is called. */
  subscribe(level: string, isJson: boolean, onLine: (line: string) => void): () => void;
}

/** Of the time that is spent, or of the memory that is allocated. */
export type ProfileKind = 'cpu' | 'heap';

export interface HttpParts {
  /** The rights of whoever asks. Throws forbidden for one who is not known. */
  authorizerOf(request: AskedWith): Authorizer;
  /**
   * Where servers have to be asked about tokens: resolves once `authorizerOf` may be asked, undefined when that is so already.
   * Never rejects.
   */
  readonly knowAsker?: ((request: AskedWith) => Promise<void> | undefined) | undefined;
  /** Undefined where access control is off. */
  readonly acl: AclPort | undefined;
  readonly state: State;
  /** Of the topics of the catalog and of those of local/, each as its own store counts. */
  readonly indexes: Pick<TopicIndexes, 'of'>;
  readonly watch: Watch;
  readonly summaries: ServiceSummaries;
  readonly writer: Pick<Writer, 'submit' | 'depth'>;
  readonly copy: CatalogCopy;
  readonly local: LocalRegistrations;
  readonly config: HttpConfig;
  /** Asked at every use. */
  live(): LiveHttpConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly logStream: LogStream;
  readonly metrics: Metrics;
  readonly nodeName: string;
  readonly nodeId: string;
  readonly datacenter: string;
  readonly version: string;
  /** Of this program; `version` is that of Consul whose behaviour clients may count on. */
  readonly ownVersion: string;
  /** Read the configuration again; rejects with `config_invalid` and keeps the old one. */
  reload(): Promise<unknown>;
  /** What `reload` would do, for people; rejects as it would. */
  previewReload(): Promise<{
    readonly added: readonly string[];
    readonly changed: readonly string[];
    readonly removed: readonly string[];
    readonly options: readonly string[];
    readonly needRestart: readonly string[];
  }>;
  /** False once the agent is on its way out. */
  isReady(): boolean;
  /** A profile of the next `ms`, or undefined while another one is made; undefined where `enable_debug` is off. */
  readonly takeProfile: ((kind: ProfileKind, ms: number) => Promise<unknown>) | undefined;
  /** Octets that the heap has room for, beside what is alive in it. */
  readonly heapRoomBytes: () => number;
  /** Leave in good order and end the process soon after. */
  leave(): Promise<void>;
  /** The servers of this datacenter. */
  readonly cluster: ClusterPort;
  readonly membership: Membership;
  /** Names of all known datacenters, the own one first and the others by their distance. */
  datacenters(): readonly string[];
  /** Answers what is not answered here; absent where everything is. */
  readonly elsewhere?: AnswerElsewhere | undefined;
  /** Give a session its whole time again; false: whoever keeps it does not know it. */
  readonly renewSession: (session: SessionRow) => Promise<boolean>;
  readonly drains: DrainPort;
  readonly events: EventRing;
  readonly coordinates: Coordinates;
  readonly network: NetworkPort;
  /** Where prepared queries go on that find nothing here; absent where there are no other datacenters. */
  readonly otherDatacenters?: OtherDatacenters | undefined;
  /** When the certificates that this agent shows end, ms since 1970, by interface. */
  readonly certificateEnds?: () => Readonly<Record<string, number>>;
  /** The reply to a DNS message and for how long it is true; undefined when there is none to give. */
  answerDns(
    message: Uint8Array,
    address: string,
  ): Promise<{ readonly message: Uint8Array; readonly freshSeconds: number } | undefined>;
  /**
   * Shows some of the questions that DNS is asked, a few times a second, until the returned function is called; undefined
   * where DNS is off. Throws over_budget when too many watch.
   */
  watchDns(onBatch: (batch: QuestionBatch) => void): (() => void) | undefined;
  /** Why a DNS question is answered as it is; throws `bad_request` for what is no question. */
  readonly explainDns: ExplainDns;
  /** Latest results of a check that this agent runs, newest first; undefined for one that it does not. */
  checkHistory(id: CheckId): CheckHistory | undefined;
  /** Run a check once and keep nothing; undefined for kinds that cannot be run. */
  testCheck(
    definition: CheckDefinition,
  ): Promise<Pick<CheckHistory['results'][number], 'status' | 'output' | 'durationMs'> | undefined>;
}
