/**
 * Drains of this agent (local/drains.ts), remembered as a fact of its own store.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { AgentState } from '../local/agent-rules.ts';
import { type Drain, Drains } from '../local/drains.ts';
import type { Local } from '../local/local.ts';
import type { Part } from './lifecycle.ts';

const DRAINS_FACT = 'drains';

interface DrainsPartParts {
  readonly local: Pick<Local, 'checks' | 'deregisterService'>;
  readonly agentState: Pick<AgentState, 'state' | 'writer'>;
  readonly clock: Clock;
  readonly log: Logger;
}

function remembered({ state }: DrainsPartParts['agentState']): readonly Drain[] {
  return JSON.parse(state.view.facts.get(DRAINS_FACT)?.value ?? '[]') as readonly Drain[];
}

/** Starts after the local registrations: what was under way needs them. */
export function drainsPart({ local, agentState, clock, log }: DrainsPartParts): {
  readonly drains: Drains;
  readonly part: Part;
} {
  const drains = new Drains({
    clock,
    log,
    statusOf: (id) => local.checks().get(id)?.status,
    deregister: (id, by) => local.deregisterService(id, by),
    keep: (list) =>
      agentState.writer.submit({ kind: 'fact', name: DRAINS_FACT, value: JSON.stringify(list) }),
  });
  const part: Part = {
    name: 'drains',
    start: async () => drains.resume(remembered(agentState)),
    stop: async () => drains.stop(),
  };
  return { drains, part };
}
