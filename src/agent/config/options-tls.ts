/**
 * Options of TLS: certificates, who has to show one, versions, and where encrypted connections are taken.
 *
 * `tls.defaults` counts for every interface, `tls.https` and `tls.internal_rpc` for one, field by field
 * (agent/secure-settings.ts decides). Consul's older keys are other spellings of the same rows.
 */
import type { OptionTable } from './option-spec.ts';

const VERSIONS = [
  '',
  'TLSv1_0',
  'TLSv1_1',
  'TLSv1_2',
  'TLSv1_3',
  'tls10',
  'tls11',
  'tls12',
  'tls13',
] as const;

export const TLS_OPTIONS = {
  'ports.https': {
    kind: 'port',
    default: -1,
    flag: 'https-port',
    reloadable: false,
    doc: 'Port of the HTTP API and the page over TLS, beside `ports.http`; -1 switches it off.',
  },
  'addresses.https': {
    kind: 'addresses',
    default: [],
    reloadable: false,
    doc: 'Addresses on which HTTPS listens, `unix:///path` for a UNIX socket; `client_addr` when empty.',
  },
  'ports.dns_tls': {
    kind: 'port',
    default: -1,
    flag: 'dns-tls-port',
    reloadable: false,
    doc: 'Port of DNS over TLS (853 is its own); -1 switches it off.',
  },
  'addresses.dns_tls': {
    kind: 'addresses',
    default: [],
    reloadable: false,
    doc: 'Addresses on which DNS over TLS listens; `client_addr` when empty.',
  },
  'limits.https_handshake_timeout': {
    kind: 'duration',
    default: 5_000,
    reloadable: false,
    doc: 'Time in which a client has to finish the handshake of TLS.',
  },
  'tls.defaults.cert_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    aliases: ['cert_file'],
    doc: 'PEM file with the certificate of this agent and those that lead to its authority.',
  },
  'tls.defaults.key_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    aliases: ['key_file'],
    doc: 'PEM file with its key.',
  },
  'tls.defaults.ca_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    aliases: ['ca_file'],
    doc: 'PEM file with the authorities whose certificates are taken.',
  },
  'tls.defaults.ca_path': {
    kind: 'text',
    default: '',
    reloadable: true,
    aliases: ['ca_path'],
    doc: 'Folder of such files; not looked at when there is a file.',
  },
  'tls.defaults.verify_incoming': {
    kind: 'switch',
    default: false,
    reloadable: true,
    aliases: ['verify_incoming'],
    doc: 'Take only clients with a certificate of the authorities, over HTTPS and between agents; plain HTTP stays open.',
  },
  'tls.defaults.verify_outgoing': {
    kind: 'switch',
    default: false,
    reloadable: true,
    aliases: ['verify_outgoing'],
    doc: 'Look at the certificates of the agents that are called.',
  },
  'tls.defaults.tls_min_version': {
    kind: 'text',
    default: '',
    values: VERSIONS,
    reloadable: true,
    aliases: ['tls_min_version'],
    doc: 'Oldest version of TLS that is spoken, `TLSv1_0` to `TLSv1_3`; `TLSv1_2` when empty.',
  },
  'tls.defaults.tls_cipher_suites': {
    kind: 'text',
    default: '',
    reloadable: true,
    aliases: ['tls_cipher_suites'],
    doc: 'Cipher suites of TLS 1.2 and older by their IANA names, separated by commas; those with forward secrecy and authenticated encryption when empty.',
  },
  'tls.https.cert_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'For HTTPS and DNS over TLS, instead of `tls.defaults.cert_file`.',
  },
  'tls.https.key_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'For HTTPS and DNS over TLS, instead of `tls.defaults.key_file`.',
  },
  'tls.https.ca_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'For HTTPS, instead of `tls.defaults.ca_file`.',
  },
  'tls.https.ca_path': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'For HTTPS, instead of `tls.defaults.ca_path`.',
  },
  'tls.https.verify_incoming': {
    kind: 'switch',
    default: false,
    reloadable: true,
    doc: 'For HTTPS, instead of `tls.defaults.verify_incoming`.',
  },
  'tls.https.verify_outgoing': {
    kind: 'switch',
    default: false,
    reloadable: true,
    doc: "For the agent's own watches over HTTPS, instead of `tls.defaults.verify_outgoing`.",
  },
  'tls.https.tls_min_version': {
    kind: 'text',
    default: '',
    values: VERSIONS,
    reloadable: true,
    doc: 'For HTTPS and DNS over TLS, instead of `tls.defaults.tls_min_version`.',
  },
  'tls.https.tls_cipher_suites': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'For HTTPS and DNS over TLS, instead of `tls.defaults.tls_cipher_suites`.',
  },
  enable_agent_tls_for_checks: {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'Checks over TLS show the certificate of this agent (`tls.internal_rpc`, `tls.defaults`) and trust its authorities instead of those of the machine.',
  },
  server_name: {
    kind: 'text',
    default: '',
    reloadable: false,
    doc: 'With `enable_agent_tls_for_checks`: the name that certificates are for where a check has no `tls_server_name`; that of this node when empty.',
  },
  verify_incoming_https: {
    kind: 'switch',
    default: false,
    reloadable: true,
    doc: 'Older than `tls.https.verify_incoming`: take only clients with a certificate over HTTPS.',
  },
  'tls.internal_rpc.cert_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'Between agents, instead of `tls.defaults.cert_file`.',
  },
  'tls.internal_rpc.key_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'Between agents, instead of `tls.defaults.key_file`.',
  },
  'tls.internal_rpc.ca_file': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'Between agents, instead of `tls.defaults.ca_file`.',
  },
  'tls.internal_rpc.ca_path': {
    kind: 'text',
    default: '',
    reloadable: true,
    doc: 'Between agents, instead of `tls.defaults.ca_path`.',
  },
  'tls.internal_rpc.verify_incoming': {
    kind: 'switch',
    default: false,
    reloadable: false,
    aliases: ['verify_incoming_rpc'],
    doc: 'Between agents: know each other by the certificates of these files. Both ends always look at that of the other.',
  },
  'tls.internal_rpc.verify_outgoing': {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'As `tls.internal_rpc.verify_incoming`.',
  },
  'tls.internal_rpc.verify_server_hostname': {
    kind: 'switch',
    default: false,
    reloadable: false,
    aliases: ['verify_server_hostname'],
    doc: 'The same, and servers have to be `server.<datacenter>.<domain>` by their certificates.',
  },
} as const satisfies OptionTable;
