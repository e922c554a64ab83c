/**
 * What the options of access control come to: newer names win over older ones, whichever source they stand in.
 *
 * Also what of them cannot be obeyed: access control that is shared between datacenters, and a policy that is asked for
 * while nothing enforces it.
 */

import type { RuleProblem } from '../config/config-rule.ts';
import type { Config, OptionKey } from '../config/options.ts';

/** Tokens that an agent has for its own use. */
export const AGENT_TOKENS = ['default', 'agent', 'recovery', 'config', 'dns', 'replication'] as const;
export type AgentTokenKind = (typeof AGENT_TOKENS)[number];

export type DownPolicy = 'allow' | 'deny' | 'extend-cache' | 'async-cache';

export interface AclSettings {
  readonly isEnabled: boolean;
  readonly defaultAllows: boolean;
  readonly downPolicy: DownPolicy;
  /** What a client agent keeps is asked for again after these times. */
  readonly ttlsMs: { readonly token: number; readonly policy: number; readonly role: number };
  readonly hasKeyListPolicy: boolean;
  readonly keepsTokens: boolean;
  /** '' when none is configured. */
  readonly managementSecret: string;
  /** '' for those that are not configured. */
  readonly tokens: Readonly<Record<AgentTokenKind, string>>;
}

/** The first text that is not empty. */
const firstOf = (...texts: readonly string[]): string => texts.find((text) => text !== '') ?? '';

type IsSet = (key: OptionKey) => boolean;

/** What access control is configured to be; `isSet` says which options some source has set. */
export function aclSettings(config: Config, isSet: IsSet): AclSettings {
  const tokenTtlMs = isSet('acl.token_ttl') ? config['acl.token_ttl'] : config.acl_ttl;
  return {
    isEnabled: isSet('acl.enabled') ? config['acl.enabled'] : config.acl_datacenter !== '',
    defaultAllows: firstOf(config['acl.default_policy'], config.acl_default_policy) !== 'deny',
    downPolicy: firstOf(config['acl.down_policy'], config.acl_down_policy, 'extend-cache') as DownPolicy,
    ttlsMs: { token: tokenTtlMs, policy: config['acl.policy_ttl'], role: config['acl.role_ttl'] },
    hasKeyListPolicy: isSet('acl.enable_key_list_policy')
      ? config['acl.enable_key_list_policy']
      : config.acl_enable_key_list_policy,
    keepsTokens: config['acl.enable_token_persistence'],
    managementSecret: firstOf(
      config['acl.tokens.initial_management'],
      config['acl.tokens.master'],
      config.acl_master_token,
    ),
    tokens: {
      default: firstOf(config['acl.tokens.default'], config.acl_token),
      agent: firstOf(config['acl.tokens.agent'], config.acl_agent_token),
      recovery: firstOf(
        config['acl.tokens.agent_recovery'],
        config['acl.tokens.agent_master'],
        config.acl_agent_master_token,
      ),
      config: config['acl.tokens.config_file_service_registration'],
      dns: config['acl.tokens.dns'],
      replication: firstOf(config['acl.tokens.replication'], config.acl_replication_token),
    },
  };
}

/** What of access control is asked for and cannot be obeyed. */
export function checkAcl(config: Config, isSet: IsSet): readonly RuleProblem[] {
  const { isEnabled, defaultAllows } = aclSettings(config, isSet);
  if (!isEnabled) {
    if (defaultAllows || isSet('acl.enabled') || config.accept_unenforced) return [];
    const key = config['acl.default_policy'] === 'deny' ? 'acl.default_policy' : 'acl_default_policy';
    return [
      {
        key,
        text: `${key}: nothing is denied while access control is off; set acl.enabled = true, or acl.enabled = false to say that you know`,
      },
    ];
  }
  const problems: RuleProblem[] = [];
  const isElsewhere = (primary: string): boolean =>
    primary !== '' && primary.toLowerCase() !== config.datacenter.toLowerCase();
  const primaries = {
    primary_datacenter: config.primary_datacenter,
    acl_datacenter: config.acl_datacenter,
  };
  for (const key of ['primary_datacenter', 'acl_datacenter'] as const) {
    if (isElsewhere(primaries[key]))
      problems.push({
        key,
        text: `${key}: access control is not shared between datacenters: tokens of ${JSON.stringify(primaries[key])} mean nothing in ${JSON.stringify(config.datacenter)}; leave it out, and make tokens, policies and roles in each datacenter`,
      });
  }
  const { 'acl.enable_token_replication': copies, enable_acl_replication: copied } = config;
  if (problems.length > 0 && (copies || copied))
    problems.push({
      key: copies ? 'acl.enable_token_replication' : 'enable_acl_replication',
      text: 'acl.enable_token_replication: tokens are not copied between datacenters; leave it out',
    });
  return problems;
}
