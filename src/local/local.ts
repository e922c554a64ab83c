/**
 * What this agent was asked to keep registered, and the catalog kept equal to it.
 *
 * A change is planned against what is queued (plan.ts) and submitted in one turn to the agent's own store and to the
 * catalog; it is acknowledged when it is durable here and visible there. What the own store installs goes into the
 * registry and to the scheduler by `onChecksChanged`; probes report back by `report`. The rest is repair: a full
 * comparison with the catalog at the start, about every minute, when only one of the two took a change, and soon again
 * when the catalog was away meanwhile (diff.ts); every 30 s a look for services that were critical for too long
 * (reaper.ts). The own store is the truth.
 * Knows nothing of probes, timers of checks, or HTTP.
 */
import type { Applied } from '../catalog/state.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { AppError } from '../model/errors.ts';
import type { Origin } from '../model/history-types.ts';
import type { CheckDefinition, CheckId, CheckStatus, RegistrationSource, ServiceId } from '../model/types.ts';
import type { AgentState } from './agent-rules.ts';
import type { AgentKinds, AgentView } from './agent-tables.ts';
import type { CatalogPort } from './catalog-port.ts';
import { type ConfigDefinitions, type ConfigPlan, planConfig } from './config-plan.ts';
import { type LocalCheck, withResult } from './local-check.ts';
import { nodeMark, serviceMark } from './maintenance.ts';
import { Outbox, ROUND_MS } from './outbox.ts';
import {
  NOTHING,
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
  Registrant,
  ServiceRegistration,
  StartedCheck,
  TtlOutcome,
} from './registration.ts';
import { Registry } from './registry.ts';
import { isAllowed, refuseForbidden } from './scripts.ts';
import { SYNC_INTERVAL_MS, SyncAgain, syncOnce } from './sync.ts';
import { linesOfPlan, logStatus } from './sync-log.ts';
import { cutOutput } from './ttl-output.ts';
import { TwoStores } from './two-stores.ts';
import { Upkeep } from './upkeep.ts';

export interface LocalParts {
  /** Asked at every use, because a reload may change the node's metadata; its name stays. */
  readonly own: () => OwnRows;
  readonly agentState: AgentState;
  readonly catalog: CatalogPort;
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

/** Who sets or takes away a mark of maintenance. */
interface MarkSetter {
  readonly by: Origin | undefined;
  readonly token: string;
}

export class Local {
  readonly #parts: LocalParts;
  readonly #registry: Registry;
  readonly #outbox: Outbox;
  readonly #upkeep: Upkeep;
  readonly #stores: TwoStores;
  readonly #syncAgain = new SyncAgain();

  constructor(parts: LocalParts) {
    this.#parts = parts;
    const { own, agentState, catalog, clock, random, log } = parts;
    this.#registry = new Registry(clock);
    const find = (id: CheckId): LocalCheck | undefined => this.#registry.checks.get(id);
    this.#upkeep = new Upkeep({ clock, random, log }, [
      { intervalMs: SYNC_INTERVAL_MS, run: () => this.sync() },
      { intervalMs: REAP_INTERVAL_MS, run: () => this.#reap() },
      { intervalMs: ROUND_MS, run: () => this.#round() },
    ]);
    const keep: AgentState['writer']['submit'] = (command) => agentState.writer.submit(command);
    this.#outbox = new Outbox({ node: own().node.name, keep, catalog, clock, random, log, find });
    const onKept = ({ renewed }: Plan): void => {
      for (const id of renewed) this.#renew(id);
    };
    this.#stores = new TwoStores({ agentState, catalog, onKept });
    agentState.installer.onInstalled((applied) => this.#install(applied));
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
    { replaceExistingChecks, by }: { readonly replaceExistingChecks: boolean; readonly by?: Origin },
  ): Promise<void> {
    this.refuseForbidden(registration.checks, registration.source);
    await this.#carryOut(planService(registration, replaceExistingChecks, this.#planContext()), by);
  }

  /** Remove a service and its checks; false when it is unknown. */
  async deregisterService(id: string, by?: Origin): Promise<boolean> {
    if (!this.#knowsService(id)) return false;
    await this.#carryOut(planServiceRemoval(id as ServiceId, this.#planContext()), by);
    return true;
  }

  /** Register a check of the node or of a known service. Throws AppError when it is refused. */
  async registerCheck(definition: CheckDefinition, registrant: Registrant, by?: Origin): Promise<void> {
    this.refuseForbidden([definition], registrant.source);
    const { serviceId } = definition;
    const context = this.#planContext();
    const service = serviceId === '' ? undefined : context.ahead.localServices.get(serviceId);
    if (serviceId !== '' && service === undefined)
      throw new AppError('invalid_command', `ServiceID ${JSON.stringify(serviceId)} does not exist`);
    await this.#carryOut(planCheck(definition, registrant, service?.definition, context), by);
  }

  /** Remove a check; false when it is unknown. */
  async deregisterCheck(id: string, by?: Origin): Promise<boolean> {
    const isKnown = this.#registry.checks.has(id as CheckId) || this.#ahead.localChecks.get(id) !== undefined;
    if (isKnown) await this.#carryOut(planCheckRemoval([id as CheckId], this.#planContext()), by);
    return isKnown;
  }

  /** Take a client's report for a TTL check; a change of status is durable and visible when it resolves. */
  async updateTtl(id: string, status: CheckStatus, output: string, by?: Origin): Promise<TtlOutcome> {
    const check = this.#registry.checks.get(id as CheckId);
    if (check === undefined) return 'unknown';
    const { definition } = check;
    if (definition.probe.kind !== 'ttl') return 'not-ttl';
    const ttlExpiresAtMs = this.#parts.clock.monotonic() + definition.probe.ttlMs;
    const renewed = { ...check, ttlExpiresAtMs };
    this.#registry.live(renewed);
    const pushed = this.#take(renewed, status, cutOutput(output, definition.outputMaxBytes), by);
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
  async setServiceMaintenance(id: string, isOn: boolean, reason: string, by?: Origin): Promise<boolean> {
    if (!this.#knowsService(id)) return false;
    const token = this.#ahead.localServices.get(id)?.token ?? '';
    await this.#setMark(serviceMark(id, reason), isOn, { by, token });
    return true;
  }

  /** Put the node, and so all its services, into or out of maintenance. */
  async setNodeMaintenance(isOn: boolean, reason: string, by?: Origin, token = ''): Promise<void> {
    await this.#setMark(nodeMark(reason), isOn, { by, token });
  }

  /** Make the registrations from files be these; only differences are touched, all of them at once or none. */
  async replaceConfigDefinitions(...wanted: ConfigDefinitions): Promise<DefinitionsDiff> {
    const { plan, diff } = this.#planConfig(...wanted);
    if (plan.keep.length > 0) await this.#carryOut(plan, { why: 'configuration' });
    return diff;
  }

  /** What replaceConfigDefinitions would do; throws what it would throw. */
  previewConfigDefinitions(...wanted: ConfigDefinitions): DefinitionsDiff {
    return this.#planConfig(...wanted).diff;
  }

  /** Compare with the catalog and repair what differs, at once instead of within a minute. Never rejects. */
  async sync(): Promise<void> {
    const { own, agentState, catalog, log } = this.#parts;
    const isComplete = await syncOnce({
      own: own(),
      context: () => this.#planContext(),
      underWay: this.#stores.underWay,
      outputDeferred: this.#outbox.deferred,
      keep: (command) => agentState.writer.submit(command),
      catalog,
      log,
    });
    this.#syncAgain.ended(isComplete);
  }

  #planConfig(...[services, checks]: ConfigDefinitions): ConfigPlan {
    const alone = checks.map(({ definition }) => definition);
    this.refuseForbidden([...services.flatMap((service) => service.checks), ...alone], 'config');
    return planConfig(services, checks, this.#planContext());
  }

  /** Throws AppError, with Consul's text, when checks that run programs are not allowed from this source. */
  refuseForbidden(checks: readonly CheckDefinition[], source: RegistrationSource): void {
    refuseForbidden(checks, source, this.#parts.settings().scripts);
  }

  /** The rows as they will be when all that was taken is done. */
  get #ahead(): AgentView {
    return this.#parts.agentState.writer.ahead;
  }

  /** Also one whose removal is on its way: whoever removes it too has to wait for that. */
  #knowsService(id: string): boolean {
    return this.#registry.services.has(id as ServiceId) || this.#ahead.localServices.get(id) !== undefined;
  }

  #planContext(): PlanContext {
    const { own, clock } = this.#parts;
    return { node: own().node, ahead: this.#ahead, live: this.#registry.checks, clock };
  }

  async #setMark(mark: CheckDefinition, isOn: boolean, { by, token }: MarkSetter): Promise<void> {
    if (!isOn) await this.deregisterCheck(mark.id, by);
    else if (this.#ahead.localChecks.get(mark.id) === undefined)
      await this.registerCheck(mark, { source: 'api', token }, by);
    else await this.#carryOut(NOTHING);
  }

  async #carryOut(plan: Plan, by?: Origin): Promise<void> {
    const lines = linesOfPlan(plan, this.#ahead);
    await this.#stores.carryOut(plan, { agent: this.#parts.own().node.name, ...by });
    for (const { level, fields, text } of lines) this.#parts.log[level](fields, text);
  }

  /** A TTL check was registered again as it is: its time begins anew. */
  #renew(id: CheckId): void {
    const { clock, onHeartbeat } = this.#parts;
    const check = this.#registry.checks.get(id);
    if (check?.definition.probe.kind !== 'ttl') return;
    const renewed = { ...check, ttlExpiresAtMs: clock.monotonic() + check.definition.probe.ttlMs };
    this.#registry.live(renewed);
    onHeartbeat(renewed, false);
  }

  #install(applied: readonly Applied<AgentKinds>[]): void {
    const change = this.#registry.install(applied);
    for (const id of change.stopped) this.#outbox.forget(id);
    if (change.started.length > 0 || change.stopped.length > 0) this.#parts.onChecksChanged(change);
  }

  async #round(): Promise<void> {
    await this.#outbox.round();
    const isLeft = this.#syncAgain.isDue();
    if (this.#stores.takeApart() || isLeft) await this.sync();
  }

  /** Keep a result; the promise is there when it has to be published at once. */
  #take(check: LocalCheck, status: CheckStatus, output: string, by?: Origin): Promise<void> | undefined {
    const { clock, settings } = this.#parts;
    const { checkUpdateIntervalMs, discardCheckOutput } = settings();
    const after = withResult(check, status, discardCheckOutput ? '' : output, clock);
    const isFirst = check.sinceMs === 0;
    if (!isFirst && after.status === check.status && after.output === check.output) return undefined;
    this.#registry.live(after);
    if (isFirst || after.status !== check.status) logStatus(this.#parts.log, check, after);
    if (isFirst || after.status !== check.status || checkUpdateIntervalMs === 0)
      return this.#outbox.push(after, by);
    this.#outbox.deferOutput(check.definition.id, checkUpdateIntervalMs);
    return undefined;
  }

  async #restore(): Promise<void> {
    const { agentState, settings, log, onChecksChanged } = this.#parts;
    this.#registry.restore(agentState.state.view);
    const started: StartedCheck[] = [];
    const forbidden: CheckId[] = [];
    for (const check of this.#registry.checks.values()) {
      if (!isAllowed(check.definition, check.source, settings().scripts)) forbidden.push(check.definition.id);
      else if (check.definition.probe.kind !== 'none')
        started.push({ check, isRestored: check.sinceMs !== 0 });
    }
    if (started.length > 0) onChecksChanged({ started, stopped: [] });
    if (forbidden.length === 0) return;
    log.warn({ checks: forbidden }, 'checks that run programs were removed: scripts are disabled now');
    await this.#carryOut(planCheckRemoval(forbidden, this.#planContext()), {
      why: 'scripts are disabled now',
    });
  }

  async #reap(): Promise<void> {
    const { clock, log } = this.#parts;
    for (const id of overdueServices(this.#registry.checks.values(), clock.monotonic())) {
      await this.deregisterService(id, { why: 'critical for too long' });
      log.info({ service: id }, 'Check for service has been critical for too long; deregistered service');
    }
  }
}
