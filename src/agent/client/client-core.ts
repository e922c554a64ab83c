/**
 * The stores of a client agent: what is registered with it, durable on its disk; and the part of the catalog that it
 * follows, in memory.
 */
import { openStore } from '../../catalog/opened-store.ts';
import { ServiceSummaries } from '../../catalog/service-summary.ts';
import { nodeKey } from '../../catalog/tables.ts';
import { nodeTopic } from '../../catalog/topics.ts';
import { Watch } from '../../catalog/watch.ts';
import { Mirror } from '../../cluster/mirror.ts';
import { noServers } from '../../cluster/server-link.ts';
import { AGENT_RULES, type AgentState, isAgentTopic } from '../../local/agent-rules.ts';
import type { CatalogPort, NodeRows } from '../../local/catalog-port.ts';
import { AppError } from '../../model/errors.ts';
import type { CallEnd } from '../../rpc/rpc-connection.ts';
import type { Core } from '../core.ts';
import type { OpenCore } from '../ground.ts';
import { watchHeap } from '../heap-watch.ts';
import { agentRoom } from '../metered-room.ts';
import { openAgentStore } from '../stores.ts';
import { clientRole } from './client-role.ts';
import { openServers, type Servers } from './servers.ts';

/** Time in ms that a registration waits for the catalog to have it; after that it is sent later. */
const SUBMIT_MS = 2_000;

/** The value of an answer. Throws what the server refused with, or no_leader where nobody was reached. */
function answerOf(end: CallEnd): unknown {
  if (end.kind === 'answered') return end.value;
  if (end.kind === 'refused') throw end.error;
  // Also when it may have been carried out: it is compared and sent again, and twice has the same effect as once.
  throw noServers();
}

/** The catalog of the servers, as local/ knows it. */
function catalogOf({ link, marks, mirror }: Servers): CatalogPort {
  const { view } = mirror.state;
  return {
    submit: async (command) => {
      const end = await link.call('command', { command }, { timeoutMs: SUBMIT_MS });
      const { index } = answerOf(end) as { readonly index: number };
      await marks.reached(index, SUBMIT_MS);
    },
    rowsOfNode: async (name) => {
      // The own node is always followed, and what is here is current while a server is connected.
      if (link.isUp && mirror.has(nodeTopic(name)))
        return {
          node: view.nodes.get(nodeKey(name)),
          services: [...view.services.by('node', nodeKey(name))],
          checks: [...view.checks.by('node', nodeKey(name))],
        };
      const { node, services, checks } = answerOf(
        await link.call('own-rows', {}, { timeoutMs: SUBMIT_MS }),
      ) as NodeRows;
      return { node: node ?? undefined, services, checks };
    },
  };
}

/** Indexes of topics that are followed; 0, which no answer has, for others. */
function indexesOf(agentState: AgentState, { subscriptions, mirror }: Servers): Core['indexes'] {
  return {
    of: (given) => {
      const topics = [...given];
      if (topics.length > 0 && topics.every(isAgentTopic)) return agentState.indexes.of(topics);
      let highest = 0;
      for (const topic of topics) {
        if (!subscriptions.use(topic)) return 0;
        highest = Math.max(highest, mirror.indexOf(topic));
      }
      return highest;
    },
  };
}

/** Opens the stores of a client agent, and builds its connection to the servers without starting it. */
export const openClientCore: OpenCore = async (parts) => {
  const { dataDir, clock, random, metrics, log, maxKvBytes, config, security } = parts;
  const watch = new Watch(clock);
  const heap = watchHeap();
  const limits = { maxKvBytes, isHeapFull: heap.isFull, metrics };
  let agentState: AgentState | undefined;
  try {
    const store = await openAgentStore(dataDir, { metrics, clock, log });
    const opened: AgentState = await openStore(
      store,
      AGENT_RULES,
      { watch, clock, random },
      agentRoom(limits),
    );
    agentState = opened;
    const identity = await parts.identify(opened);
    const mirror = new Mirror(watch);
    const servers = await openServers({
      clock,
      random,
      log,
      config,
      security,
      identity,
      agentState: opened,
      mirror,
      watch,
    });
    const indexes = indexesOf(opened, servers);
    const catalog = catalogOf(servers);
    const core: Core = {
      agentState: opened,
      catalog,
      state: mirror.state,
      writer: {
        depth: 0,
        submit: async () => {
          throw new AppError('unsupported', 'a client agent has no catalog to write to');
        },
      },
      watch,
      indexes,
      summaries: new ServiceSummaries(mirror.state.view, indexes),
      onInstalled: (listener) => mirror.onInstalled(listener),
      close: async () => {
        heap.stop();
        await opened.close();
      },
    };
    return { core, identity, buildRole: (ground) => clientRole(ground, servers) };
  } catch (error) {
    heap.stop();
    await agentState?.close(); // no part stops it yet, and its thread would keep the process alive
    throw error;
  }
};
