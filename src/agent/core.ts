/**
 * What the rest of an agent knows of its rows, whatever its role: what it keeps registered, the catalog, and who waits for a
 * change of either. Opened by the role (server-role.ts).
 *
 * The rows are loaded before anything listens, so the first DNS answer after a restart is already complete.
 */
import type { InstalledListener } from '../catalog/installer.ts';
import type { OpenedStore } from '../catalog/opened-store.ts';
import type { ServiceSummaries } from '../catalog/service-summary.ts';
import { nodeKey } from '../catalog/tables.ts';
import type { TopicIndexes } from '../catalog/topics.ts';
import type { Watch } from '../catalog/watch.ts';
import type { Writer } from '../catalog/writer.ts';
import type { CommandPart, RefusedPart } from '../cluster/agent-messages.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { type AgentState, isAgentTopic } from '../local/agent-rules.ts';
import type { CatalogPort } from '../local/catalog-port.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Origin } from '../model/history-types.ts';
import type { AclSettings } from './acl/acl-settings.ts';
import type { AgentTokens } from './acl/agent-tokens.ts';
import type { TokenAnswer } from './acl/token-answer.ts';
import type { Config } from './config/options.ts';
import type { Identity } from './identity.ts';
import type { Part } from './lifecycle.ts';
import type { Security } from './security.ts';
import type { CurrentConfig } from './settings.ts';

/** Have parts of a command carried out, each with the rights of its token; resolves to those that were refused. */
export type SubmitParts = (
  parts: readonly CommandPart[],
  by: Origin | undefined,
) => Promise<readonly RefusedPart[]>;

/** What a client agent has servers decide. */
export interface RemoteRights {
  /** What a secret is; undefined when no server says. Never rejects. */
  askToken(secret: string): Promise<TokenAnswer | undefined>;
  readonly submitParts: SubmitParts;
  /** Have `listener` called whenever a server was reached. */
  onReached(listener: () => void): void;
}

export interface Core {
  readonly agentState: AgentState;
  readonly state: OpenedStore['state'];
  /** Where commands go, from this agent. */
  readonly writer: Pick<Writer, 'submit' | 'depth'>;
  /** Of the topics of both stores. */
  readonly indexes: Pick<TopicIndexes, 'of'>;
  readonly watch: Watch;
  readonly summaries: ServiceSummaries;
  /** Have `listener` told of every installed write of the catalog, in order, before those who wait are woken. */
  onInstalled(listener: InstalledListener): void;
  /** The catalog, as local/ knows it. */
  readonly catalog: CatalogPort;
  /** Absent where tokens are in the catalog of this process. */
  readonly remote?: RemoteRights;
  /** End with what was taken durable. */
  close(): Promise<void>;
}

export interface CoreParts {
  /** '' keeps everything in memory. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly config: Config;
  /** What of it a reload may change. */
  readonly current: Pick<CurrentConfig, 'derive'>;
  readonly security: Security;
  /** What access control is configured to be. */
  readonly acl: AclSettings;
  readonly tokens: AgentTokens;
  /** Who this agent is, which its own store remembers. */
  readonly identify: (agentState: AgentState) => Promise<Identity>;
  /** `limits.kv_max_total_size`; 0 is what the machine has room for. */
  readonly maxKvBytes: number;
}

/** The stores number their writes on their own, so every question is about topics of one of them. */
export function indexesOfBoth(
  agentState: Pick<AgentState, 'indexes'>,
  catalog: Pick<OpenedStore, 'indexes'>,
): Core['indexes'] {
  const of = (topics: readonly string[]): number => {
    const isAgents = topics.length > 0 && topics.every(isAgentTopic);
    return (isAgents ? agentState : catalog).indexes.of(topics);
  };
  return { of: (topics) => of([...topics]) };
}

/** The catalog in this process, as local/ knows it. */
export function catalogPort({ state: { view }, writer }: Pick<Core, 'state' | 'writer'>): CatalogPort {
  return {
    submit: (command) => writer.submit(command),
    rowsOfNode: async (name) => ({
      node: view.nodes.get(nodeKey(name)),
      services: [...view.services.by('node', nodeKey(name))],
      checks: [...view.checks.by('node', nodeKey(name))],
    }),
  };
}

/** Stores and queues as one part: what was taken is durable before a store closes. */
export function corePart({ watch, close }: Core): Part {
  return {
    name: 'catalog',
    start: async () => {},
    stop: async () => {
      await close();
      watch.abandonAll();
    },
  };
}
