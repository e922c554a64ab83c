/**
 * Alias checks: as healthy as the service instance, or node, that they name. Nothing is polled: whoever knows the
 * catalog calls this with the rows whenever they change (agent/follow-alias.ts).
 */
import type { CheckId, CheckRow, ProbeSpec } from '../../model/types.ts';
import type { ProbeResult } from '../check.ts';

type AliasSpec = Extract<ProbeSpec, { kind: 'alias' }>;

/** What is known of the target: its checks, those of its node included, and whether the service exists. */
export interface AliasTarget {
  readonly checks: Iterable<Pick<CheckRow, 'id' | 'name' | 'status' | 'output'>>;
  readonly isKnown: boolean;
}

/** The first critical check decides, else the first with a warning. The alias itself does not count. Never throws. */
export function aliasResult(spec: AliasSpec, own: CheckId, target: AliasTarget): ProbeResult {
  if (!target.isKnown)
    return {
      status: 'critical',
      output: `Service ${spec.serviceId} could not be found on node ${spec.node}`,
    };
  const others = [...target.checks].filter(({ id }) => id !== own);
  const failing =
    others.find(({ status }) => status === 'critical') ?? others.find(({ status }) => status === 'warning');
  if (failing)
    return {
      status: failing.status,
      output: `Aliased check ${JSON.stringify(failing.name)} failing: ${failing.output}`,
    };
  return { status: 'passing', output: others.length === 0 ? 'No checks found.' : 'All checks passing.' };
}
