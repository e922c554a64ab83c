/**
 * What everything of an agent is built from, whatever its role: configuration, log, metrics, the rows of its stores, and who
 * it is.
 */
import { Coordinates } from '../catalog/coordinate.ts';
import type { ConfigSource } from '../dns/follow-config.ts';
import { systemClock } from '../lib/clock.ts';
import { systemRandom } from '../lib/random.ts';
import type { AgentState } from '../local/agent-rules.ts';
import { Metrics } from '../metrics/metrics.ts';
import { type Acl, buildAcl, loadedAcl, openAgentTokens } from './acl/acl-part.ts';
import { type AgentRole, roleOf } from './agent-role.ts';
import type { Remark } from './config/config-remarks.ts';
import { decodeDefinitions, type FileDefinitions } from './config/file-definitions.ts';
import { type ConfigRequest, loadConfig } from './config/load-config.ts';
import type { Config } from './config/options.ts';
import type { Core, CoreParts } from './core.ts';
import { chooseNodeId, type Identity, identityOf } from './identity.ts';
import type { AgentLog } from './log/agent-log.ts';
import { openLog } from './log/open-log.ts';
import { meteredWrites } from './metered-writes.ts';
import type { Role } from './role.ts';
import { readSecureState } from './secure-settings.ts';
import { Security } from './security.ts';
import { CurrentConfig } from './settings.ts';

const COOKIE_SECRET_BYTES = 32;
/** Where the node's lasting id is kept. */
const NODE_ID_FACT = 'node_id';

export interface AgentRequest {
  readonly configuration: ConfigRequest;
  readonly version: string;
}

async function lastingIdentity(config: Config, { state, writer }: AgentState): Promise<Identity> {
  const remembered = state.view.facts.get(NODE_ID_FACT)?.value;
  const nodeId = chooseNodeId(config, remembered, () => systemRandom.uuid());
  if (nodeId !== remembered) await writer.submit({ kind: 'fact', name: NODE_ID_FACT, value: nodeId });
  return identityOf(config, nodeId);
}

/** What everything is built from. */
export interface Ground {
  readonly request: AgentRequest;
  readonly config: Config;
  readonly current: CurrentConfig;
  readonly security: Security;
  readonly definitions: FileDefinitions;
  readonly remarks: readonly Remark[];
  readonly agentLog: AgentLog;
  readonly metrics: Metrics;
  readonly core: Core;
  readonly identity: Identity;
  readonly coordinates: Coordinates;
  /** Access control. */
  readonly acl: Acl;
  /** The DNS configuration of this moment, with what DNS may see. */
  readonly dns: ConfigSource;
}

/** The stores, opened, and what becomes of them. */
export interface OpenedCore {
  readonly core: Core;
  readonly identity: Identity;
  readonly buildRole: (ground: Ground) => Role;
}

/** Opens the stores of a role. Rejects with AppError, nothing left open. */
export type OpenCore = (parts: CoreParts) => Promise<OpenedCore>;

/** Read the configuration and open the stores of its role. Rejects with AppError, nothing left open. */
export async function layGround(
  request: AgentRequest,
  openers: Readonly<Record<AgentRole, () => Promise<OpenCore>>>,
): Promise<{ readonly ground: Ground; readonly role: Role }> {
  const { configuration } = request;
  const loaded = await loadConfig(configuration);
  const definitions = await decodeDefinitions(loaded);
  const security = new Security(await readSecureState(loaded));
  const { config } = loaded;
  const remarks = [...loaded.remarks, ...definitions.remarks];
  const agentLog = openLog(config, remarks);
  const current = new CurrentConfig(loaded, systemRandom.bytes(COOKIE_SECRET_BYTES));
  const metrics = new Metrics();
  const writes = metrics.counter('catalog_writes');
  const dataDir = configuration.isDev ? '' : config.data_dir;
  const storeLog = agentLog.log.child({ part: 'store' });
  // The database opens on its own thread; meanwhile this one loads the largest of the modules.
  const aclLog = agentLog.log.child({ part: 'acl' });
  const tokens = openAgentTokens(loaded, aclLog);
  const openCore = await openers[roleOf(config, configuration.isDev)]();
  const [{ core: opened, identity, buildRole }] = await Promise.all([
    openCore({
      dataDir,
      clock: systemClock,
      random: systemRandom,
      metrics,
      log: storeLog,
      config,
      current,
      security,
      acl: loadedAcl(loaded),
      tokens,
      identify: (agentState) => lastingIdentity(config, agentState),
      maxKvBytes: config['limits.kv_max_total_size'],
    }),
    import('../http/server.ts'),
  ]);
  opened.onInstalled(() => writes.add(0));
  const core = meteredWrites(opened, metrics, systemClock);
  const acl = buildAcl({
    loaded,
    core,
    tokens,
    nodeName: identity.nodeName,
    clock: systemClock,
    log: aclLog,
  });
  const ground: Ground = {
    acl,
    request,
    config,
    current,
    dns: acl.dns(current, core),
    security,
    definitions,
    remarks,
    agentLog,
    metrics,
    core,
    identity,
    coordinates: new Coordinates(core.state.view, identity.nodeName),
  };
  return { ground, role: buildRole(ground) };
}
