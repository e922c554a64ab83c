/**
 * Access control of an agent, put together: its tokens, who decides, and what HTTP needs of both.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { AgentRights } from '../../cluster/agent-rights.ts';
import type { ConfigSource } from '../../dns/follow-config.ts';
import type { Authorizer } from '../../http/access/right.ts';
import { ALLOW_ALL } from '../../http/access/right.ts';
import { type AskedWith, sentToken } from '../../http/access/sent-token.ts';
import type { AclPort } from '../../http/acl-port.ts';
import type { HttpParts } from '../../http/http-parts.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { CatalogPort } from '../../local/catalog-port.ts';
import type { OwnRows } from '../../local/registration.ts';
import { ANONYMOUS_SECRET } from '../../model/acl-types.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Core, RemoteRights } from '../core.ts';
import type { Part } from '../lifecycle.ts';
import { makeFolder } from '../make-folder.ts';
import type { CurrentConfig } from '../settings.ts';
import { AccessControl } from './access-control.ts';
import { type AclSettings, aclSettings } from './acl-settings.ts';
import { beginCommand } from './acl-term.ts';
import { AgentTokens } from './agent-tokens.ts';
import type { LoginParts } from './auth-method.ts';
import { authMethodProblem, claimNames, logIn } from './auth-methods.ts';
import { DnsRightsSource } from './dns-rights-source.ts';
import { FetchedTokens } from './fetched-tokens.ts';
import { FOLLOWS_ALL, type Following, followingBy } from './following.ts';
import { catalogByParts, guardedCatalog } from './guarded-catalog.ts';
import { KeySets } from './key-sets.ts';
import { KnownToken } from './known-token.ts';
import { rightsOfAgents } from './rights-of-agents.ts';
import { tokenRowsOf } from './token-rows.ts';

/** Where agent tokens are kept in the data directory. */
const TOKENS_FILE = 'acl-tokens.json';
/** What an operator writes to be allowed another bootstrap. */
const RESET_FILE = 'acl-bootstrap-reset';
/** Octets of that file that are looked at: a number. */
const MAX_RESET_BYTES = 100;

export interface AclParts {
  readonly loaded: LoadedConfig;
  readonly core: Pick<Core, 'state' | 'writer' | 'remote'>;
  readonly tokens: AgentTokens;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Access control of an agent. */
export interface Acl {
  readonly settings: AclSettings;
  readonly tokens: AgentTokens;
  /** Undefined where it is off. */
  readonly control: AccessControl | undefined;
  readonly port: AclPort | undefined;
  authorizerOf(request: AskedWith): Authorizer;
  /** As HttpParts.knowAsker; undefined where tokens are in the catalog of this process. */
  readonly knowAsker: HttpParts['knowAsker'];
  /** What client agents may do here. */
  readonly agentRights: AgentRights | undefined;
  /** What this agent follows as a client, and by whose right. */
  readonly following: Following;
  /** Brings what it begins with before anybody is asked for a right. */
  readonly part: Part;
  /** The catalog as local/ is to know it: behind the rights of tokens. */
  guard(core: Pick<Core, 'catalog' | 'agentState'>, own: () => OwnRows): CatalogPort;
  /** What DNS is configured to, with what it may see. */
  dns(current: CurrentDns, core: Pick<Core, 'onInstalled'>): ConfigSource;
  /** After a reload. */
  configure(loaded: LoadedConfig): void;
}

/** The DNS configuration as reloads leave it. */
type CurrentDns = Pick<CurrentConfig, 'dns' | 'onDns'>;

function plainDns(current: CurrentDns): ConfigSource {
  return { config: () => current.dns, onConfig: (listener) => current.onDns(listener) };
}

/** What a configuration says of access control. */
export function loadedAcl({ config, sources }: LoadedConfig): AclSettings {
  return aclSettings(config, (key) => sources.has(key));
}

async function readResetIndex(file: string): Promise<number> {
  try {
    const text = (await fs.promises.readFile(file, 'utf8')).slice(0, MAX_RESET_BYTES).trim();
    return /^\d{1,15}$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}

function portOf(control: AccessControl, tokens: AgentTokens, dataDir: string, login: LoginParts): AclPort {
  const resetFile = path.join(dataDir, RESET_FILE);
  return {
    sentSecret: sentToken,
    tokenOf: (request) => control.tokenOf(request),
    authorizerOfSecret: (secret) => control.authorizerOfSecret(secret),
    explain: (token) => control.explain(token),
    setAgentToken: (kind, secret) => tokens.set(kind, secret),
    readResetIndex: async () => (dataDir === '' ? 0 : readResetIndex(resetFile)),
    removeResetFile: () => fs.promises.rm(resetFile, { force: true }),
    authMethodProblem,
    claimNames,
    logIn: (method, bearerToken) => logIn(method, bearerToken, login),
  };
}

/** The tokens of an agent, as they are configured and as they were set. */
export function openAgentTokens(loaded: LoadedConfig, log: Pick<Logger, 'warn'>): AgentTokens {
  // A development agent keeps its catalog in memory; tokens and the reset file are looked for all the same, as in Consul.
  const { data_dir: dataDir } = loaded.config;
  const { isEnabled, keepsTokens, tokens } = loadedAcl(loaded);
  const file = isEnabled && keepsTokens && dataDir !== '' ? path.join(dataDir, TOKENS_FILE) : undefined;
  return new AgentTokens({ configured: tokens, file, log });
}

/** What decides, and what else there is where the tokens are. */
interface Deciding extends Pick<Acl, 'part' | 'guard' | 'knowAsker' | 'agentRights' | 'following'> {
  readonly control: AccessControl;
  /** To be told how to look at the rights of DNS again. */
  readonly followDns?: (look: () => void) => void;
}

/** Whose catalog is in this process. */
function decidingHere({ loaded, core, tokens, clock, log, nodeName }: AclParts): Deciding {
  const { view } = core.state;
  const { defaultAllows, managementSecret } = loadedAcl(loaded);
  const { datacenter } = loaded.config;
  const rows = tokenRowsOf(view, clock);
  const control = new AccessControl({ rows, tokens, datacenter, nodeName, defaultAllows, log });
  const start = async (): Promise<void> => {
    // Where nobody leads yet, whoever comes to lead brings it.
    await core.writer
      .submit(beginCommand(managementSecret))
      .catch((err: unknown) => log.debug({ err }, 'access control waits'));
  };
  return {
    control,
    knowAsker: undefined,
    agentRights: rightsOfAgents(control, view),
    following: FOLLOWS_ALL,
    part: { name: 'acl', start, stop: async () => {} },
    guard: ({ catalog, agentState }, own) =>
      guardedCatalog(catalog, { control, tokens, view, agentState, own, log }),
  };
}

/** Who asks servers. */
function decidingThere(
  { loaded, core, tokens, clock, log, nodeName }: AclParts,
  remote: RemoteRights,
): Deciding {
  const { view } = core.state;
  const { defaultAllows, ttlsMs, downPolicy } = loadedAcl(loaded);
  const { datacenter } = loaded.config;
  const ask: RemoteRights['askToken'] = (secret) => remote.askToken(secret);
  const rows = new FetchedTokens({ ask, ttlsMs, downPolicy, clock, log });
  const keepsDefault = downPolicy === 'extend-cache' || downPolicy === 'async-cache';
  const unansweredAllows = keepsDefault ? defaultAllows : downPolicy === 'allow';
  const control = new AccessControl({
    rows,
    tokens,
    datacenter,
    nodeName,
    defaultAllows,
    unansweredAllows,
    log,
  });
  const dnsToken = new KnownToken({
    secret: () => tokens.orDefault('dns') || ANONYMOUS_SECRET,
    know: (secret) => rows.know(secret),
    clock,
  });
  tokens.onChanged(() => dnsToken.look());
  remote.onReached(() => dnsToken.look());
  const knowAsker = (request: AskedWith): Promise<void> | undefined => {
    const secret = control.secretOf(request);
    return secret === undefined ? undefined : rows.know(secret);
  };
  return {
    control,
    knowAsker,
    agentRights: undefined,
    following: followingBy({ control, rights: rightsOfAgents(control, view), tokens, knowAsker }),
    part: { name: 'acl', start: async () => dnsToken.start(), stop: async () => dnsToken.stop() },
    guard: ({ catalog, agentState }, own) =>
      catalogByParts(catalog, remote.submitParts, { tokens, view, agentState, own, log }),
    followDns: (look) => dnsToken.onLooked(look),
  };
}

/** Access control as it is configured. */
export function buildAcl(parts: AclParts): Acl {
  const { loaded, core, tokens, clock } = parts;
  const { data_dir: dataDir } = loaded.config;
  const settings = loadedAcl(loaded);
  const configure = (next: LoadedConfig): void => tokens.configure(loadedAcl(next).tokens);
  const all = { settings, tokens, configure };
  if (!settings.isEnabled) {
    const part: Part = { name: 'acl', start: async () => {}, stop: async () => {} };
    return {
      ...all,
      control: undefined,
      port: undefined,
      authorizerOf: () => ALLOW_ALL,
      knowAsker: undefined,
      agentRights: undefined,
      following: FOLLOWS_ALL,
      part,
      guard: ({ catalog }) => catalog,
      dns: plainDns,
    };
  }
  if (dataDir !== '') makeFolder(dataDir);
  const deciding = core.remote === undefined ? decidingHere(parts) : decidingThere(parts, core.remote);
  const { control } = deciding;
  const { view } = core.state;
  return {
    ...all,
    ...deciding,
    port: portOf(control, tokens, dataDir, { clock, keySets: new KeySets(clock) }),
    authorizerOf: (request) => control.authorizerOf(request),
    dns: (current, { onInstalled }) => {
      const source = new DnsRightsSource({ control, tokens, view, clock, config: () => current.dns });
      onInstalled((applied) => source.onInstalled(applied));
      current.onDns(() => source.look());
      deciding.followDns?.(() => source.look());
      return {
        config: () => source.config(),
        onConfig: (listener) => source.onConfig(listener),
        configOf: (token) => source.configOf(token),
      };
    },
  };
}
