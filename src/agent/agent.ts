/**
 * The composition root: which role an agent has, and what it is composed of.
 *
 * ground (configuration → log → stores → rows → identity) → role (server-role.ts) → the parts that all agents have
 * (run-agent.ts). No rule about services, names or answers lives here.
 */
import type { AgentRole } from './agent-role.ts';
import { type AgentRequest, layGround, type OpenCore } from './ground.ts';
import { type RunningAgent, runAgent } from './run-agent.ts';
import { openServerCore } from './server-role.ts';

/** Loaded when chosen: an agent alone pays for no others. */
const OPENERS: Readonly<Record<AgentRole, () => Promise<OpenCore>>> = {
  alone: async () => openServerCore,
  server: async () => (await import('./cluster/cluster-core.ts')).openClusterCore,
  client: async () => (await import('./client/client-core.ts')).openClientCore,
};

/** Build and start an agent. Rejects with AppError, nothing left running, when it cannot. */
export async function startAgent(request: AgentRequest): Promise<RunningAgent> {
  const { ground, role } = await layGround(request, OPENERS);
  return runAgent(ground, role);
}
