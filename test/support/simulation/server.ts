/**
 * One server in the simulated world: the real catalog, write queue, store, lock, candidate, desk and pulse over
 * simulated ways out.
 */
import type { AgentsPart } from '../../../src/agent/agents-part.ts';
import { Term } from '../../../src/agent/term.ts';
import { Installer } from '../../../src/catalog/installer.ts';
import type { ServerRecord } from '../../../src/catalog/leader-lock.ts';
import type { Persistence, Stored } from '../../../src/catalog/persistence.ts';
import { reduce } from '../../../src/catalog/reduce.ts';
import { SessionTimers } from '../../../src/catalog/session-timers.ts';
import { State } from '../../../src/catalog/state.ts';
import { type CatalogKinds, TABLES } from '../../../src/catalog/tables.ts';
import { TopicIndexes, topicsOf } from '../../../src/catalog/topics.ts';
import { Watch } from '../../../src/catalog/watch.ts';
import { Writer } from '../../../src/catalog/writer.ts';
import { Candidate } from '../../../src/cluster/candidate.ts';
import { LeaderDesk } from '../../../src/cluster/leader-desk.ts';
import { LeaderPulse } from '../../../src/cluster/leader-pulse.ts';
import { ReplicaProgress } from '../../../src/cluster/replica-progress.ts';
import { type Clock, sleep } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { EtcdClient } from '../../../src/store/etcd/etcd-client.ts';
import { Layout } from '../../../src/store/etcd/etcd-layout.ts';
import { EtcdLock } from '../../../src/store/etcd/etcd-lock.ts';
import { type EtcdStoreParts, etcdStore } from '../../../src/store/etcd/etcd-store.ts';
import { type EtcdWorld, simulatedClient } from './etcd-client.ts';
import { Process } from './process.ts';
import { agentsOfServer } from './server-agents.ts';

export interface SimulatedServer {
  readonly process: Process;
  /** What it has for client agents. */
  readonly agents: AgentsPart;
  readonly state: State;
  readonly desk: LeaderDesk;
  readonly candidate: Candidate;
  /** How often its term began, and how often it ended. */
  readonly terms: { begun: number; ended: number };
}

export const PREFIX = '/rollcall/dc1/';
/** As the smallest that an etcd takes, so that large writes are staged. */
const MAX_TXN_OPS = 128;
const LOAD_AGAIN_MS = 300;

/** The real store on the simulated etcd. */
function openStore(
  client: EtcdClient,
  writer: string,
  parts: Pick<EtcdStoreParts<CatalogKinds>, 'clock' | 'random' | 'fence'>,
): Persistence {
  return etcdStore({
    ...parts,
    client,
    writer,
    prefix: PREFIX,
    specs: TABLES,
    maxTxnOps: MAX_TXN_OPS,
    maxRequestBytes: 1_500_000,
    watchIdleMs: 1_000,
    log: silentLogger,
  });
}

/** Load, as often as it takes. */
async function loadAgain(persistence: Persistence, clock: Clock): Promise<Stored> {
  for (;;) {
    try {
      return await persistence.load();
    } catch {
      await sleep(clock, LOAD_AGAIN_MS);
    }
  }
}

/** Start a server; resolves when it has loaded the catalog. */
export async function startServer(
  self: ServerRecord,
  servers: ReadonlyMap<string, ServerRecord>,
  world: EtcdWorld,
): Promise<SimulatedServer> {
  const { network } = world;
  const { random } = network;
  const process = new Process(self.id, network.clock);
  const { clock } = process;
  const client = simulatedClient(world, process);
  const lock = new EtcdLock({ client, layout: new Layout(PREFIX), clock, log: silentLogger });
  lock.start();
  const persistence = openStore(client, self.id, { clock, random, fence: () => lock.fence });
  const peers = network.peersOf(process);
  const state = new State(TABLES);
  const stored = await loadAgain(persistence, clock);
  state.load(stored.rows, stored.index);
  const watch = new Watch(clock);
  const indexes = new TopicIndexes(stored.index);
  const installer = new Installer({ state, indexes, watch, topicsOf });
  const progress = new ReplicaProgress(clock, () => state.index);
  installer.onInstalled(() => progress.moved());
  persistence.follow(stored.index, installer);
  const writer = new Writer({
    specs: TABLES,
    reduce,
    state,
    installer,
    persistence,
    clock,
    random,
  });
  const timers = new SessionTimers({ state, writer, clock, log: silentLogger });
  installer.onInstalled((applied) => timers.onInstalled(applied));
  const terms = { begun: 0, ended: 0 };
  const term = new Term([
    {
      begin: () => {
        terms.begun += 1;
      },
      end: () => {
        terms.ended += 1;
      },
    },
    timers,
    { begin: () => agents.judge.begin(), end: () => agents.judge.end() },
  ]);
  const candidate = new Candidate({ self, lock, progress, term, clock, log: silentLogger });
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
    lock,
    peers,
    clock,
    log: silentLogger,
  });
  const agents = agentsOfServer({
    self,
    servers,
    catalog: { state, indexes, installer },
    candidate,
    desk,
    peers,
    clock,
    random,
  });
  const methods = { ...agents.methods, ...desk.methods(), ...pulse.methods() };
  network.listen(self.id, { process, methods });
  candidate.start();
  pulse.start();
  agents.reporter.start();
  return { process, state, desk, candidate, terms, agents };
}
