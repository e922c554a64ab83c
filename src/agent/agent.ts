/**
 * The composition root: which role an agent has, and what it is composed of.
 *
 * ground (configuration → log → stores → rows → identity) → role (server-role.ts) → the parts that all agents have
 * (run-agent.ts). No rule about services, names or answers lives here.
 */
import { type AgentRequest, layGround } from './ground.ts';
import { type RunningAgent, runAgent } from './run-agent.ts';
import { openServerCore, serverRole } from './server-role.ts';

/** Build and start an agent. Rejects with AppError, nothing left running, when it cannot. */
export async function startAgent(request: AgentRequest): Promise<RunningAgent> {
  const ground = await layGround(request, openServerCore);
  return runAgent(ground, serverRole(ground));
}
