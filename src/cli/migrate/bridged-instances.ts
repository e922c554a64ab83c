/**
 * Instances of one side as registrations for an agent of the other: what `rollcall bridge` shows there, and what it says of
 * their health. Pure.
 *
 * An instance that is itself shown by a bridge is left alone, so that two bridges in opposite directions do not send it round in
 * circles; one whose node has no agent is left to `rollcall migrate`.
 */

/** An entry of /v1/health/service/NAME. */
export interface HealthEntry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly Kind?: string;
    readonly ID: string;
    readonly Service: string;
    readonly Tags: readonly string[] | null;
    readonly Address: string;
    readonly Port: number;
    readonly Meta: Readonly<Record<string, string>> | null;
    readonly Weights?: { readonly Passing: number; readonly Warning: number };
  };
  readonly Checks: readonly {
    readonly CheckID: string;
    readonly Name: string;
    readonly Status: string;
    readonly Output: string;
  }[];
}

export interface BridgedInstance {
  readonly id: string;
  /** Body of /v1/agent/service/register. */
  readonly registration: object;
  /** passing, warning or critical. */
  readonly status: string;
  readonly output: string;
}

/** How long an instance whose health is not known stays in lists, as critical. */
const FORGOTTEN_AFTER = '10m';
/** Metadata that says which bridge shows an instance; its value is the address of the side that it is on. */
export const BRIDGED_FROM = 'bridged-from';
/** The check that every agent's node has. */
const AGENT_CHECK = 'serfHealth';
const MAX_OUTPUT = 2_048;

const WORSE: readonly string[] = ['passing', 'warning', 'critical'];

/** How bad a status is; whatever is not known, maintenance included, is as bad as it gets. */
const badness = (status: string): number => (WORSE.includes(status) ? WORSE.indexOf(status) : WORSE.length);

/** The id of the check that a bridge keeps. */
export const checkIdOf = (id: string): string => `service:${id}`;

function healthOf({ Checks }: HealthEntry): Pick<BridgedInstance, 'status' | 'output'> {
  const worst = Checks.toSorted((a, b) => badness(b.Status) - badness(a.Status))[0];
  if (worst === undefined) return { status: 'passing', output: '' };
  const status = WORSE[badness(worst.Status)] ?? 'critical';
  return { status, output: `${worst.Name}: ${worst.Output}`.slice(0, MAX_OUTPUT) };
}

/** Whether a bridge shows this instance to the other side. */
export const isShown = ({ Service, Checks }: HealthEntry): boolean =>
  (Service.Kind ?? '') === '' &&
  Service.Meta?.[BRIDGED_FROM] === undefined &&
  Checks.some(({ CheckID }) => CheckID === AGENT_CHECK);

/** `from` is the address of the side that the instance is on. */
export function bridgedInstance(entry: HealthEntry, from: string, ttlMs: number): BridgedInstance {
  const { Node, Service } = entry;
  const health = healthOf(entry);
  const id = `bridged:${Node.Node}:${Service.ID}`;
  const registration = {
    ID: id,
    Name: Service.Service,
    Tags: Service.Tags ?? [],
    Address: Service.Address || Node.Address,
    Port: Service.Port,
    Meta: {
      ...Service.Meta,
      'external-source': 'rollcall-bridge',
      [BRIDGED_FROM]: from,
      'bridged-node': Node.Node,
    },
    ...(Service.Weights && { Weights: Service.Weights }),
    Check: {
      CheckID: checkIdOf(id),
      Name: `health at ${Node.Node}, as the bridge last heard`,
      TTL: `${ttlMs}ms`,
      DeregisterCriticalServiceAfter: FORGOTTEN_AFTER,
      Status: health.status,
    },
  };
  return { id, registration, ...health };
}
