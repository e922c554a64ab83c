/**
 * Options of access control. Older names have rows of their own, because they lose against the newer ones wherever they
 * stand; agent/acl/acl-settings.ts says which value counts.
 */
import type { OptionTable } from './option-spec.ts';

const DEFAULT_POLICIES = ['', 'allow', 'deny'];
const DOWN_POLICIES = ['', 'allow', 'deny', 'extend-cache', 'async-cache'];

/** A secret that a reload takes in. */
const token = (doc: string) =>
  ({ kind: 'text', default: '', isSecret: true, reloadable: true, doc }) as const;

export const ACL_OPTIONS = {
  'acl.enabled': {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'Access control: who may read and write what is decided by tokens.',
  },
  'acl.default_policy': {
    kind: 'text',
    default: '',
    values: DEFAULT_POLICIES,
    reloadable: false,
    doc: 'What counts where no rule matches: `allow` (also when empty) or `deny`. It never gives rights on access control itself.',
  },
  'acl.down_policy': {
    kind: 'text',
    default: '',
    values: DOWN_POLICIES,
    reloadable: false,
    doc: 'What a client agent does when no server can be asked about a token: `extend-cache` (also when empty), `async-cache`, `allow` or `deny`. On a server it has no effect.',
  },
  'acl.token_ttl': {
    kind: 'duration',
    default: 30_000,
    reloadable: false,
    doc: 'How long a client agent keeps what a server said about a token. A server looks at every request.',
  },
  'acl.policy_ttl': {
    kind: 'duration',
    default: 30_000,
    reloadable: false,
    doc: 'As `acl.token_ttl`, for policies; the shorter of the two counts.',
  },
  'acl.role_ttl': {
    kind: 'duration',
    default: 30_000,
    reloadable: false,
    doc: 'As `acl.token_ttl`, for roles; the shorter of the two counts.',
  },
  'acl.enable_key_list_policy': {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'Listing keys needs `list` on the prefix that is asked for; otherwise lists hold what may be read.',
  },
  'acl.enable_token_persistence': {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'Keep tokens that were set through the API in the data directory; they win over those of files after a restart.',
  },
  'acl.enable_token_replication': {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'Refused beside the name of another primary datacenter: tokens are not copied between datacenters.',
  },
  'acl.tokens.initial_management': {
    ...token('Secret of a management token that is made when it is missing; it uses up the bootstrap.'),
    reloadable: false,
  },
  'acl.tokens.master': {
    ...token('Older name of `acl.tokens.initial_management`.'),
    reloadable: false,
  },
  'acl.tokens.default': token(
    'Stands in for HTTP and DNS requests without a token, and for definitions without one.',
  ),
  'acl.tokens.agent': token("The agent's own work in the catalog; `acl.tokens.default` when empty."),
  'acl.tokens.agent_recovery': token(
    'Known to this agent alone: on `/v1/agent/` it may read and write this agent and read all nodes.',
  ),
  'acl.tokens.agent_master': token('Older name of `acl.tokens.agent_recovery`.'),
  'acl.tokens.config_file_service_registration': token(
    'Registers definitions of files that carry no token; `acl.tokens.default` when empty.',
  ),
  'acl.tokens.dns': token('What DNS may see; `acl.tokens.default` when empty.'),
  'acl.tokens.replication': token('Kept for tools; tokens are not copied between datacenters.'),
  primary_datacenter: {
    kind: 'text',
    default: '',
    flag: 'primary-datacenter',
    reloadable: false,
    doc: 'Datacenter whose access control counts; with access control on it must be this one.',
  },
  acl_datacenter: {
    kind: 'text',
    default: '',
    reloadable: false,
    doc: 'Older way to name the primary datacenter; it switches access control on unless `acl.enabled` says otherwise.',
  },
  acl_default_policy: {
    kind: 'text',
    default: '',
    values: DEFAULT_POLICIES,
    reloadable: false,
    doc: 'Older name of `acl.default_policy`.',
  },
  acl_down_policy: {
    kind: 'text',
    default: '',
    values: DOWN_POLICIES,
    reloadable: false,
    doc: 'Older name of `acl.down_policy`.',
  },
  acl_ttl: {
    kind: 'duration',
    default: 30_000,
    reloadable: false,
    doc: 'Older name of `acl.token_ttl`.',
  },
  acl_enable_key_list_policy: {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'Older name of `acl.enable_key_list_policy`.',
  },
  enable_acl_replication: {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'Older name of `acl.enable_token_replication`.',
  },
  acl_token: token('Older name of `acl.tokens.default`.'),
  acl_agent_token: token('Older name of `acl.tokens.agent`.'),
  acl_agent_master_token: token('Older name of `acl.tokens.agent_recovery`.'),
  acl_master_token: { ...token('Older name of `acl.tokens.initial_management`.'), reloadable: false },
  acl_replication_token: token('Older name of `acl.tokens.replication`.'),
} as const satisfies OptionTable;
