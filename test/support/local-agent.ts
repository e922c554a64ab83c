/**
 * A catalog with a Local on top, in memory and on a manual clock, as agent.ts would build them.
 */
import { Installer } from '../../src/catalog/installer.ts';
import type { Persistence } from '../../src/catalog/persistence.ts';
import { reduce } from '../../src/catalog/reduce.ts';
import { State } from '../../src/catalog/state.ts';
import { TABLES } from '../../src/catalog/tables.ts';
import { TopicIndexes, topicsOf } from '../../src/catalog/topics.ts';
import { Watch } from '../../src/catalog/watch.ts';
import { Writer } from '../../src/catalog/writer.ts';
import { decodeCheck, decodeService } from '../../src/decode/definitions.ts';
import { type Logger, silentLogger } from '../../src/lib/logger.ts';
import { Local } from '../../src/local/local.ts';
import type { LocalCheck } from '../../src/local/local-check.ts';
import type { ChecksChange, LocalSettings } from '../../src/local/registration.ts';
import type { CheckDefinition, RegistrationSource } from '../../src/model/types.ts';
import { rememberingStore } from '../../src/store/memory.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { seededRandom } from './seeded-random.ts';

export interface LocalAgent {
  readonly local: Local;
  readonly state: State;
  readonly writer: Writer;
  readonly watch: Watch;
  readonly indexes: TopicIndexes;
  readonly clock: ManualClock;
  readonly store: Persistence;
  /** What the scheduler was told, in order. */
  readonly changes: readonly ChecksChange[];
  readonly heartbeats: readonly LocalCheck[];
  /** Register from the API's JSON. */
  register(json: object, options?: { replaceExistingChecks?: boolean }): Promise<void>;
  registerCheck(json: object): Promise<void>;
}

export interface LocalAgentOptions {
  readonly store?: Persistence;
  readonly clock?: ManualClock;
  readonly settings?: Partial<LocalSettings>;
  readonly log?: Logger;
}

const DEFAULTS = { outputMaxBytes: 4_096 };

/** A check definition from the API's JSON. */
export function checkFrom(json: object): CheckDefinition {
  return decodeCheck(json, 'api', DEFAULTS);
}

/** Start a Local on a store that may hold something already. */
export async function startLocal(options: LocalAgentOptions = {}): Promise<LocalAgent> {
  const { store = rememberingStore(TABLES), clock = manualClock() } = options;
  const state = new State(TABLES);
  const stored = await store.load();
  state.load(stored.rows, stored.index);
  const watch = new Watch(clock);
  const random = seededRandom(7);
  const indexes = new TopicIndexes(stored.index);
  const installer = new Installer({ state, indexes, watch, topicsOf });
  const writer = new Writer({ specs: TABLES, reduce, state, installer, persistence: store, clock, random });
  const changes: ChecksChange[] = [];
  const heartbeats: LocalCheck[] = [];
  const local = new Local({
    own: () => ({
      node: { name: 'n1', id: 'id-1', address: '127.0.0.1', taggedAddresses: null, meta: null } as never,
      services: [decodeService({ Name: 'consul', Port: 8300 }, 'api', DEFAULTS).definition],
      checks: [],
    }),
    writer,
    state,
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
    store,
    changes,
    heartbeats,
    register: (json, { replaceExistingChecks = false } = {}) => {
      const source: RegistrationSource = 'api';
      return local.registerService(
        { ...decodeService(json, 'api', DEFAULTS), source },
        { replaceExistingChecks },
      );
    },
    registerCheck: (json) => local.registerCheck(checkFrom(json), 'api'),
  };
}
