/**
 * Carries out a plan in both stores: the agent's own, which is the truth, and the catalog, which shows it.
 *
 * Both halves are submitted in one turn, so that one fsync serves both where one file holds them. Remembers when only one
 * of them took its half, or may have: somebody has to compare them then.
 */
import { AppError } from '../model/errors.ts';
import type { Origin } from '../model/history-types.ts';
import type { ServiceId } from '../model/types.ts';
import type { AgentState } from './agent-rules.ts';
import { type CatalogPort, isAway } from './catalog-port.ts';
import type { Plan } from './plan.ts';

export interface TwoStoresParts {
  readonly agentState: Pick<AgentState, 'writer'>;
  readonly catalog: Pick<CatalogPort, 'submit'>;
  /** Called when the own store has taken a plan. */
  readonly onKept: (plan: Plan) => void;
}

const isUnknown = (reason: unknown): boolean =>
  reason instanceof AppError && reason.code === 'outcome_unknown';

export class TwoStores {
  readonly #parts: TwoStoresParts;
  /** What was submitted and is not answered. */
  readonly #underWay = new Set<Plan>();
  #areApart = false;

  constructor(parts: TwoStoresParts) {
    this.#parts = parts;
  }

  /** Services that a plan on its way changes. */
  get underWay(): ReadonlySet<ServiceId> {
    return new Set([...this.#underWay].flatMap(({ services }) => services));
  }

  /** Whether they have to be compared; asked once. */
  takeApart(): boolean {
    const areApart = this.#areApart;
    this.#areApart = false;
    return areApart;
  }

  /**
   * Resolves when the plan is durable here and visible in the catalog, or will be once there is a catalog. Rejects when
   * either half is refused.
   */
  async carryOut(plan: Plan, by: Origin): Promise<void> {
    const { agentState, catalog, onKept } = this.#parts;
    this.#underWay.add(plan);
    const [kept, shown] = await Promise.allSettled([
      agentState.writer.submit({ kind: 'all', commands: plan.keep }),
      catalog.submit({ kind: 'all', commands: plan.show, by }),
    ]);
    this.#underWay.delete(plan);
    if (kept.status === 'fulfilled') onKept(plan);
    for (const half of [kept, shown]) {
      if (half.status === 'fulfilled') continue;
      this.#areApart ||= kept.status !== shown.status || isUnknown(half.reason);
      if (half === kept || !isAway(half.reason)) throw half.reason;
    }
  }
}
