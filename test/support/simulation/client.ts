/**
 * A simulated client agent: the real registrations with their store, the real connection to the servers and what is
 * followed over it, on a clock and connections that are simulated. Its disk outlives it.
 */
import { AgentTokens } from '../../../src/agent/acl/agent-tokens.ts';
import { agentRecord } from '../../../src/agent/agent-record.ts';
import { catalogOfServers, onOwnRowsChanged } from '../../../src/agent/client/catalog-of-servers.ts';
import { openServers } from '../../../src/agent/client/servers.ts';
import { defaultConfig } from '../../../src/agent/config/options.ts';
import type { Identity } from '../../../src/agent/identity.ts';
import { openStore } from '../../../src/catalog/opened-store.ts';
import type { Persistence } from '../../../src/catalog/persistence.ts';
import { Watch } from '../../../src/catalog/watch.ts';
import { Mirror } from '../../../src/cluster/mirror.ts';
import { noServers, type ServerLink } from '../../../src/cluster/server-link.ts';
import type { Subscriptions } from '../../../src/cluster/subscriptions.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { AGENT_RULES } from '../../../src/local/agent-rules.ts';
import { AGENT_TABLES, type AgentKinds } from '../../../src/local/agent-tables.ts';
import { Local } from '../../../src/local/local.ts';
import type { AgentCommand, AgentResults } from '../../../src/local/registration-command.ts';
import type { NodeName } from '../../../src/model/types.ts';
import { rememberingStore } from '../../../src/store/memory.ts';
import { Connections } from './connections.ts';
import type { Network } from './network.ts';
import { Process } from './process.ts';

export interface SimulatedClient {
  readonly name: string;
  readonly process: Process;
  readonly local: Local;
  readonly link: ServerLink;
  readonly mirror: Mirror;
  readonly subscriptions: Subscriptions;
  /** Break its connections. */
  reset(): void;
}

const NO_TOKENS = { default: '', agent: '', recovery: '', config: '', dns: '', replication: '' };

/** What a machine keeps when its agent is killed. */
export const newDisk = (): Persistence<AgentKinds> => rememberingStore(AGENT_TABLES);

/** What a write loses that was under way when the process was killed. */
function diskOf(process: Process, disk: Persistence<AgentKinds>): Persistence<AgentKinds> {
  return {
    ...disk,
    commit: (batch, after) => (process.isDead ? new Promise(() => {}) : disk.commit(batch, after)),
  };
}

function identityOf(name: string, host: string): Identity {
  return { nodeName: name as NodeName, nodeId: `id-of-${name}`, advertiseAddress: host, taggedAddresses: {} };
}

export interface ClientParts {
  readonly network: Network;
  readonly disk: Persistence<AgentKinds>;
  /** Their names by their addresses. */
  readonly servers: ReadonlyMap<string, string>;
  /** Taken out to see whether the simulation finds out: the agent never compares the catalog with what it keeps. */
  readonly isRepaired?: boolean;
}

/** Start an agent on a disk; resolves when it has read it. */
export async function startClient(
  name: string,
  { network, disk, servers, isRepaired = true }: ClientParts,
): Promise<SimulatedClient> {
  const process = new Process(name, network.clock);
  const { clock } = process;
  const { random } = network;
  const watch = new Watch(clock);
  const agentState = await openStore<AgentKinds, AgentCommand, AgentResults>(
    diskOf(process, disk),
    AGENT_RULES,
    {
      watch,
      clock,
      random,
    },
  );
  const identity = identityOf(name, `10.0.0.${name.slice(1)}`);
  const config = { ...defaultConfig(false), retry_join: [...servers.keys()] };
  const mirror = new Mirror(watch);
  const connections = new Connections(network, process);
  const { link, subscriptions, marks, listen } = openServers({
    connect: ({ host }) => connections.connect(servers.get(host) ?? host),
    clock,
    random,
    log: silentLogger,
    config,
    record: () => agentRecord(config, identity, 'client'),
    identity,
    agentState,
    tokens: new AgentTokens({ configured: NO_TOKENS, file: undefined, log: silentLogger }),
    mirror,
    watch,
  });
  const { node } = agentRecord(config, identity, 'client');
  const catalog = catalogOfServers({ link, marks, mirror });
  const local = new Local({
    own: () => ({ node, services: [], checks: [] }),
    agentState,
    catalog: isRepaired ? catalog : { ...catalog, rowsOfNode: () => Promise.reject(noServers()) },
    clock,
    random,
    log: silentLogger,
    settings: () => ({ checkUpdateIntervalMs: 300_000, discardCheckOutput: false, scripts: 'none' }),
    onChecksChanged: () => {},
    onHeartbeat: () => {},
  });
  const compare = (): void => void local.sync();
  listen({ onReached: compare });
  const { state } = mirror;
  onOwnRowsChanged(
    { onInstalled: (listener) => mirror.onInstalled(listener), state, nodeName: node.name, clock },
    compare,
  );
  link.start();
  subscriptions.start();
  void local.start();
  return { name, process, local, link, mirror, subscriptions, reset: () => connections.reset() };
}
