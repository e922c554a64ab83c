/**
 * The stores of a server of a cluster: its own registrations on its disk, the catalog in etcd; commands go to the
 * leader.
 */
import { type OpenedStore, openStore, type StoreTools } from '../../catalog/opened-store.ts';
import { CATALOG_RULES } from '../../catalog/reduce.ts';
import { ServiceSummaries } from '../../catalog/service-summary.ts';
import { Watch } from '../../catalog/watch.ts';
import type { CatalogCopy } from '../../http/catalog-copy.ts';
import { AGENT_RULES, type AgentState } from '../../local/agent-rules.ts';
import { type CatalogPort, farFailure } from '../../local/catalog-port.ts';
import { AppError } from '../../model/errors.ts';
import { findMemberProgram } from '../../store/etcd/member-program.ts';
import { type Core, type CoreParts, catalogPort, indexesOfBoth } from '../core.ts';
import { isAgeBounded } from '../dns-settings.ts';
import type { OpenCore } from '../ground.ts';
import { watchHeap } from '../heap-watch.ts';
import { catalogJournal } from '../metered-history.ts';
import { agentRoom, catalogRoom } from '../metered-room.ts';
import { peerIdentities, requireEtcdAddresses } from '../peer-identity.ts';
import type { Role } from '../role.ts';
import { openAgentStore } from '../stores.ts';
import { boundedAge } from './bounded-age.ts';
import { clusterPort } from './cluster-members.ts';
import { type ClusterServer, type ClusterServerParts, clusterServer } from './cluster-server.ts';
import { etcdHosts, serverSettings } from './cluster-settings.ts';
import { type ClusterRun, clusterRun } from './cluster-start.ts';
import { restoreAtLeader } from './restore-at-leader.ts';
import { renewAtLeader } from './session-renewal.ts';
import { sharedStore } from './shared-store.ts';

/** The catalog as local/ uses it. It never waits for a leader: what cannot be sent now is sent later. */
function portOf(server: ClusterServer, core: Pick<Core, 'state' | 'writer'>): CatalogPort {
  const port = catalogPort(core);
  const requireLeader = (): void => {
    if (server.candidate.standing.kind === 'leaderless') throw new AppError('no_leader', 'No cluster leader');
  };
  return {
    submit: async (command) => {
      requireLeader();
      try {
        return await port.submit(command);
      } catch (error) {
        throw farFailure(error);
      }
    },
    rowsOfNode: async (name) => {
      requireLeader();
      await server.desk.current('leader');
      return port.rowsOfNode(name);
    },
  };
}

function copyOf({ candidate, desk, pulse }: ClusterServer, isLoaded: () => boolean): CatalogCopy {
  return {
    standing: () => candidate.standing.kind,
    isLoaded,
    lastContactMs: () => pulse.lastContactMs,
    current: (consistency) =>
      candidate.standing.kind === 'leader' && consistency === 'leader'
        ? undefined
        : desk.current(consistency),
  };
}

interface Opened {
  readonly core: Core;
  readonly server: ClusterServer;
  readonly run: ClusterRun;
  readonly parts: ClusterServerParts;
}

function roleOf({ core, server, run, parts }: Opened): Role {
  const { late } = parts.shared;
  let isLoaded = false;
  const restore = restoreAtLeader(server, () => parts.tokens.of('default'));
  const { wan } = server.agents;
  const isBounded = isAgeBounded(parts.config);
  void late.whenRead.then(() => {
    isLoaded = true;
  });
  return {
    cluster: clusterPort(parts, server),
    membership: server.agents.membership,
    datacenters: () => wan.datacenters.names(),
    otherDatacenters: wan.others,
    network: server.agents.places.network(wan.datacenters),
    dns: { elsewhere: isBounded ? boundedAge({ ...parts, ...server }, wan.dns) : wan.dns },
    attach: (tools) => server.attach(tools),
    elsewhere: (...asked) => wan.http(...asked) ?? restore(...asked),
    copy: copyOf(server, () => isLoaded),
    renewSession: renewAtLeader(server.desk, server.sessionTimers, core.state),
    part: run.part,
    loaded: late.whenRead,
    events: {
      spread: (event) => {
        server.events.spread(event);
        server.agents.desk.tellEvent(event);
      },
      onEvent: (listener) => server.events.onEvent(listener),
    },
    failed: run.failed,
    leave: run.leave,
    takeOut: () => server.agents.takeOut(),
    onReachable: (listener) => {
      let couldBe = false;
      server.candidate.onStanding(({ kind }) => {
        const can = kind !== 'leaderless';
        if (can && !couldBe) listener();
        couldBe = can;
      });
    },
  };
}

function coreOf(
  {
    agentState,
    catalog,
    watch,
    server,
  }: Pick<ClusterServerParts, 'catalog'> & {
    readonly agentState: AgentState;
    readonly watch: Watch;
    readonly server: ClusterServer;
  },
  close: () => Promise<void>,
): Core {
  const { state, installer } = catalog;
  const writer: Core['writer'] = {
    submit: (command) => server.desk.submit(command) as never,
    get depth() {
      return catalog.writer.depth;
    },
  };
  return {
    agentState,
    state,
    writer,
    watch,
    catalog: portOf(server, { state, writer }),
    indexes: indexesOfBoth(agentState, catalog),
    summaries: new ServiceSummaries(state.view, catalog.indexes),
    onInstalled: (listener) => installer.onInstalled(listener),
    close,
  };
}

interface Beginning {
  readonly agentState: AgentState;
  readonly tools: StoreTools;
  readonly limits: Parameters<typeof catalogRoom>[0];
  readonly heap: { stop(): void };
}

async function openAll(parts: CoreParts, { agentState, tools, limits, heap }: Beginning) {
  const identity = await parts.identify(agentState);
  const { rpc: tls, etcd: etcdTls } = await peerIdentities(parts, identity);
  const settings = serverSettings(parts.config, identity, etcdTls !== undefined);
  if (settings.member) requireEtcdAddresses(etcdTls, etcdHosts(settings.member.settings));
  const shared = sharedStore(parts, settings, identity, etcdTls);
  const rules = { ...CATALOG_RULES, makeJournal: catalogJournal(parts) };
  const catalog: OpenedStore = await openStore(shared.late, rules, tools, catalogRoom(limits));
  const log = parts.log.child({ part: 'cluster' });
  const serverParts: ClusterServerParts = {
    ...parts,
    log,
    settings,
    identity,
    tls,
    etcdTls,
    shared,
    catalog,
  };
  const server = clusterServer(serverParts);
  const run = clusterRun(serverParts, server);
  const core = coreOf({ agentState, catalog, watch: tools.watch, server }, async () => {
    heap.stop();
    await Promise.all([catalog.close(), agentState.close()]);
    await run.close();
  });
  return { core, identity, buildRole: () => roleOf({ core, server, run, parts: serverParts }) };
}

/** Opens the stores of a server of a cluster. Rejects when there is no etcd to start, before anything is changed. */
export const openClusterCore: OpenCore = async (parts) => {
  const { config, dataDir, clock, random, metrics, log, maxKvBytes } = parts;
  if (config['store.etcd.endpoints'].length === 0) await findMemberProgram(config['store.etcd.binary']);
  const tools: StoreTools = { watch: new Watch(clock), clock, random };
  const heap = watchHeap();
  const limits = { maxKvBytes, isHeapFull: heap.isFull, metrics };
  try {
    const store = await openAgentStore(dataDir, { metrics, clock, log });
    const agentState = (await openStore(store, AGENT_RULES, tools, agentRoom(limits))) as AgentState;
    return await openAll(parts, { agentState, tools, limits, heap }).catch(async (error: unknown) => {
      await agentState.close(); // its thread would keep the process alive
      throw error;
    });
  } catch (error) {
    heap.stop();
    throw error;
  }
};
