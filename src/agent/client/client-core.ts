/**
 * The stores of a client agent: what is registered with it, durable on its disk; and the part of the catalog that it
 * follows, in memory.
 */
import { openStore } from '../../catalog/opened-store.ts';
import { ServiceSummaries } from '../../catalog/service-summary.ts';
import { Watch } from '../../catalog/watch.ts';
import { Mirror } from '../../cluster/mirror.ts';
import { AGENT_RULES, type AgentState, isAgentTopic } from '../../local/agent-rules.ts';
import { AppError } from '../../model/errors.ts';
import { type RpcAddress, RpcConnection } from '../../rpc/rpc-connection.ts';
import { agentRecord } from '../agent-record.ts';
import type { Core } from '../core.ts';
import type { OpenCore } from '../ground.ts';
import { watchHeap } from '../heap-watch.ts';
import { agentRoom } from '../metered-room.ts';
import { peerIdentities } from '../peer-identity.ts';
import { openAgentStore } from '../stores.ts';
import { catalogOfServers } from './catalog-of-servers.ts';
import { clientRole } from './client-role.ts';
import { remoteRights } from './remote-rights.ts';
import { openServers, type Servers } from './servers.ts';

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
  const { dataDir, clock, random, metrics, log, maxKvBytes, config, security, tokens } = parts;
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
    const { rpc } = await peerIdentities({ config, security }, identity);
    const connect = (address: RpcAddress): RpcConnection =>
      new RpcConnection({ address, identity: rpc, clock });
    const servers = openServers({
      connect,
      clock,
      random,
      log,
      config,
      record: parts.current.derive((loaded) => agentRecord(loaded.config, identity, 'client', parts.acl)),
      identity,
      agentState: opened,
      tokens,
      mirror,
      watch,
    });
    const indexes = indexesOf(opened, servers);
    const catalog = catalogOfServers(servers);
    const core: Core = {
      agentState: opened,
      catalog,
      remote: remoteRights(servers),
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
    return { core, identity, buildRole: (ground) => clientRole(ground, { ...servers, connect }) };
  } catch (error) {
    heap.stop();
    await agentState?.close(); // no part stops it yet, and its thread would keep the process alive
    throw error;
  }
};
