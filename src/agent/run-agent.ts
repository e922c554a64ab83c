/**
 * The agent around its rows, the same for every role: local registrations, checks, DNS, HTTP, watches; built in order,
 * started in order, stopped in reverse. What depends on the role comes as its `Role`.
 */
import type { Scheduler } from '../checks/scheduler.ts';
import type { AnswerPacket } from '../dns/answer-packets.ts';
import { makeExplain } from '../dns/explain/explain.ts';
import { makeExecuteQuery } from '../dns/prepared.ts';
import type { HttpParts } from '../http/http-parts.ts';
import type { HttpServer } from '../http/server.ts';
import { systemClock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { systemRandom } from '../lib/random.ts';
import { LOCAL_CHECKS_TOPIC } from '../local/agent-rules.ts';
import { Local } from '../local/local.ts';
import type { AppError } from '../model/errors.ts';
import { roleOf } from './agent-role.ts';
import { buildEvents } from './build-events.ts';
import { certificateEnds, certificateWatchPart } from './certificate-watch-part.ts';
import { applyChecksChange, applyHeartbeat, buildChecks } from './checks-part.ts';
import { type FileDefinitions, placing } from './config/file-definitions.ts';
import { configWatchPart } from './config-watch-part.ts';
import { corePart } from './core.ts';
import { drainsPart } from './drains-part.ts';
import { Ending } from './ending.ts';
import { makeAnswerFarQuery } from './far-queries.ts';
import { followAlias } from './follow-alias.ts';
import { greeting } from './greeting.ts';
import type { Ground } from './ground.ts';
import { watchHeap } from './heap-watch.ts';
import { httpSettings, liveHttpSettings } from './http-settings.ts';
import { surviveUncaught } from './last-resort.ts';
import { type Part, startAll } from './lifecycle.ts';
import { type DnsFace, dnsFace, httpFace, httpsFaces } from './listener-parts.ts';
import { engineMemory, memoryReturnPart } from './memory-return-part.ts';
import { onceLoaded } from './once-loaded.ts';
import { otlpPart } from './otlp-part.ts';
import { CONSUL_VERSION, ownRows } from './own-rows.ts';
import { pidFilePart } from './pid-file.ts';
import { processPart } from './process-part.ts';
import { Profiler } from './profiler.ts';
import { Reloader } from './reload.ts';
import type { Role, RoleTools } from './role.ts';
import { localSettings } from './settings.ts';
import { settlePart } from './settle-part.ts';
import { watchesPart } from './watches-part.ts';

export interface RunningAgent {
  readonly log: Logger;
  /** What a person at the terminal wants to know first. */
  readonly greeting: readonly string[];
  /** Resolves once the agent has ended, by whatever way; to why, where it could not go on. */
  readonly ended: Promise<AppError | undefined>;
  /** What a signal asks for: leave or just stop, as configured. */
  interrupt(signal: 'SIGINT' | 'SIGTERM'): Promise<void>;
  /** Read the configuration again. Rejects with config_invalid, after logging why, and keeps the old one. */
  reload(): Promise<unknown>;
  /** Go on in a new log file of the same name. */
  reopenLog(): void;
}

function buildLocal(
  { current, agentLog, core, identity, request, acl }: Ground,
  scheduler: Scheduler,
): Local {
  const role = roleOf(current.config, request.configuration.isDev);
  return new Local({
    own: current.derive((loaded) => ownRows(identity, loaded.config, role)),
    agentState: core.agentState,
    catalog: acl.guard(core, () => ownRows(identity, current.config, role)),
    clock: systemClock,
    random: systemRandom,
    log: agentLog.log,
    settings: () => localSettings(current.config),
    onChecksChanged: (change) => {
      applyChecksChange(scheduler, change);
      core.watch.wake([LOCAL_CHECKS_TOPIC]);
    },
    onHeartbeat: (check, isReport) => {
      applyHeartbeat(scheduler, check, isReport);
      if (isReport) core.watch.wake([LOCAL_CHECKS_TOPIC]);
    },
  });
}

function localPart(local: Local, definitions: FileDefinitions): Part {
  const { services, checks } = definitions;
  return {
    name: 'local',
    start: async () => {
      await local.start();
      await placing(definitions, () => local.replaceConfigDefinitions(services, checks));
    },
    stop: () => local.stop(),
  };
}

/** What answering a DNS question takes, on sockets and in explanations alike. */
function answering({ dns: { config, onConfig }, core, identity, coordinates }: Ground, role: Role) {
  const { view } = core.state;
  const { nodeName } = identity;
  const random = systemRandom;
  const distance = (from: string, to: string): number => coordinates.distance(from, to);
  const executeQueryBy = (by: typeof config) =>
    makeExecuteQuery({ view, config: by, nodeName, distance, random });
  return {
    view,
    nodeName,
    config,
    onConfig,
    clock: systemClock,
    random,
    executeQuery: executeQueryBy(config),
    executeQueryBy,
    ...role.dns,
  };
}

/** What of the HTTP side's parts is made here from others, not taken from the ground. */
type OwnPart =
  | 'reload'
  | 'previewReload'
  | 'isReady'
  | 'leave'
  | 'answerDns'
  | 'watchDns'
  | 'checkHistory'
  | 'testCheck'
  | 'drains';

/** The module is here already, see layGround. */
async function buildHttp(ground: Ground, role: Role, local: Local, own: Pick<HttpParts, OwnPart>) {
  const { buildHttpServer } = await import('../http/server.ts');
  const { core, config, current, identity, agentLog, metrics, coordinates, request, acl } = ground;
  const { nodeName, nodeId } = identity;
  const { cluster, membership, datacenters, elsewhere, network, otherDatacenters, renewSession, copy } = role;
  return buildHttpServer({
    ...core,
    ...own,
    cluster,
    membership,
    datacenters,
    elsewhere,
    network,
    otherDatacenters,
    renewSession,
    copy,
    events: buildEvents(ground, role, local),
    local,
    config: httpSettings(config, identity, { isDev: request.configuration.isDev, acl: acl.settings }),
    live: liveHttpSettings(current, identity, request.configuration.isDev),
    clock: systemClock,
    random: systemRandom,
    log: agentLog.log.child({ part: 'http' }),
    logStream: agentLog,
    metrics,
    certificateEnds: () => certificateEnds(ground.security.state),
    nodeName,
    nodeId,
    datacenter: config.datacenter,
    version: CONSUL_VERSION,
    ownVersion: request.version,
    coordinates,
    explainDns: makeExplain({
      ...answering(ground, role),
      checkSinceMs: (id) => local.checks().get(id)?.sinceMs || undefined,
    }),
    authorizerOf: acl.authorizerOf,
    ...(acl.knowAsker && { knowAsker: acl.knowAsker }),
    acl: acl.port,
    heapRoomBytes: watchHeap().roomBytes, // as long as the process
    takeProfile: config.enable_debug ? new Profiler().take : undefined,
  });
}

function buildDns(ground: Ground, role: Role): DnsFace {
  const { config, core, agentLog, metrics, security } = ground;
  const log = agentLog.log.child({ part: 'dns' });
  const { state, onInstalled } = core;
  return dnsFace({
    ...answering(ground, role),
    agentConfig: config,
    security,
    log,
    metrics,
    onInstalled,
    index: () => state.index,
  });
}

/** What answers DNS packets that other agents pass on; loaded when the first one comes. */
function packetAnswerer(ground: Ground, role: Role): () => Promise<AnswerPacket> {
  const { core, agentLog, metrics } = ground;
  const { onInstalled } = core;
  return async () => {
    const { makeAnswerPacket } = await import('../dns/answer-packets.ts');
    const log = agentLog.log.child({ part: 'dns' });
    const { executeQueryBy, ...parts } = answering(ground, role);
    const { configOf } = ground.dns;
    return makeAnswerPacket({
      ...parts,
      executeQueryBy,
      log,
      metrics,
      onInstalled,
      ...(configOf && { configOf }),
    });
  };
}

/** What the role gets of the rest of the agent. */
function toolsFor(ground: Ground, role: Role, { app }: HttpServer): RoleTools {
  const { core, dns, acl } = ground;
  const { view } = core.state;
  return {
    http: app,
    makeAnswerPacket: packetAnswerer(ground, role),
    agentRights: acl.agentRights,
    answerFarQuery: makeAnswerFarQuery({
      view,
      dnsConfig: dns.config,
      authorizerOf: acl.authorizerOf,
      random: systemRandom,
    }),
  };
}

function buildWatches({ config, security, agentLog, definitions }: Ground): ReturnType<typeof watchesPart> {
  const log = agentLog.log.child({ part: 'watches' });
  return watchesPart({ config, security, clock: systemClock, log }, definitions.watches);
}

function buildEnding({ config, core, identity, agentLog }: Ground, role: Role, local: Local): Ending {
  return new Ending({
    local,
    deregister: async () => {
      await role.leave?.prepare();
      if (role.takeOut !== undefined) await role.takeOut();
      else await core.writer.submit({ kind: 'deregister', node: identity.nodeName });
      await role.leave?.finish();
    },
    drainMs: role.takeOut === undefined ? config['performance.leave_drain_time'] : 0,
    clock: systemClock,
    log: agentLog.log,
  });
}

function httpFaces(
  http: HttpServer,
  { config, security, metrics, agentLog: { log } }: Ground,
): readonly Part[] {
  return [
    httpFace(http.app, config, log),
    ...httpsFaces(http, security, config, log),
    certificateWatchPart(security, { clock: systemClock, metrics, log }),
  ];
}

function configWatches(
  { config, security, request, agentLog }: Ground,
  reload: () => Promise<unknown>,
): readonly Part[] {
  if (!config.auto_reload_config) return [];
  const paths = (): readonly string[] => [...request.configuration.paths, ...security.state.files];
  return [configWatchPart({ paths, clock: systemClock, reload, log: agentLog.log })];
}

/** What has to do with an agent that runs already. */
function lateParts(ground: Ground, reload: () => Promise<unknown>): readonly Part[] {
  const { log } = ground.agentLog;
  const giveBack = [settlePart({ clock: systemClock, log }), memoryReturnPart(systemClock, engineMemory())];
  return [...configWatches(ground, reload), ...giveBack];
}

/** The catalog is compared anew when it can be reached again, and when the agent's own tokens are others. */
function syncWhenAsked({ acl }: Ground, role: Role, local: Local): void {
  const sync = (): void => void local.sync();
  role.onReachable?.(sync);
  acl.tokens.onChanged(sync);
}

/** A signal means to leave or just to stop, as configured. */
function interruptBy(ending: Ending, { config }: Ground): RunningAgent['interrupt'] {
  return (signal) => {
    const leaves = signal === 'SIGTERM' ? config.leave_on_terminate : !config.skip_leave_on_interrupt;
    return leaves ? ending.leaveOrStop() : ending.stop();
  };
}

function buildAgentChecks(ground: Ground, role: Role, local: () => Local): ReturnType<typeof buildChecks> {
  const { config, core, identity, agentLog, request } = ground;
  const { nodeName } = identity;
  return buildChecks({
    ...ground,
    nodeName,
    isSparing: roleOf(config, request.configuration.isDev) === 'client',
    clock: systemClock,
    random: systemRandom,
    follow: role.followAlias?.(local) ?? followAlias({ ...core, nodeName }),
    onResult: (id, status, output) => {
      const before = local().checks().get(id);
      local().report(id, status, output);
      const after = local().checks().get(id);
      // Aliases quote each other: only what is new may have them look again.
      if (before?.status !== after?.status || before?.output !== after?.output)
        core.watch.wake([LOCAL_CHECKS_TOPIC]);
    },
    metrics: ground.metrics,
    log: agentLog.log.child({ part: 'checks' }),
  });
}

/** What measures the agent, and what sends the measures away. */
function telemetryParts(ground: Ground): readonly Part[] {
  const { metrics, agentLog, request } = ground;
  const log = agentLog.log.child({ part: 'otlp' });
  return [
    processPart(metrics, systemClock),
    otlpPart({ ...ground, ownVersion: request.version, clock: systemClock, log }),
  ];
}

/** Build the rest of an agent and start all of it. Rejects with AppError, nothing left running, when it cannot. */
export async function runAgent(ground: Ground, role: Role): Promise<RunningAgent> {
  const { config, core, identity, agentLog, request } = ground;
  const { configuration } = request;
  const { log } = agentLog;
  const { scheduler, part: checks } = buildAgentChecks(ground, role, () => local);
  const local = buildLocal(ground, scheduler);
  const draining = drainsPart({ ...core, local, clock: systemClock, log });
  const ending = buildEnding(ground, role, local);
  const { watchers, part: watches } = buildWatches(ground);
  const reloader = new Reloader({ ...ground, configuration, local, watchers });
  const reload = (): Promise<unknown> => reloader.reload();
  const dns = buildDns(ground, role);
  const http = await buildHttp(ground, role, local, {
    reload,
    previewReload: () => reloader.preview(),
    isReady: () => !ending.hasBegun,
    leave: () => ending.leave(),
    answerDns: dns.answer,
    watchDns: dns.watch,
    checkHistory: (id) => scheduler.history(id),
    drains: draining.drains,
    testCheck: (definition) => scheduler.test(definition),
  });
  role.attach?.(toolsFor(ground, role, http));
  const parts: readonly Part[] = [
    ...telemetryParts(ground),
    corePart(core),
    checks,
    ground.acl.part,
    localPart(local, ground.definitions),
    draining.part,
    role.part,
    // Whoever waits until HTTP answers may ask DNS at once.
    onceLoaded(dns, role, (error) => void ending.fail(error)),
    ...httpFaces(http, ground),
    watches,
    pidFilePart(config.pid_file, process.pid),
    ...lateParts(ground, reload),
  ];
  syncWhenAsked(ground, role, local);
  const stopParts = await startAll(parts, { clock: systemClock, log });
  const releaseUncaught = surviveUncaught({ process, clock: systemClock, log, metrics: ground.metrics });
  ending.begin(async () => {
    await stopParts();
    releaseUncaught();
    log.info({}, 'ended');
    await agentLog.flush();
  });
  void role.failed?.then((error) => ending.fail(error));
  return {
    log,
    greeting: greeting(config, identity, request.version),
    ended: ending.ended,
    interrupt: interruptBy(ending, ground),
    reload,
    reopenLog: () => agentLog.reopenFile(),
  };
}
