/**
 * The HTTP part of the configuration in the shape that http/ takes.
 */
import fs from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import type { HttpConfig, LiveHttpConfig } from '../http/http-parts.ts';
import { formatDuration } from '../lib/duration.ts';
import type { JsonObject } from '../model/types.ts';
import type { AclSettings } from './acl/acl-settings.ts';
import { roleOf } from './agent-role.ts';
import type { OptionSpec } from './config/option-spec.ts';
import { type Config, OPTION_KEYS, OPTIONS } from './config/options.ts';
import { type Identity, nodeMetaOf } from './identity.ts';
import type { CurrentConfig } from './settings.ts';

/** Where the built page lies: beside src/ in a checkout, beside dist/ in a package. */
const BUILT_PAGE = fileURLToPath(new URL('../../dist/ui', import.meta.url));

function pageDir(config: Config): string | undefined {
  const dir = config['ui_config.dir'] || BUILT_PAGE;
  return fs.existsSync(dir) ? dir : undefined;
}

function withSlashes(path: string): string {
  return `/${path}/`.replace(/\/{2,}/g, '/');
}

/** Names that lead to this machine, and those of its own zone, which no web site can have. */
function hostNames(config: Config, { nodeName }: Identity): readonly string[] {
  const zones = [config.domain, config.alt_domain].filter((zone) => zone !== '');
  const below = ['localhost', ...zones.map((zone) => zone.replace(/\.$/, ''))].map((zone) => `.${zone}`);
  return ['localhost', nodeName, os.hostname(), ...below, ...config['http_config.allowed_hosts']];
}

/** Every option by its dotted key, durations as text; the definitions themselves are listed elsewhere. */
function debugConfig(config: Config, identity: Identity, isDev: boolean): JsonObject {
  const options = OPTION_KEYS.filter((key) => OPTIONS[key].kind !== 'objects').map((key) => {
    const value = config[key];
    const { kind, isSecret }: OptionSpec = OPTIONS[key];
    if (isSecret) return [key, value === '' ? '' : 'hidden'] as const;
    return [key, kind === 'duration' ? formatDuration(value as number) : value] as const;
  });
  return {
    ...Object.fromEntries(options),
    Datacenter: config.datacenter,
    NodeName: identity.nodeName,
    NodeID: identity.nodeId,
    DevMode: isDev,
    DNSDomain: config.domain,
    ServerMode: roleOf(config, isDev) !== 'client',
  };
}

/** What http/ needs to know and no reload changes. */
export function httpSettings(
  config: Config,
  identity: Identity,
  { isDev, acl }: { readonly isDev: boolean; readonly acl: AclSettings },
): HttpConfig {
  const { isEnabled, defaultAllows, hasKeyListPolicy } = acl;
  const role = roleOf(config, isDev);
  return Object.freeze({
    acl: { isEnabled, defaultAllows, hasKeyListPolicy },
    isAlwaysPretty: isDev,
    isServer: role !== 'client',
    domain: config.domain,
    advertiseAddress: identity.advertiseAddress,
    ports: {
      http: config['ports.http'],
      dns: config['ports.dns'],
      server: config['ports.server'],
      serfLan: config['ports.serf_lan'],
      serfWan: config['ports.serf_wan'],
    },
    defaultQueryTimeMs: config.default_query_time,
    maxQueryTimeMs: config.max_query_time,
    blockEndpoints: config['http_config.block_endpoints'],
    isTranslating: config.translate_wan_addrs,
    hostNames: hostNames(config, identity),
    isEveryPathTaken: config.disable_http_unprintable_char_filter,
    allowWriteHttpFrom: config['http_config.allow_write_http_from'],
    maxConnectionsPerClient: config['limits.http_max_conns_per_client'],
    hasSecret: config.encrypt !== '',
    httpsHandshakeMs: config['limits.https_handshake_timeout'],
    kvMaxValueBytes: config['limits.kv_max_value_size'],
    txnMaxRequestBytes: config['limits.txn_max_req_len'],
    registrationMaxBytes: config['limits.registration_max_size'],
    registrationMaxChecks: config['limits.registration_max_checks'],
    bodies: {
      total: config['limits.http_bodies_max_size'],
      perClient: config['limits.http_bodies_max_size_per_client'],
    },
    answers: {
      total: config['limits.http_answers_max_size'],
      perClient: config['limits.http_answers_max_size_per_client'],
    },
    minSessionTtlMs: config.session_ttl_min,
    prometheusRetentionMs: config['telemetry.prometheus_retention_time'],
    telemetryPrefix: config['telemetry.metrics_prefix'],
    hasCoordinates: !config.disable_coordinates,
    isUiEnabled: config['ui_config.enabled'],
    uiContentPath: withSlashes(config['ui_config.content_path']),
    uiDir: pageDir(config),
    dashboardTemplate: config['ui_config.dashboard_url_templates']['service'] ?? '',
    uploadDir: isDev ? os.tmpdir() : config.data_dir,
    checkOutputMaxBytes: config.check_output_max_size,
  });
}

/** What http/ needs to know and a reload changes. */
export function liveHttpSettings(
  current: CurrentConfig,
  identity: Identity,
  isDev: boolean,
): () => LiveHttpConfig {
  return current.derive(({ config, sources }) =>
    Object.freeze({
      nodeMeta: nodeMetaOf(config),
      responseHeaders: config['http_config.response_headers'],
      debugConfig: debugConfig(config, identity, isDev),
      configSources: Object.fromEntries(sources),
    }),
  );
}
