/**
 * What this agent was asked to keep registered, and the catalog kept equal to it.
 *
 * A registration is one atomic command (what was asked for, and the catalog's rows), so an acknowledged one survives
 * any end of the process. A change is planned (plan.ts), submitted, and only then applied to the registry and told to
 * the scheduler by `onChecksChanged`; probes report back by `report`. The rest is repair: a full comparison with the
 * catalog about every minute (diff.ts), and every 30 s a look for services that were critical for too long (reaper.ts).
 * Knows nothing of probes, timers of checks, or HTTP.
 */
import type { State } from '../catalog/state.ts';
import { serviceKey } from '../catalog/tables.ts';
import type { Writer } from '../catalog/writer.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { isSame } from '../lib/same.ts';
import { AppError } from '../model/errors.ts';
import type { CheckDefinition, CheckId, CheckStatus, RegistrationSource, ServiceId } from '../model/types.ts';
import { type ConfigDefinitions, type ConfigPlan, planConfig } from './config-plan.ts';
import { type LocalCheck, newLocalCheck, redefined, restoredCheck, withResult } from './local-check.ts';
import { nodeMark, serviceMark } from './maintenance.ts';
import { Outbox, ROUND_MS } from './outbox.ts';
import {
  type Plan,
  type PlanContext,
  planCheck,
  planCheckRemoval,
  planService,
  planServiceRemoval,
} from './plan.ts';
import { overdueServices, REAP_INTERVAL_MS } from './reaper.ts';
import type {
  ChecksChange,
  DefinitionsDiff,
  LocalService,
  LocalSettings,
  OwnRows,
  ServiceRegistration,
  StartedCheck,
  TtlOutcome,
} from './registration.ts';
import { Registry } from './registry.ts';
import { isAllowed, refuseForbidden } from './scripts.ts';
import { SYNC_INTERVAL_MS, syncOnce } from './sync.ts';
import { logPlan, logStatus } from './sync-log.ts';
import { cutOutput } from './ttl-output.ts';
import { Upkeep } from './upkeep.ts';

export interface LocalParts {
  /** Asked at every use, because a reload may change the node's metadata; its name stays. */
  readonly own: () => OwnRows;
  readonly writer: Pick<Writer, 'submit'>;
  readonly state: Pick<State, 'view'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Asked at every use, because a reload may change it. */
  readonly settings: () => LocalSettings;
  /** Checks to run and to stop running. */
  readonly onChecksChanged: (change: ChecksChange) => void;
  /** A TTL check expires later now: a client reported, or it was only registered again. */
  readonly onHeartbeat: (check: LocalCheck, isReport: boolean) => void;
}

export class Local {
  readonly #parts: LocalParts;
  readonly #registry = new Registry();
  readonly #outbox: Outbox;
  readonly #upkeep: Upkeep;

  constructor(parts: LocalParts) {
    this.#parts = parts;
    const { own, writer, clock, random, log } = parts;
    const find = (id: CheckId): LocalCheck | undefined => this.#registry.checks.get(id);
    this.#upkeep = new Upkeep({ clock, random, log }, [
      { intervalMs: SYNC_INTERVAL_MS, run: () => this.sync() },
      { intervalMs: REAP_INTERVAL_MS, run: () => this.#reap() },
      { intervalMs: ROUND_MS, run: () => this.#outbox.round() },
    ]);
    this.#outbox = new Outbox({ node: own().node.name, writer, clock, random, log, find });
  }

  /** Take up what was registered before the last end, compare with the catalog, and begin the loops. */
  async start(): Promise<void> {
    await this.#restore();
    await this.resume();
  }

  /** Compare with the catalog and go on with the loops: at the start, and when the agent stays after all. */
  resume(): Promise<void> {
    this.#upkeep.start();
    return this.sync();
  }

  /** End the loops and store what is still on its way. */
  async stop(): Promise<void> {
    this.#upkeep.stop();
    await this.#outbox.round();
  }

  /** Services by id, live: the map changes under its reader. */
  services(): ReadonlyMap<ServiceId, LocalService> {
    return this.#registry.services;
  }

  /** Checks by id with their state of this moment, live. */
  checks(): ReadonlyMap<CheckId, LocalCheck> {
    return this.#registry.checks;
  }

  /** Register a service and its checks; resolves when durable and visible. Throws AppError when it is refused. */
  async registerService(
    registration: ServiceRegistration,
    { replaceExistingChecks }: { readonly replaceExistingChecks: boolean },
  ): Promise<void> {
    this.refuseForbidden(registration.checks, registration.source);
    await this.#carryOut(planService(registration, replaceExistingChecks, this.#planContext()));
  }

  /** Remove a service and its checks; false when it is unknown. */
  async deregisterService(id: string): Promise<boolean> {
    if (!this.#registry.services.has(id as ServiceId)) return false;
    await this.#carryOut(planServiceRemoval(id as ServiceId, this.#planContext()));
    return true;
  }

  /** Register a check of the node or of a known service. Throws AppError when it is refused. */
  async registerCheck(definition: CheckDefinition, source: RegistrationSource): Promise<void> {
    this.refuseForbidden([definition], source);
    const { serviceId } = definition;
    const service = serviceId === '' ? undefined : this.#registry.services.get(serviceId);
    if (serviceId !== '' && service === undefined)
      throw new AppError('invalid_command', `ServiceID ${JSON.stringify(serviceId)} does not exist`);
    const { own, state } = this.#parts;
    const isInCatalog = state.view.services.get(serviceKey(own().node.name, serviceId)) !== undefined;
    const missing = isInCatalog ? undefined : service?.definition;
    await this.#carryOut(planCheck(definition, source, missing, this.#planContext()));
  }

  /** Remove a check; false when it is unknown. */
  async deregisterCheck(id: string): Promise<boolean> {
    if (!this.#registry.checks.has(id as CheckId)) return false;
    await this.#carryOut(planCheckRemoval([id as CheckId], this.#planContext()));
    return true;
  }

  /** Take a client's report for a TTL check; a change of status is durable and visible when it resolves. */
  async updateTtl(id: string, status: CheckStatus, output: string): Promise<TtlOutcome> {
    const check = this.#registry.checks.get(id as CheckId);
    if (check === undefined) return 'unknown';
    const { definition } = check;
    if (definition.probe.kind !== 'ttl') return 'not-ttl';
    const ttlExpiresAtMs = this.#parts.clock.monotonic() + definition.probe.ttlMs;
    const renewed = { ...check, ttlExpiresAtMs };
    this.#registry.putCheck(renewed);
    const pushed = this.#take(renewed, status, cutOutput(output, definition.outputMaxBytes));
    this.#parts.onHeartbeat(this.#registry.checks.get(definition.id) ?? renewed, true);
    if (pushed === undefined) this.#outbox.deadlineMoved(definition.id);
    else await pushed;
    return 'ok';
  }

  /** Take a result of a probe, or the end of a TTL. A check that was removed meanwhile is ignored. Never throws. */
  report(id: CheckId, status: CheckStatus, output: string): void {
    const check = this.#registry.checks.get(id);
    if (check === undefined || check.definition.probe.kind === 'none') return;
    // The only result that a TTL check has is its end: there is no deadline until the next report.
    if (check.ttlExpiresAtMs !== 0) this.#outbox.deadlineMoved(id);
    this.#take({ ...check, ttlExpiresAtMs: 0 }, status, output)?.catch((error: unknown) => {
      if (this.#upkeep.isStopped) return;
      this.#parts.log.warn({ err: error, check: id }, 'the result of a check could not be stored');
    });
  }

  /** Put a service into or out of maintenance; false when it is unknown. A second time changes nothing. */
  async setServiceMaintenance(id: string, isOn: boolean, reason: string): Promise<boolean> {
    if (!this.#registry.services.has(id as ServiceId)) return false;
    await this.#setMark(serviceMark(id, reason), isOn);
    return true;
  }

  /** Put the node, and so all its services, into or out of maintenance. */
  async setNodeMaintenance(isOn: boolean, reason: string): Promise<void> {
    await this.#setMark(nodeMark(reason), isOn);
  }

  /** Make the registrations from files be these; only differences are touched, all of them at once or none. */
  async replaceConfigDefinitions(...wanted: ConfigDefinitions): Promise<DefinitionsDiff> {
    const { plan, diff } = this.#planConfig(...wanted);
    if (plan.commands.length > 0) await this.#carryOut(plan);
    return diff;
  }

  /** What replaceConfigDefinitions would do; throws what it would throw. */
  previewConfigDefinitions(...wanted: ConfigDefinitions): DefinitionsDiff {
    return this.#planConfig(...wanted).diff;
  }

  /** Compare with the catalog and repair what differs, at once instead of within a minute. Never rejects. */
  async sync(): Promise<void> {
    const { own, writer, state, log } = this.#parts;
    const outputDeferred = this.#outbox.deferred;
    await syncOnce({ own: own(), registry: this.#registry, outputDeferred, writer, state, log });
  }

  #planConfig(...[services, checks]: ConfigDefinitions): ConfigPlan {
    this.refuseForbidden([...services.flatMap((service) => service.checks), ...checks], 'config');
    return planConfig(services, checks, this.#planContext());
  }

  /** Throws AppError, with Consul's text, when checks that run programs are not allowed from this source. */
  refuseForbidden(checks: readonly CheckDefinition[], source: RegistrationSource): void {
    refuseForbidden(checks, source, this.#parts.settings().scripts);
  }

  #planContext(): PlanContext {
    return { node: this.#parts.own().node, registry: this.#registry, clock: this.#parts.clock };
  }

  async #setMark(mark: CheckDefinition, isOn: boolean): Promise<void> {
    if (!isOn) await this.deregisterCheck(mark.id);
    else if (!this.#registry.checks.has(mark.id)) await this.registerCheck(mark, 'api');
  }

  async #carryOut(plan: Plan): Promise<void> {
    await this.#parts.writer.submit({ kind: 'all', commands: plan.commands });
    logPlan(this.#parts.log, plan, this.#registry);
    this.#apply(plan);
  }

  /** The registry after a plan; commits end in the order of their submission, so plans are applied in that order. */
  #apply({ services, checks, removedServices, removedChecks }: Plan): void {
    const stopped = removedChecks.filter((id) => this.#registry.checks.has(id));
    for (const id of removedChecks) {
      this.#registry.removeCheck(id);
      this.#outbox.forget(id);
    }
    for (const id of removedServices) this.#registry.removeService(id);
    for (const service of services) this.#registry.putService(service);
    const started = checks.flatMap(({ definition, source }) => this.#applyCheck(definition, source) ?? []);
    if (stopped.length > 0 || started.length > 0) this.#parts.onChecksChanged({ started, stopped });
  }

  /** A check that has to be started (again), or undefined when its probe goes on as it is. */
  #applyCheck(definition: CheckDefinition, source: RegistrationSource): StartedCheck | undefined {
    const { clock, onHeartbeat } = this.#parts;
    const before = this.#registry.checks.get(definition.id);
    const check = before
      ? redefined(before, definition, source, clock)
      : newLocalCheck(definition, source, clock);
    this.#registry.putCheck(check);
    if (definition.probe.kind === 'none') return undefined;
    if (before === undefined || !isSame(before.definition, definition)) return { check, isRestored: false };
    if (definition.probe.kind === 'ttl') onHeartbeat(check, false);
    return undefined;
  }

  /** Keep a result; the promise is there when it has to be published at once. */
  #take(check: LocalCheck, status: CheckStatus, output: string): Promise<void> | undefined {
    const { clock, settings } = this.#parts;
    const { checkUpdateIntervalMs, discardCheckOutput } = settings();
    const after = withResult(check, status, discardCheckOutput ? '' : output, clock);
    const isFirst = check.sinceMs === 0;
    if (!isFirst && after.status === check.status && after.output === check.output) return undefined;
    this.#registry.putCheck(after);
    if (isFirst || after.status !== check.status) logStatus(this.#parts.log, check, status);
    if (isFirst || after.status !== check.status || checkUpdateIntervalMs === 0)
      return this.#outbox.push(after);
    this.#outbox.deferOutput(check.definition.id, checkUpdateIntervalMs);
    return undefined;
  }

  async #restore(): Promise<void> {
    const { state, clock, settings, log, onChecksChanged } = this.#parts;
    for (const { definition, source } of state.view.localServices.values())
      this.#registry.putService({ definition, source });
    const started: StartedCheck[] = [];
    const forbidden: CheckId[] = [];
    for (const row of state.view.localChecks.values()) {
      const check = restoredCheck(row, clock);
      this.#registry.putCheck(check);
      if (!isAllowed(check.definition, check.source, settings().scripts)) forbidden.push(check.definition.id);
      else if (check.definition.probe.kind !== 'none')
        started.push({ check, isRestored: check.sinceMs !== 0 });
    }
    if (started.length > 0) onChecksChanged({ started, stopped: [] });
    if (forbidden.length === 0) return;
    log.warn({ checks: forbidden }, 'checks that run programs were removed: scripts are disabled now');
    await this.#carryOut(planCheckRemoval(forbidden, this.#planContext()));
  }

  async #reap(): Promise<void> {
    const { clock, log } = this.#parts;
    for (const id of overdueServices(this.#registry.checks.values(), clock.monotonic())) {
      await this.deregisterService(id);
      log.info({ service: id }, 'Check for service has been critical for too long; deregistered service');
    }
  }
}
