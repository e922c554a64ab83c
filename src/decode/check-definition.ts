/**
 * A valid check document as a CheckDefinition: one kind of probe, and every default and limit filled in.
 *
 * To add a kind: its target's field in check-document.ts, a line in kindOf, a case in probeOf, its default timeout.
 */
import { formatDuration } from '../lib/duration.ts';
import type { CheckDefinition, CheckId, ProbeSpec, ServiceId } from '../model/types.ts';
import { type CheckDocument, isCheckStatus } from './check-document.ts';

type Kind = ProbeSpec['kind'];

/** Defaults that the agent's configuration gives. */
export interface CheckDefaults {
  /** check_output_max_size: octets of output that are kept; a check may ask for less. */
  readonly outputMaxBytes: number;
  /** Told of every time that was raised to the least one, because whoever wrote it expects something else. */
  readonly onRaised?: (raised: RaisedTime) => void;
}

/** A time of a check that was below the least one. */
export interface RaisedTime {
  readonly check: CheckId;
  readonly field: 'interval' | 'deregister_critical_service_after';
  readonly askedMs: number;
  readonly usedMs: number;
}

/** The sentence about it, without the check. */
export function raisedText({ field, askedMs, usedMs }: RaisedTime): string {
  return `${field} ${formatDuration(askedMs)} is below the least one, ${formatDuration(usedMs)} is used`;
}

/** Order of precedence where a document names several targets, as Consul has it. */
function kindOf(document: CheckDocument): Kind {
  if (document.ttlMs > 0) return 'ttl';
  if (document.http !== '') return 'http';
  if (document.tcp !== '') return 'tcp';
  if (document.udp !== '') return 'udp';
  if (document.grpc !== '') return 'grpc';
  if (document.args.length > 0) return document.dockerContainerId === '' ? 'script' : 'docker';
  if (document.h2ping !== '') return 'h2ping';
  if (document.osService !== '') return 'os-service';
  return document.aliasNode !== '' || document.aliasService !== '' ? 'alias' : 'none';
}

function probeOf(document: CheckDocument): ProbeSpec {
  const tls = { skipVerify: document.tlsSkipVerify, serverName: document.tlsServerName };
  const kind = kindOf(document);
  switch (kind) {
    case 'http': {
      const { http: url, method, header, body, disableRedirects } = document;
      return { kind, url, method: method || 'GET', header, body, disableRedirects, tls };
    }
    case 'tcp':
      return { kind, address: document.tcp, useTls: document.tcpUseTls, tls };
    case 'udp':
      return { kind, address: document.udp };
    case 'grpc':
      return { kind, target: document.grpc, useTls: document.grpcUseTls, tls };
    case 'h2ping':
      return { kind, address: document.h2ping, useTls: document.h2pingUseTls, tls };
    case 'script':
      return { kind, args: document.args };
    case 'docker':
      return { kind, containerId: document.dockerContainerId, args: document.args, shell: document.shell };
    case 'os-service':
      return { kind, service: document.osService };
    case 'alias':
      return { kind, node: document.aliasNode, serviceId: document.aliasService };
    case 'ttl':
      return { kind, ttlMs: document.ttlMs };
    case 'none':
      return { kind };
  }
}

const MIN_INTERVAL_MS = 1_000;
const MIN_DEREGISTER_AFTER_MS = 60_000;
const NETWORK_TIMEOUT_MS = 10_000;
const PROGRAM_TIMEOUT_MS = 30_000;

const DEFAULT_TIMEOUT_MS: Readonly<Record<Kind, number>> = {
  http: NETWORK_TIMEOUT_MS,
  tcp: NETWORK_TIMEOUT_MS,
  udp: NETWORK_TIMEOUT_MS,
  grpc: NETWORK_TIMEOUT_MS,
  h2ping: NETWORK_TIMEOUT_MS,
  script: PROGRAM_TIMEOUT_MS,
  docker: PROGRAM_TIMEOUT_MS,
  'os-service': PROGRAM_TIMEOUT_MS,
  alias: 0,
  ttl: 0,
  none: 0,
};

/** What a document does not say itself: its id, name and service. */
export interface CheckIdentity {
  readonly id: string;
  readonly name: string;
  readonly serviceId: string;
}

function raisedTimes(document: CheckDocument, check: CheckDefinition): readonly RaisedTime[] {
  const times = [
    ['interval', document.intervalMs, check.intervalMs],
    ['deregister_critical_service_after', document.deregisterAfterMs, check.deregisterCriticalServiceAfterMs],
  ] as const;
  return times
    .filter(([, askedMs, usedMs]) => usedMs > askedMs)
    .map(([field, askedMs, usedMs]) => ({ check: check.id, field, askedMs, usedMs }));
}

/** A valid document as a definition. Interval is at least one second, a removal time at least one minute. */
export function toCheckDefinition(
  document: CheckDocument,
  identity: CheckIdentity,
  defaults: CheckDefaults,
): CheckDefinition {
  const probe = probeOf(document);
  const defaultTimeoutMs = DEFAULT_TIMEOUT_MS[probe.kind];
  const isPolledKind = defaultTimeoutMs > 0;
  const { outputMaxBytes, deregisterAfterMs, failuresBeforeCritical } = document;
  const check: CheckDefinition = {
    id: identity.id as CheckId,
    name: identity.name,
    notes: document.notes,
    serviceId: identity.serviceId as ServiceId,
    initialStatus: isCheckStatus(document.status) ? document.status : 'critical',
    probe,
    intervalMs: isPolledKind ? Math.max(document.intervalMs, MIN_INTERVAL_MS) : 0,
    timeoutMs: isPolledKind && document.timeoutMs > 0 ? document.timeoutMs : defaultTimeoutMs,
    successBeforePassing: Math.max(document.successBeforePassing, 0),
    failuresBeforeWarning: Math.max(document.failuresBeforeWarning ?? failuresBeforeCritical, 0),
    failuresBeforeCritical: Math.max(failuresBeforeCritical, 0),
    outputMaxBytes:
      outputMaxBytes > 0 ? Math.min(outputMaxBytes, defaults.outputMaxBytes) : defaults.outputMaxBytes,
    deregisterCriticalServiceAfterMs:
      deregisterAfterMs > 0 ? Math.max(deregisterAfterMs, MIN_DEREGISTER_AFTER_MS) : 0,
  };
  for (const raised of raisedTimes(document, check)) defaults.onRaised?.(raised);
  return check;
}
