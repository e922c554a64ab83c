/**
 * The rows of this process: the catalog and what this agent keeps registered, each loaded from its store, and who waits
 * for a change of either.
 *
 * The rows are loaded before anything listens, so the first DNS answer after a restart is already complete.
 */
import type { InstalledListener } from '../catalog/installer.ts';
import { type OpenedStore, openStore, type StoreTools } from '../catalog/opened-store.ts';
import { CATALOG_RULES } from '../catalog/reduce.ts';
import { ServiceSummaries } from '../catalog/service-summary.ts';
import { nodeKey } from '../catalog/tables.ts';
import type { TopicIndexes } from '../catalog/topics.ts';
import { Watch } from '../catalog/watch.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { AGENT_RULES, type AgentState, isAgentTopic } from '../local/agent-rules.ts';
import type { CatalogPort } from '../local/catalog-port.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { watchHeap } from './heap-watch.ts';
import type { Part } from './lifecycle.ts';
import { agentRoom, catalogRoom } from './metered-room.ts';
import { openStores } from './stores.ts';

export interface Core {
  readonly agentState: AgentState;
  readonly state: OpenedStore['state'];
  readonly writer: OpenedStore['writer'];
  /** Of the topics of both stores. */
  readonly indexes: Pick<TopicIndexes, 'of'>;
  readonly watch: Watch;
  readonly summaries: ServiceSummaries;
  /** Have `listener` told of every installed write of the catalog, in order, before those who wait are woken. */
  onInstalled(listener: InstalledListener): void;
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

/** Load both stores and make their queues. Rejects with AppError, nothing left open, when one cannot be opened. */
export async function openCore(parts: CoreParts): Promise<Core> {
  const { dataDir, clock, random, metrics, log, maxKvBytes } = parts;
  const stores = await openStores(dataDir, { metrics, clock, log });
  const watch = new Watch(clock);
  const tools: StoreTools = { watch, clock, random };
  const heap = watchHeap();
  const limits = { maxKvBytes, isHeapFull: heap.isFull, metrics };
  const opening = [
    openStore(stores.agent, AGENT_RULES, tools, agentRoom(limits)) as Promise<AgentState>,
    openStore(stores.catalog, CATALOG_RULES, tools, catalogRoom(limits)) as Promise<OpenedStore>,
  ] as const;
  const opened = await Promise.allSettled(opening);
  const [first] = opened.filter((each) => each.status === 'rejected');
  if (first !== undefined) {
    heap.stop();
    for (const each of opened) if (each.status === 'fulfilled') await each.value.close();
    throw first.reason;
  }
  const [agentState, catalog] = await Promise.all(opening);
  const { state, writer, installer } = catalog;
  return {
    agentState,
    state,
    writer,
    watch,
    indexes: indexesOfBoth(agentState, catalog),
    summaries: new ServiceSummaries(state.view, catalog.indexes),
    onInstalled: (listener) => installer.onInstalled(listener),
    close: async () => {
      heap.stop();
      await Promise.all([catalog.close(), agentState.close()]);
    },
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
