/**
 * Checks connected to registrations: what Local says to run goes to the scheduler, results go back.
 */
import type { Follow } from '../checks/check.ts';
import type { CheckIdentity } from '../checks/dial.ts';
import { ProbeThread } from '../checks/probe-thread.ts';
import { makeProbes } from '../checks/probes.ts';
import { type ProbeRun, Scheduler } from '../checks/scheduler.ts';
import { sparingProbes } from '../checks/sparing-probes.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import type { LocalCheck } from '../local/local-check.ts';
import type { ChecksChange } from '../local/registration.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { CheckId, CheckStatus } from '../model/types.ts';
import type { Config } from './config/options.ts';
import type { Part } from './lifecycle.ts';
import type { Security } from './security.ts';

export interface ChecksParts {
  readonly config: Config;
  readonly security: Security;
  readonly nodeName: string;
  /** Spares the thread of the probes as long as they are few. */
  readonly isSparing: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly follow: Follow;
  readonly onResult: (id: CheckId, status: CheckStatus, output: string) => void;
  readonly metrics: Metrics;
  readonly log: Logger;
}

function countRuns(metrics: Metrics): (run: ProbeRun) => void {
  const runs = metrics.counter('check_runs');
  const latency = metrics.histogram('check_latency_seconds');
  const lateness = metrics.histogram('check_lateness_seconds');
  return ({ kind, status, durationMs, latenessMs }) => {
    runs.add(runs.slot(kind, status));
    latency.observe(latency.slot(kind), durationMs / 1_000);
    lateness.observe(0, latenessMs / 1_000);
  };
}

/** What checks show and trust where `enable_agent_tls_for_checks` lets them use the agent's certificate. */
function checkIdentity({ config, security, nodeName }: ChecksParts): CheckIdentity | undefined {
  if (!config.enable_agent_tls_for_checks) return undefined;
  return { ...security.state.rpc.material, serverName: config.server_name || nodeName };
}

/** The scheduler with every kind of probe, and what starts and stops both. */
export function buildChecks(parts: ChecksParts): { readonly scheduler: Scheduler; readonly part: Part } {
  const { clock, random, follow, onResult, metrics, log } = parts;
  const uncaught = metrics.counter('uncaught_errors');
  const thread = new ProbeThread(log, () => uncaught.add(uncaught.slot('probe')));
  let identity = checkIdentity(parts);
  thread.setIdentity(identity);
  parts.security.onChange(() => {
    identity = checkIdentity(parts);
    thread.setIdentity(identity);
  });
  const probes = parts.isSparing
    ? sparingProbes({ here: makeProbes(() => identity), there: thread.probes, clock })
    : thread.probes;
  const scheduler = new Scheduler({ clock, random, probes, follow, onResult, onRun: countRuns(metrics) });
  const part: Part = {
    name: 'checks',
    start: async () => scheduler.start(),
    stop: () => {
      scheduler.stop();
      return thread.stop();
    },
  };
  return { scheduler, part };
}

/** Run and stop what registrations changed. */
export function applyChecksChange(scheduler: Scheduler, { started, stopped }: ChecksChange): void {
  for (const id of stopped) scheduler.remove(id);
  for (const { check, isRestored } of started) {
    const { definition, output, ttlExpiresAtMs } = check;
    scheduler.add({ definition, output, ttlExpiresAtMs, isRestored });
  }
}

/** A TTL check expires later now; a report goes into its history too. */
export function applyHeartbeat(scheduler: Scheduler, check: LocalCheck, isReport: boolean): void {
  const { definition, ttlExpiresAtMs, status, output } = check;
  scheduler.heartbeat(definition.id, ttlExpiresAtMs, isReport ? { status, output } : undefined);
}
