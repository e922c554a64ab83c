/**
 * Health in one look: a word, a colour and a shape, never colour alone.
 *
 * Order everywhere is worst first (app/status-order.ts).
 */
import type { CheckShape, ServiceSummary, Status } from '../api/shapes.ts';
import { STATUS_ORDER } from '../app/status-order.ts';
import { Icon } from './icon.tsx';

export function isMaintenance(check: Pick<CheckShape, 'CheckID'>): boolean {
  return check.CheckID === '_node_maintenance' || check.CheckID.startsWith('_service_maintenance:');
}

export function statusOfCheck(check: Pick<CheckShape, 'CheckID' | 'Status'>): Status {
  if (isMaintenance(check)) return 'maintenance';
  // The catalog takes any word for a status from those who write to it directly; only these mean something.
  return STATUS_ORDER.includes(check.Status) ? check.Status : 'warning';
}

/** Maintenance over critical over warning over passing: what DNS goes by. */
export function statusOfChecks(checks: readonly CheckShape[]): Status {
  const found = new Set(checks.map(statusOfCheck));
  if (found.has('maintenance')) return 'maintenance';
  if (found.has('critical')) return 'critical';
  return found.has('warning') ? 'warning' : 'passing';
}

export interface Count {
  readonly status: Status;
  readonly count: number;
}

/** Instances of a service by state, worst first; its checks where instances are not counted. */
export function countsOfService(service: ServiceSummary): readonly Count[] {
  return [
    { status: 'critical', count: service.InstancesCritical ?? service.ChecksCritical },
    { status: 'warning', count: service.InstancesWarning ?? service.ChecksWarning },
    { status: 'maintenance', count: service.InstancesMaintenance ?? 0 },
    { status: 'passing', count: service.InstancesPassing ?? service.ChecksPassing },
  ];
}

/** Whether a service is looked for by this state: an instance of it is in it; for passing all of them. */
export function hasStatus(service: ServiceSummary, status: Status): boolean {
  if (status === 'passing') return statusOfService(service) === 'passing';
  return countsOfService(service).some((entry) => entry.status === status && entry.count > 0);
}

/** The worst state that an instance of a service is in. */
export function statusOfService(service: ServiceSummary): Status {
  return countsOfService(service).find((entry) => entry.count > 0)?.status ?? 'passing';
}

/** How a whole service stands: `down` has no instance left that DNS names, `degraded` has lost some. */
export type Standing = 'down' | 'degraded' | 'warning' | 'maintenance' | 'passing';

const STANDINGS: readonly Standing[] = ['down', 'degraded', 'warning', 'maintenance', 'passing'];

/** 0 is worst. */
export const standingRank = (standing: Standing): number => STANDINGS.indexOf(standing);

export function standingOf(service: ServiceSummary): Standing {
  const found = new Map(countsOfService(service).map(({ status, count }) => [status, count]));
  const has = (status: Status): boolean => (found.get(status) ?? 0) > 0;
  if (has('critical')) return has('passing') || has('warning') ? 'degraded' : 'down';
  if (has('maintenance')) return has('passing') || has('warning') ? 'degraded' : 'maintenance';
  return has('warning') ? 'warning' : 'passing';
}

export function StatusMark({ status }: { status: Status }) {
  return (
    <span class={`mark is-${status}`}>
      <Icon name={status} size={12} />
    </span>
  );
}

export function StatusWord({ status }: { status: Status }) {
  return (
    <span class={`status is-${status}`}>
      <StatusMark status={status} />
      {status}
    </span>
  );
}

/** A bar whose parts are as wide as their counts; the counts are written beside it by the caller. */
export function HealthBar({ counts, label }: { counts: readonly Count[]; label: string }) {
  const shown = counts.filter(({ count }) => count > 0);
  return (
    <span class="health-bar" role="img" aria-label={label}>
      {shown.map(({ status, count }) => (
        <span key={status} class={`is-${status}`} style={{ flexGrow: count }} />
      ))}
    </span>
  );
}
