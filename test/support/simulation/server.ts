/**
 * One server in the simulated world: the real catalog, write queue, candidate, desk and pulse over simulated ways out.
 */
import { Installer } from '../../../src/catalog/installer.ts';
import type { ServerRecord } from '../../../src/catalog/leader-lock.ts';
import { reduce } from '../../../src/catalog/reduce.ts';
import { State } from '../../../src/catalog/state.ts';
import { TABLES } from '../../../src/catalog/tables.ts';
import { TopicIndexes, topicsOf } from '../../../src/catalog/topics.ts';
import { Watch } from '../../../src/catalog/watch.ts';
import { Writer } from '../../../src/catalog/writer.ts';
import { Candidate } from '../../../src/cluster/candidate.ts';
import { LeaderDesk } from '../../../src/cluster/leader-desk.ts';
import { LeaderPulse } from '../../../src/cluster/leader-pulse.ts';
import { ReplicaProgress } from '../../../src/cluster/replica-progress.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { Network } from './network.ts';
import { Process } from './process.ts';
import { type SimulatedStore, StoreClient } from './store.ts';

export interface SimulatedServer {
  readonly process: Process;
  readonly state: State;
  readonly desk: LeaderDesk;
  readonly candidate: Candidate;
  /** How often its term began, and how often it ended. */
  readonly terms: { begun: number; ended: number };
}

/** Start a server; resolves when it has loaded the catalog. */
export async function startServer(
  self: ServerRecord,
  servers: ReadonlyMap<string, ServerRecord>,
  store: SimulatedStore,
  network: Network,
): Promise<SimulatedServer> {
  const process = new Process(self.id, network.clock);
  const { clock } = process;
  const client = new StoreClient(store, process);
  const peers = network.peersOf(process);
  const state = new State(TABLES);
  const stored = await client.persistence.load();
  state.load(stored.rows, stored.index);
  const watch = new Watch(clock);
  const installer = new Installer({ state, indexes: new TopicIndexes(stored.index), watch, topicsOf });
  const progress = new ReplicaProgress(clock, () => state.index);
  installer.onInstalled(() => progress.moved());
  client.persistence.follow(stored.index, installer);
  const writer = new Writer({
    specs: TABLES,
    reduce,
    state,
    installer,
    persistence: client.persistence,
    clock,
    random: network.random,
  });
  const terms = { begun: 0, ended: 0 };
  const term = {
    begin: () => {
      terms.begun += 1;
    },
    end: () => {
      terms.ended += 1;
    },
  };
  const candidate = new Candidate({ self, lock: client, progress, term, clock, log: silentLogger });
  const desk = new LeaderDesk({
    candidate,
    peers,
    progress,
    clock,
    submit: (command) => writer.submit(command),
    indexNow: () => state.index,
  });
  const pulse = new LeaderPulse({
    self,
    candidate,
    directory: { servers },
    lock: client,
    peers,
    clock,
    log: silentLogger,
  });
  network.listen(self.id, { process, methods: { ...desk.methods(), ...pulse.methods() } });
  candidate.start();
  pulse.start();
  return { process, state, desk, candidate, terms };
}
