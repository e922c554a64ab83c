/**
 * What changed while the page was open: differences between one answer and the next, newest first.
 *
 * Pure but for the list itself, which belongs to the app, so that it survives going to another page and back.
 */
import { type Signal, signal } from '@preact/signals';
import type { CheckShape, ServiceSummary, Status } from '../api/shapes.ts';
import { statusOfCheck } from '../parts/status.tsx';

export interface Change {
  readonly id: string;
  readonly timeMs: number;
  readonly kind: 'appeared' | 'gone' | Status;
  /** Name of the service that it is about; '' when it is about a node. */
  readonly service: string;
  /** Who changed: a service, an instance or a node. */
  readonly who: string;
  readonly text: string;
}

export interface Changes {
  readonly list: Signal<readonly Change[]>;
  noteServices(services: readonly ServiceSummary[], timeMs: number): void;
  noteFailing(checks: readonly CheckShape[], timeMs: number): void;
}

const LIMIT = 60;

type Found = Omit<Change, 'id' | 'timeMs'>;

const whole = (service: string) => ({ service, who: service });

function sizeText(before: number, after: number): string {
  return `${before} → ${after} instances`;
}

/** Services that came, went, or have another number of instances. */
function diffServices(
  before: ReadonlyMap<string, ServiceSummary>,
  after: readonly ServiceSummary[],
): readonly Found[] {
  const found: Found[] = [];
  const names = new Set(after.map((service) => service.Name));
  for (const service of after) {
    const old = before.get(service.Name);
    if (!old) found.push({ ...whole(service.Name), kind: 'appeared', text: 'is registered' });
    else if (old.InstanceCount !== service.InstanceCount) {
      const kind = service.InstanceCount > old.InstanceCount ? 'appeared' : 'gone';
      found.push({ ...whole(service.Name), kind, text: sizeText(old.InstanceCount, service.InstanceCount) });
    }
  }
  for (const name of before.keys()) {
    if (!names.has(name)) found.push({ ...whole(name), kind: 'gone', text: 'is gone' });
  }
  return found;
}

const keyOf = (check: CheckShape): string => `${check.Node}/${check.CheckID}`;

const STATUS_TEXT: Readonly<Record<Status, string>> = {
  critical: 'turned critical',
  warning: 'warns',
  maintenance: 'went into maintenance',
  passing: 'is no longer failing',
};

function ofCheck(check: CheckShape, status: Status): Found {
  const who = check.ServiceID || check.Node;
  const name = status === 'maintenance' ? '' : `${check.Name || check.CheckID} `;
  return { kind: status, service: check.ServiceName, who, text: `${name}${STATUS_TEXT[status]}` };
}

/** Checks that left or joined those that are not passing. */
function diffFailing(
  before: ReadonlyMap<string, CheckShape>,
  after: readonly CheckShape[],
): readonly Found[] {
  const found: Found[] = [];
  const keys = new Set(after.map(keyOf));
  for (const check of after) {
    const status = statusOfCheck(check);
    const old = before.get(keyOf(check));
    if (old && statusOfCheck(old) === status) continue;
    found.push(ofCheck(check, status));
  }
  for (const [key, check] of before) {
    if (!keys.has(key)) found.push(ofCheck(check, 'passing'));
  }
  return found;
}

export function createChanges(): Changes {
  const list = signal<readonly Change[]>([]);
  let services: ReadonlyMap<string, ServiceSummary> | undefined;
  let failing: ReadonlyMap<string, CheckShape> | undefined;
  let lastId = 0;
  function add(found: readonly Found[], timeMs: number): void {
    if (found.length === 0) return;
    const stamped = found.slice(0, LIMIT).map((change) => ({ ...change, timeMs, id: String(++lastId) }));
    list.value = [...stamped.reverse(), ...list.peek()].slice(0, LIMIT);
  }
  return {
    list,
    noteServices(next, timeMs) {
      if (services) add(diffServices(services, next), timeMs);
      services = new Map(next.map((service) => [service.Name, service]));
    },
    noteFailing(next, timeMs) {
      if (failing) add(diffFailing(failing, next), timeMs);
      failing = new Map(next.map((check) => [keyOf(check), check]));
    },
  };
}
