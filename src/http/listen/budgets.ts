/**
 * The budgets of the HTTP face: of memory, as configured, for bodies that are being received or worked on and for answers
 * that their readers have not taken yet; of disk for large bodies (upload.ts). What they hold, and whom they refuse, are metrics.
 */
import type { HttpParts } from '../http-parts.ts';
import { Budget, type BudgetLimits } from './budget.ts';

/** Octets of large bodies on disk: two of the largest, one of a single client. */
const UPLOADS: BudgetLimits = { total: 512 * 1024 * 1024, perClient: 256 * 1024 * 1024 };

/** Made once for a server. */
export function budgetsOf({ config, metrics }: Pick<HttpParts, 'config' | 'metrics'>): {
  readonly bodies: Budget;
  readonly answers: Budget;
  readonly uploads: Budget;
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
  return {
    bodies: metered('bodies', config.bodies),
    answers: metered('answers', config.answers),
    uploads: metered('uploads', UPLOADS),
  };
}
