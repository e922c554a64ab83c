/**
 * What only a server has: the catalog in its own process, and the work of whoever leads.
 *
 * On a machine alone the server leads from its start to its end; with others the term (term.ts) begins and ends as
 * leadership does.
 */

import type { Command } from '../catalog/command.ts';
import { type OpenedStore, openStore, type StoreTools } from '../catalog/opened-store.ts';
import { CATALOG_RULES } from '../catalog/reduce.ts';
import { ServiceSummaries } from '../catalog/service-summary.ts';
import { SessionTimers } from '../catalog/session-timers.ts';
import { Watch } from '../catalog/watch.ts';
import { CURRENT_COPY } from '../http/catalog-copy.ts';
import { unmeasuredNetwork } from '../http/network-port.ts';
import { systemClock } from '../lib/clock.ts';
import { AGENT_RULES, type AgentState } from '../local/agent-rules.ts';
import { aclTerm } from './acl/acl-term.ts';
import { expectOf } from './agent-role.ts';
import { type Core, type CoreParts, catalogPort, indexesOfBoth } from './core.ts';
import { firstAutopilot } from './first-autopilot.ts';
import type { Ground, OpenCore } from './ground.ts';
import { watchHeap } from './heap-watch.ts';
import { nodeMetaOf } from './identity.ts';
import { onlyMember } from './member-view.ts';
import { catalogJournal } from './metered-history.ts';
import { agentRoom, catalogRoom } from './metered-room.ts';
import { CONSUL_VERSION } from './own-rows.ts';
import type { AloneRole, Role } from './role.ts';
import { singleServer } from './single-server.ts';
import { openStores } from './stores.ts';
import { countTerms, Term } from './term.ts';

interface OpenedBoth {
  readonly agentState: AgentState;
  readonly catalog: OpenedStore;
  readonly watch: Watch;
  close(): Promise<void>;
}

/** Load both stores and make their queues. Rejects with AppError, nothing left open, when one cannot be opened. */
async function openBothStores(parts: CoreParts): Promise<OpenedBoth> {
  const { dataDir, clock, random, metrics, log, maxKvBytes } = parts;
  const stores = await openStores(dataDir, { metrics, clock, log });
  const watch = new Watch(clock);
  const tools: StoreTools = { watch, clock, random };
  const heap = watchHeap();
  const limits = { maxKvBytes, isHeapFull: heap.isFull, metrics };
  const rules = { ...CATALOG_RULES, makeJournal: catalogJournal(parts) };
  const opening = [
    openStore(stores.agent, AGENT_RULES, tools, agentRoom(limits)) as Promise<AgentState>,
    openStore(stores.catalog, rules, tools, catalogRoom(limits)) as Promise<OpenedStore>,
  ] as const;
  const opened = await Promise.allSettled(opening);
  const [first] = opened.filter((each) => each.status === 'rejected');
  if (first !== undefined) {
    heap.stop();
    for (const each of opened) if (each.status === 'fulfilled') await each.value.close();
    throw first.reason;
  }
  const [agentState, catalog] = await Promise.all(opening);
  const close = async (): Promise<void> => {
    heap.stop();
    await Promise.all([catalog.close(), agentState.close()]);
  };
  return { agentState, catalog, watch, close };
}

function coreOf({ agentState, catalog, watch, close }: OpenedBoth): Core {
  const { state, writer, installer } = catalog;
  return {
    agentState,
    catalog: catalogPort({ state, writer }),
    state,
    writer,
    watch,
    indexes: indexesOfBoth(agentState, catalog),
    summaries: new ServiceSummaries(state.view, catalog.indexes),
    onInstalled: (listener) => installer.onInstalled(listener),
    close,
  };
}

/** The stores of an agent that holds the catalog by itself. */
export const openServerCore: OpenCore = async (parts) => {
  const opened = await openBothStores(parts);
  try {
    const identity = await parts.identify(opened.agentState);
    return { core: coreOf(opened), identity, buildRole: await roleMaker(parts, opened.catalog) };
  } catch (error) {
    await opened.close(); // no part stops it yet, and its thread would keep the process alive
    throw error;
  }
};

function buildSessionTimers({ core, agentLog }: Ground): SessionTimers {
  const { state, writer } = core;
  const log = agentLog.log.child({ part: 'session' });
  const timers = new SessionTimers({ state, writer, clock: systemClock, log });
  core.onInstalled((applied) => timers.onInstalled(applied));
  return timers;
}

function onlyServer({ core, config, current, identity }: Ground): ReturnType<typeof singleServer> {
  return singleServer({
    id: identity.nodeId,
    name: identity.nodeName,
    host: identity.advertiseAddress,
    port: config['ports.server'],
    version: CONSUL_VERSION,
    expect: 1,
    clock: systemClock,
    indexNow: () => core.state.index,
    meta: current.derive((loaded) => nodeMetaOf(loaded.config)),
  });
}

function aloneRole(ground: Ground): AloneRole {
  const sessionTimers = buildSessionTimers(ground);
  const { config, core, agentLog } = ground;
  const { log } = agentLog;
  const submit = (command: Command): Promise<unknown> => core.writer.submit(command);
  const autopilot = firstAutopilot({ config, submit, log });
  const { view } = core.state;
  const acl = aclTerm(ground.acl.settings, { view, submit, clock: systemClock, log });
  return {
    works: [countTerms(ground.metrics), ...acl, sessionTimers, autopilot],
    cluster: onlyServer(ground),
    network: unmeasuredNetwork(config.datacenter, ground.identity.nodeName),
    renewSession: async (session) => {
      sessionTimers.renew(session);
      return true;
    },
    copy: CURRENT_COPY,
  };
}

/** The role of a server that has no others beside it. */
function serverRole(ground: Ground): Role {
  const { works, ...alone } = aloneRole(ground);
  const term = new Term(works);
  return {
    ...alone,
    membership: onlyMember(ground.config, ground.identity, ground.acl.settings),
    datacenters: () => [ground.config.datacenter],
    part: { name: 'term', start: async () => term.begin(), stop: async () => term.end() },
  };
}

/** Whether other agents may call this one: a server that was told that it is the only one of its datacenter. */
const isCalled = ({ config, dataDir }: CoreParts): boolean =>
  config.server && dataDir !== '' && expectOf(config) === 1 && config['ports.server'] > 0;

/** How the role is made; what serves client agents is loaded where there may be some. */
async function roleMaker(parts: CoreParts, catalog: OpenedStore): Promise<(ground: Ground) => Role> {
  if (!isCalled(parts)) return serverRole;
  const { calledRole } = await import('./called-role.ts');
  return (ground) => calledRole(ground, aloneRole(ground), catalog);
}
