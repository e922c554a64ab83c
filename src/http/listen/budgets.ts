/**
 * The two budgets of the HTTP face, as configured: bodies that are being received or worked on, and answers that their
 * readers have not taken yet. What they hold, and whom they refuse, are metrics.
 */
import type { HttpParts } from '../http-parts.ts';
import { Budget, type BudgetLimits } from './budget.ts';

/** Made once for a server. */
export function budgetsOf({ config, metrics }: Pick<HttpParts, 'config' | 'metrics'>): {
  readonly bodies: Budget;
  readonly answers: Budget;
} {
  const held = metrics.gauge('http_held_bytes');
  const refused = metrics.counter('http_over_budget');
  const metered = (name: string, limits: BudgetLimits): Budget => {
    const [heldSlot, refusedSlot] = [held.slot(name), refused.slot(name)];
    return new Budget(limits, {
      onChange: (used) => held.set(heldSlot, used),
      onRefused: () => refused.add(refusedSlot),
    });
  };
  return { bodies: metered('bodies', config.bodies), answers: metered('answers', config.answers) };
}
