/**
 * What kind of address an address is, by the ranges of RFC 1918, RFC 6598, RFC 4193 and RFC 6890.
 */
import { BlockList } from 'node:net';

const RANGES: Readonly<Record<string, readonly string[]>> = {
  '1918': ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  '6598': ['100.64.0.0/10'],
  '4193': ['fc00::/7'],
  '3927': ['169.254.0.0/16'],
  '4291': ['::1/128', 'fe80::/10'],
  '6890': [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '240.0.0.0/4',
    '::1/128',
    '::/128',
    '64:ff9b::/96',
    '::ffff:0:0/96',
    '100::/64',
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
    'fc00::/7',
    'fe80::/10',
  ],
};

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

/** Whether an address lies in a network written as CIDR. False for what is no network. */
export function isInNetwork(address: string, cidr: string): boolean {
  const [network = '', prefix = ''] = cidr.split('/');
  const list = new BlockList();
  try {
    list.addSubnet(network, Number(prefix), familyOf(network));
  } catch {
    return false;
  }
  return list.check(address, familyOf(address));
}

/** Whether an address lies in the ranges of an RFC, by its number. */
export function isInRfc(address: string, rfc: string): boolean {
  return (RANGES[rfc] ?? []).some((cidr) => isInNetwork(address, cidr));
}

/** For use inside a site: RFC 1918, shared (RFC 6598) or unique local (RFC 4193). */
export function isPrivateAddress(address: string): boolean {
  return ['1918', '6598', '4193'].some((rfc) => isInRfc(address, rfc));
}

/** Reachable from everywhere, as far as the address can tell. */
export function isPublicAddress(address: string): boolean {
  return !isInRfc(address, '6890');
}
