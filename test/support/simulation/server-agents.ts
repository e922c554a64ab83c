/** What a simulated server has for client agents: the real part of an agent, with ways out that are simulated. */
import { type AgentsPart, agentsPart } from '../../../src/agent/agents-part.ts';
import { defaultConfig } from '../../../src/agent/config/options.ts';
import type { RoleTools } from '../../../src/agent/role.ts';
import type { ServerRecord } from '../../../src/catalog/leader-lock.ts';
import type { OpenedStore } from '../../../src/catalog/opened-store.ts';
import type { Candidate } from '../../../src/cluster/candidate.ts';
import type { LeaderDesk } from '../../../src/cluster/leader-desk.ts';
import type { Peers } from '../../../src/cluster/peers.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { Random } from '../../../src/lib/random.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import type { NodeName } from '../../../src/model/types.ts';
import type { CallEnd } from '../../../src/rpc/rpc-connection.ts';

export interface ServerAgentsParts {
  readonly self: ServerRecord;
  readonly servers: ReadonlyMap<string, ServerRecord>;
  readonly catalog: Pick<OpenedStore, 'state' | 'indexes' | 'installer'>;
  readonly candidate: Candidate;
  readonly desk: LeaderDesk;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly random: Random;
}

/** How far other servers are is nothing that a simulation asks. */
const notCalled = async (): Promise<CallEnd> => ({ kind: 'unsent', why: 'not simulated' });
const notSimulated = (): never => {
  throw new Error('a simulated server does not do that');
};

const NO_HTTP = {} as RoleTools['http'];

/** Builds the part; who starts the server starts its reporter. */
export function agentsOfServer(parts: ServerAgentsParts): AgentsPart {
  const { self, servers, candidate, desk, peers } = parts;
  return agentsPart({
    ...parts,
    config: { ...defaultConfig(false), server: true },
    identity: {
      nodeName: self.name as NodeName,
      nodeId: self.id,
      advertiseAddress: self.host,
      taggedAddresses: {},
    },
    log: silentLogger,
    metrics: new Metrics(),
    submit: (command) => desk.submit(command),
    servers: () => [...servers.values()],
    peers: { call: notSimulated, takeRoundTripMs: () => undefined, close: () => {} },
    others: {
      call: notCalled,
      takeRoundTripMs: () => undefined,
      meet: async () => 'servers meet no others here',
      requireLead: () => desk.requireLead(),
      tellLeader: async (method, request, timeoutMs) => {
        const { standing } = candidate;
        if (standing.kind !== 'follower') return undefined;
        const end = await peers.call(standing.leader, method, request, { timeoutMs });
        return end.kind === 'answered' ? end.value : undefined;
      },
    },
    tools: () => ({
      http: NO_HTTP,
      makeAnswerPacket: notSimulated,
      agentRights: undefined,
      answerFarQuery: notSimulated,
    }),
  });
}
