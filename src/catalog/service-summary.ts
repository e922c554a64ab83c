/**
 * Every service in a line: how many instances, how they are, which tags they carry and where they run.
 *
 * One walk over all services and checks, whatever they are spread over: the web page asks for this after every change.
 */
import type { AggregatedStatus, CheckRow, CheckStatus, NodeName, ServiceKind } from '../model/types.ts';
import { aggregatedStatus } from './select.ts';
import { nodeKey, serviceKey, type View } from './tables.ts';

export interface ServiceSummary {
  readonly name: string;
  readonly kind: ServiceKind;
  readonly instanceCount: number;
  /** Distinct, in text order. */
  readonly tags: readonly string[];
  readonly nodes: readonly NodeName[];
  /** Checks that count, those of a node once for each instance on it. */
  readonly checks: Readonly<Record<CheckStatus, number>>;
  readonly instances: Readonly<Record<AggregatedStatus, number>>;
}

interface Tally {
  readonly kind: ServiceKind;
  instanceCount: number;
  readonly tags: Set<string>;
  readonly nodes: Set<NodeName>;
  readonly checks: Record<CheckStatus, number>;
  readonly instances: Record<AggregatedStatus, number>;
}

const NO_CHECKS: readonly CheckRow[] = Object.freeze([]);

/** The checks of nodes themselves, by node. */
function nodeChecks(view: View): ReadonlyMap<string, readonly CheckRow[]> {
  const checks = new Map<string, CheckRow[]>();
  for (const check of view.checks.values()) {
    if (check.serviceId) continue;
    const key = nodeKey(check.node);
    const known = checks.get(key);
    if (known) known.push(check);
    else checks.set(key, [check]);
  }
  return checks;
}

function emptyTally(kind: ServiceKind): Tally {
  return {
    kind,
    instanceCount: 0,
    tags: new Set(),
    nodes: new Set(),
    checks: { passing: 0, warning: 0, critical: 0 },
    instances: { passing: 0, warning: 0, critical: 0, maintenance: 0 },
  };
}

/** All services by name. O(services + checks) plus the sort. Never throws. */
export function serviceSummaries(view: View): readonly ServiceSummary[] {
  const ofNode = nodeChecks(view);
  const tallies = new Map<string, Tally>();
  for (const service of view.services.values()) {
    const tally = tallies.get(service.name) ?? emptyTally(service.kind);
    tallies.set(service.name, tally);
    const own = view.checks.by('service', serviceKey(service.node, service.id));
    const checks = [...(ofNode.get(nodeKey(service.node)) ?? NO_CHECKS), ...own];
    tally.instanceCount += 1;
    for (const tag of service.tags) tally.tags.add(tag);
    tally.nodes.add(service.node);
    for (const { status } of checks) tally.checks[status] += 1;
    tally.instances[aggregatedStatus(checks)] += 1;
  }
  return [...tallies]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, tally]) => ({
      name,
      ...tally,
      tags: [...tally.tags].sort(),
      nodes: [...tally.nodes].sort(),
    }));
}
