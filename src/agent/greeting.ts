/**
 * The five lines that a starting agent prints: where it listens, and what to try first.
 */
import { addressText } from '../lib/address-text.ts';
import type { Config } from './config/options.ts';
import type { Identity } from './identity.ts';

const ANY = new Set(['0.0.0.0', '::']);
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** What an address that is the file of a UNIX socket begins with. */
export const UNIX_PREFIX = 'unix://';

function place(address: string, port: number): string {
  return address.startsWith(UNIX_PREFIX) ? address : addressText(address, port);
}

function listen(addresses: readonly string[], port: number): string {
  return port < 0 ? 'off' : addresses.map((address) => place(address, port)).join(', ');
}

/** The address of these that this machine reaches best. */
export function localAddress(addresses: readonly string[]): string {
  const address =
    addresses.find((one) => ANY.has(one) || one.startsWith('127.') || one === '::1') ?? addresses[0] ?? '';
  return LOOPBACK[address] ?? address;
}

/** Each address once: a template and a text may name the same one. */
const orClient = (own: readonly string[], config: Config): readonly string[] => [
  ...new Set(own.length > 0 ? own : config.client_addr),
];

/** Addresses on which HTTP listens. */
export const httpAddresses = (config: Config): readonly string[] =>
  orClient(config['addresses.http'], config);

/** Addresses on which HTTPS listens. */
export const httpsAddresses = (config: Config): readonly string[] =>
  orClient(config['addresses.https'], config);

/** Addresses on which DNS listens. */
export const dnsAddresses = (config: Config): readonly string[] => orClient(config['addresses.dns'], config);

/** Addresses on which DNS over TLS listens. */
export const dnsTlsAddresses = (config: Config): readonly string[] =>
  orClient(config['addresses.dns_tls'], config);

/** The lines, in order. */
export function greeting(config: Config, identity: Identity, version: string): readonly string[] {
  const [http, dns] = [httpAddresses(config), dnsAddresses(config)];
  const {
    'ports.http': httpPort,
    'ports.https': httpsPort,
    'ports.dns': dnsPort,
    'ports.dns_tls': dnsTlsPort,
  } = config;
  const hasPage = config['ui_config.enabled'] && (httpPort >= 0 || httpsPort >= 0);
  const origin =
    httpPort >= 0
      ? `http://${listen([localAddress(http)], httpPort)}`
      : `https://${listen([localAddress(httpsAddresses(config))], httpsPort)}`;
  const domain = config.domain.replace(/\.$/, '');
  const kept = config.data_dir === '' ? 'nothing is kept on disk' : `data in ${config.data_dir}`;
  return [
    `rollcall ${version}: node ${identity.nodeName} in ${config.datacenter} (${identity.advertiseAddress}), ${kept}`,
    `  DNS   ${listen(dns, dnsPort)}${dnsPort < 0 ? '' : ' (UDP and TCP)'}`,
    ...(dnsTlsPort < 0 ? [] : [`  DoT   ${listen(dnsTlsAddresses(config), dnsTlsPort)} (DNS over TLS)`]),
    `  HTTP  ${listen(http, httpPort)}`,
    ...(httpsPort < 0 ? [] : [`  HTTPS ${listen(httpsAddresses(config), httpsPort)}`]),
    `  Page  ${hasPage ? `${origin}${config['ui_config.content_path']}` : 'off (-ui switches it on)'}`,
    `  Try   ${dnsPort < 0 ? 'rollcall members' : `dig @${localAddress(dns)} -p ${dnsPort} consul.service.${domain} SRV`}`,
  ];
}
