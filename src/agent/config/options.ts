/**
 * The one table of configuration options: types, validation, flags, help and docs/config.md derive from it.
 *
 * The rows live in options-*.ts by subject. A new option is one row and the line that uses it. Keys of Consul
 * that mean nothing here are rows of accepted-keys.ts instead; everything else is refused (load-config.ts).
 */
import type { Kinds } from './option-spec.ts';
import { ACL_OPTIONS } from './options-acl.ts';
import { AUTOPILOT_OPTIONS } from './options-autopilot.ts';
import { CLUSTER_OPTIONS } from './options-cluster.ts';
import { DNS_OPTIONS } from './options-dns.ts';
import { HISTORY_OPTIONS } from './options-history.ts';
import { NODE_OPTIONS } from './options-node.ts';
import { SERVICE_OPTIONS } from './options-service.ts';
import { TLS_OPTIONS } from './options-tls.ts';

export const OPTIONS = {
  ...NODE_OPTIONS,
  ...CLUSTER_OPTIONS,
  ...ACL_OPTIONS,
  ...AUTOPILOT_OPTIONS,
  ...DNS_OPTIONS,
  ...SERVICE_OPTIONS,
  ...TLS_OPTIONS,
  ...HISTORY_OPTIONS,
};

export type OptionKey = keyof typeof OPTIONS;

/** Every option with its value, by dotted key; frozen. */
export type Config = { readonly [K in OptionKey]: Kinds[(typeof OPTIONS)[K]['kind']] };

export const OPTION_KEYS = Object.keys(OPTIONS) as readonly OptionKey[];

/** What `-dev` sets before files and flags: one server on this machine alone, with the page. */
export const DEV_DEFAULTS: Partial<Config> = {
  bind_addr: '127.0.0.1',
  server: true,
  'ui_config.enabled': true,
};

/** The values before any file or flag. */
export function defaultConfig(isDev: boolean): Config {
  const defaults = Object.fromEntries(OPTION_KEYS.map((key) => [key, OPTIONS[key].default]));
  return { ...(defaults as unknown as Config), ...(isDev ? DEV_DEFAULTS : {}) };
}
