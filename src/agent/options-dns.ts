/**
 * Options of the DNS face.
 */
import type { OptionTable } from './option-spec.ts';

export const DNS_OPTIONS = {
  domain: {
    kind: 'text',
    default: 'consul.',
    flag: 'domain',
    reloadable: false,
    doc: 'Zone that this agent answers; questions below it are never forwarded.',
  },
  alt_domain: {
    kind: 'text',
    default: '',
    flag: 'alt-domain',
    reloadable: false,
    doc: 'A second zone with the same answers.',
  },
  recursors: {
    kind: 'list',
    default: [],
    flag: 'recursor',
    reloadable: true,
    doc: 'Upstream DNS servers (`address` or `address:port`) for every other name.',
  },
  translate_wan_addrs: {
    kind: 'switch',
    default: false,
    reloadable: false,
    doc: 'Answer the `wan` addresses for names of other datacenters.',
  },
  'dns_config.node_ttl': {
    kind: 'duration',
    default: 0,
    reloadable: true,
    doc: 'TTL of node, NS and `.addr.` records.',
  },
  'dns_config.service_ttl': {
    kind: 'duration-map',
    default: {},
    reloadable: true,
    doc: 'TTL by service: the exact name, then the longest `prefix*`, then `*`.',
  },
  'dns_config.only_passing': {
    kind: 'switch',
    default: false,
    reloadable: true,
    doc: 'Leave instances with a warning out of answers too.',
  },
  'dns_config.udp_answer_limit': {
    kind: 'integer',
    default: 3,
    min: 0,
    reloadable: true,
    doc: 'Answers in a UDP reply of at most 512 octets (never more than 8).',
  },
  'dns_config.a_record_limit': {
    kind: 'integer',
    default: 0,
    min: 0,
    reloadable: true,
    doc: 'A and AAAA records in any reply; 0 is no limit.',
  },
  'dns_config.enable_truncate': {
    kind: 'switch',
    default: false,
    reloadable: true,
    doc: 'Set TC when answers were left out, so that resolvers ask again over TCP.',
  },
  'dns_config.disable_compression': {
    kind: 'switch',
    default: false,
    reloadable: true,
    doc: 'Write every name in full.',
  },
  'dns_config.enable_additional_node_meta_txt': {
    kind: 'switch',
    default: true,
    reloadable: true,
    doc: 'Add the metadata of nodes as TXT records to the additional section.',
  },
  'dns_config.recursor_timeout': {
    kind: 'duration',
    default: 2_000,
    reloadable: true,
    doc: 'How long to wait for each upstream server.',
  },
  'dns_config.recursor_strategy': {
    kind: 'text',
    default: 'sequential',
    values: ['sequential', 'random'],
    reloadable: true,
    doc: 'Order in which upstream servers are asked.',
  },
  'dns_config.soa.refresh': {
    kind: 'integer',
    default: 3_600,
    min: 0,
    reloadable: true,
    doc: 'REFRESH of the SOA record in seconds.',
  },
  'dns_config.soa.retry': {
    kind: 'integer',
    default: 600,
    min: 0,
    reloadable: true,
    doc: 'RETRY of the SOA record in seconds.',
  },
  'dns_config.soa.expire': {
    kind: 'integer',
    default: 86_400,
    min: 0,
    reloadable: true,
    doc: 'EXPIRE of the SOA record in seconds.',
  },
  'dns_config.soa.min_ttl': {
    kind: 'integer',
    default: 0,
    min: 0,
    reloadable: true,
    doc: 'TTL of negative answers and of the SOA record in seconds.',
  },
} as const satisfies OptionTable;
