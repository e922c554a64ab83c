/**
 * Which instances of a service answer, and for each one the reason why or why not.
 *
 * Pure Map lookups over the committed rows; order is the table's, shuffling and limits come later (dns/order.ts).
 * The same verdicts feed DNS, `/v1/health/service/…?passing` and explanations, so they cannot disagree.
 */
import type { AggregatedStatus, CheckRow, NodeRow, ServiceRow } from '../model/types.ts';
import { NODE_MAINTENANCE, SERVICE_MAINTENANCE_PREFIX } from '../model/types.ts';
import { nodeKey, serviceKey, serviceNameKey, type View } from './tables.ts';

export type Verdict =
  | { readonly isIn: true }
  | {
      readonly isIn: false;
      readonly reason: 'critical' | 'maintenance' | 'warning';
      readonly check: CheckRow;
    }
  | { readonly isIn: false; readonly reason: 'tag' };

export interface Instance {
  readonly node: NodeRow;
  readonly service: ServiceRow;
  /** Checks of the node first, then those of the service. */
  readonly checks: readonly CheckRow[];
  readonly status: AggregatedStatus;
  readonly verdict: Verdict;
}

export interface SelectPolicy {
  /** Leave out instances with a warning too. */
  readonly onlyPassing: boolean;
  /** Keep only instances that carry this tag (compared without case); undefined keeps all. */
  readonly tag?: string | undefined;
}

const IN: Verdict = Object.freeze({ isIn: true });
const WRONG_TAG: Verdict = Object.freeze({ isIn: false, reason: 'tag' });

const isMaintenance = (check: CheckRow): boolean =>
  check.id === NODE_MAINTENANCE || check.id.startsWith(SERVICE_MAINTENANCE_PREFIX);

/** The checks that count for an instance: its node's own, then its own. */
function checksOfInstance(view: View, service: ServiceRow): readonly CheckRow[] {
  const checks: CheckRow[] = [];
  for (const check of view.checks.by('nodeItself', nodeKey(service.node))) checks.push(check);
  for (const check of view.checks.by('service', serviceKey(service.node, service.id))) checks.push(check);
  return checks;
}

/** Maintenance over critical over warning over passing; no checks at all is passing. */
function aggregatedStatus(checks: readonly CheckRow[]): AggregatedStatus {
  let worst: AggregatedStatus = 'passing';
  for (const check of checks) {
    if (isMaintenance(check)) return 'maintenance';
    if (check.status === 'critical') worst = 'critical';
    else if (check.status === 'warning' && worst === 'passing') worst = 'warning';
  }
  return worst;
}

function judge(service: ServiceRow, checks: readonly CheckRow[], policy: SelectPolicy): Verdict {
  const { tag, onlyPassing } = policy;
  if (tag !== undefined && !service.tags.some((own) => own.toLowerCase() === tag.toLowerCase()))
    return WRONG_TAG;
  let warning: CheckRow | undefined;
  for (const check of checks) {
    if (check.status === 'critical') {
      return { isIn: false, reason: isMaintenance(check) ? 'maintenance' : 'critical', check };
    }
    if (check.status === 'warning') warning ??= check;
  }
  return onlyPassing && warning ? { isIn: false, reason: 'warning', check: warning } : IN;
}

function judgeAll(view: View, services: Iterable<ServiceRow>, policy: SelectPolicy): readonly Instance[] {
  const instances: Instance[] = [];
  for (const service of services) {
    const node = view.nodes.get(nodeKey(service.node));
    if (!node) continue;
    const checks = checksOfInstance(view, service);
    const verdict = judge(service, checks, policy);
    instances.push({ node, service, checks, status: aggregatedStatus(checks), verdict });
  }
  return instances;
}

/** Every instance of every service. O(instances and their checks). */
export function selectAll(view: View): readonly Instance[] {
  return judgeAll(view, view.services.values(), { onlyPassing: false });
}

/** Every instance known under `name`, each with its verdict; empty when the service is unknown. O(instances). */
export function select(view: View, name: string, policy: SelectPolicy): readonly Instance[] {
  return judgeAll(view, view.services.by('name', serviceNameKey(name)), policy);
}

/** The same for instances that speak for `name` in a mesh: sidecars of it, and instances that are native. */
export function selectConnect(view: View, name: string, policy: SelectPolicy): readonly Instance[] {
  return judgeAll(view, view.services.by('connect', serviceNameKey(name)), policy);
}
