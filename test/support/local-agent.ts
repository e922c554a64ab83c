/**
 * A catalog and an agent's own store with a Local on top, in memory and on a manual clock, as agent.ts would build them.
 */
import { catalogPort, indexesOfBoth } from '../../src/agent/core.ts';
import type { Stores } from '../../src/agent/stores.ts';
import type { Command, Results } from '../../src/catalog/command.ts';
import { HistoryJournal, type HistorySettings } from '../../src/catalog/history/journal.ts';
import { openStore } from '../../src/catalog/opened-store.ts';
import { CATALOG_RULES } from '../../src/catalog/reduce.ts';
import type { State } from '../../src/catalog/state.ts';
import { type CatalogKinds, TABLES, type View } from '../../src/catalog/tables.ts';
import type { TopicIndexes } from '../../src/catalog/topics.ts';
import { Watch } from '../../src/catalog/watch.ts';
import type { Writer } from '../../src/catalog/writer.ts';
import { decodeCheck, decodeService } from '../../src/decode/definitions.ts';
import { type Logger, silentLogger } from '../../src/lib/logger.ts';
import { AGENT_RULES, type AgentState } from '../../src/local/agent-rules.ts';
import { AGENT_TABLES, type AgentKinds } from '../../src/local/agent-tables.ts';
import { Local } from '../../src/local/local.ts';
import type { LocalCheck } from '../../src/local/local-check.ts';
import type { ChecksChange, LocalSettings } from '../../src/local/registration.ts';
import type { AgentCommand, AgentResults } from '../../src/local/registration-command.ts';
import type { CheckDefinition, RegistrationSource } from '../../src/model/types.ts';
import { rememberingStore } from '../../src/store/memory.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { seededRandom } from './seeded-random.ts';

export interface LocalAgent {
  readonly local: Local;
  readonly state: State;
  readonly writer: Writer;
  readonly watch: Watch;
  readonly indexes: Pick<TopicIndexes, 'of'>;
  readonly clock: ManualClock;
  readonly agentState: AgentState;
  readonly stores: Stores;
  /** What the scheduler was told, in order. */
  readonly changes: readonly ChecksChange[];
  readonly heartbeats: readonly LocalCheck[];
  /** Register from the API's JSON. */
  register(json: object, options?: { replaceExistingChecks?: boolean }): Promise<void>;
  registerCheck(json: object): Promise<void>;
}

export interface LocalAgentOptions {
  readonly stores?: Stores;
  readonly clock?: ManualClock;
  readonly settings?: Partial<LocalSettings>;
  readonly log?: Logger;
  readonly history?: Partial<HistorySettings>;
}

const HISTORY: HistorySettings = {
  maxNotes: 1_000,
  maxAgeMs: 3_600_000,
  maxBytes: 1_000_000,
  kvPrefixes: [],
};

const DEFAULTS = { outputMaxBytes: 4_096 };

/** A check definition from the API's JSON. */
export function checkFrom(json: object): CheckDefinition {
  return decodeCheck(json, 'api', DEFAULTS);
}

/** Stores that a restart finds as they were left. */
export const rememberingStores = (): Stores => ({
  agent: rememberingStore(AGENT_TABLES),
  catalog: rememberingStore(TABLES),
});

/** Start a Local on stores that may hold something already. */
export async function startLocal(options: LocalAgentOptions = {}): Promise<LocalAgent> {
  const { stores = rememberingStores(), clock = manualClock() } = options;
  const watch = new Watch(clock);
  const random = seededRandom(7);
  const tools = { watch, clock, random };
  const makeJournal = (view: View): HistoryJournal =>
    new HistoryJournal(view, { ...HISTORY, ...options.history });
  const [agentState, catalog] = await Promise.all([
    openStore<AgentKinds, AgentCommand, AgentResults>(stores.agent, AGENT_RULES, tools),
    openStore<CatalogKinds, Command, Results>(stores.catalog, { ...CATALOG_RULES, makeJournal }, tools),
  ]);
  // An agent knows its id before it does anything else.
  await agentState.writer.submit({ kind: 'fact', name: 'node_id', value: 'id-1' });
  const { state, writer } = catalog;
  const indexes = indexesOfBoth(agentState, catalog);
  const changes: ChecksChange[] = [];
  const heartbeats: LocalCheck[] = [];
  const local = new Local({
    own: () => ({
      node: { name: 'n1', id: 'id-1', address: '127.0.0.1', taggedAddresses: null, meta: null } as never,
      services: [decodeService({ Name: 'consul', Port: 8300 }, 'api', DEFAULTS).definition],
      checks: [],
    }),
    agentState,
    catalog: catalogPort(catalog),
    clock,
    random,
    log: options.log ?? silentLogger,
    settings: () => ({
      checkUpdateIntervalMs: 300_000,
      discardCheckOutput: false,
      scripts: 'none',
      ...options.settings,
    }),
    onChecksChanged: (change) => void changes.push(change),
    onHeartbeat: (check) => void heartbeats.push(check),
  });
  await local.start();
  return {
    local,
    state,
    writer,
    watch,
    indexes,
    clock,
    agentState,
    stores,
    changes,
    heartbeats,
    register: (json, { replaceExistingChecks = false } = {}) => {
      const source: RegistrationSource = 'api';
      return local.registerService(
        { ...decodeService(json, 'api', DEFAULTS), source },
        { replaceExistingChecks },
      );
    },
    registerCheck: (json) => local.registerCheck(checkFrom(json), { source: 'api' }),
  };
}
