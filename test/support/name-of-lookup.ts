/**
 * Lookups written as the names that they are asked by: what parsing has to undo.
 */
import type { Locality, Lookup } from '../../src/names/lookup.ts';

function suffixOf(at: Locality): string {
  if (at.peer !== null) return `.${at.peer}.peer`;
  return at.datacenter === null ? '' : `.${at.datacenter}`;
}

function hexOf(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += octet.toString(16).padStart(2, '0');
  return text;
}

/** Labels of `<hex>.addr` for 4 or 16 octets, without datacenter and domain. */
export function addrLabels(address: Uint8Array): string {
  return `${hexOf(address)}.addr`;
}

/** The name of an address below in-addr.arpa or ip6.arpa (RFC 1035 §3.5, RFC 3596 §2.5), without trailing dot. */
export function reverseName(address: Uint8Array): string {
  if (address.length === 4) return `${[...address].reverse().join('.')}.in-addr.arpa`;
  return `${[...hexOf(address)].reverse().join('.')}.ip6.arpa`;
}

/** The name that a lookup is asked by, without trailing dot; '' for names that have no form (invalid, outside). */
export function render(lookup: Lookup, domain: string): string {
  switch (lookup.kind) {
    case 'service': {
      const tag = lookup.tag === null ? '' : `${lookup.tag}.`;
      return `${tag}${lookup.service}.service${suffixOf(lookup.at)}.${domain}`;
    }
    case 'node':
      return `${lookup.node}.node${suffixOf(lookup.at)}.${domain}`;
    case 'query':
      return `${lookup.query}.query${suffixOf(lookup.at)}.${domain}`;
    case 'connect':
    case 'ingress':
    case 'virtual':
      return `${lookup.service}.${lookup.kind}${suffixOf(lookup.at)}.${domain}`;
    case 'addr':
      return `${addrLabels(lookup.address)}.${domain}`;
    case 'reverse':
      return lookup.address === null ? '' : reverseName(lookup.address);
    case 'apex':
      return domain;
    case 'nameserver':
      return `ns.${domain}`;
    default:
      return '';
  }
}
