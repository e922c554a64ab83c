/**
 * How a question name was understood, in words for people. Never throws.
 */
import { formatIp } from '../../lib/ip.ts';
import type { Lookup } from '../../names/lookup.ts';

function placeOf(at: { datacenter: string | null; peer: string | null }): string {
  if (at.peer !== null) return ` of the peer "${at.peer}"`;
  return at.datacenter === null ? '' : ` in the datacenter "${at.datacenter}"`;
}

/** How a name was understood. */
export function lookupText(lookup: Lookup): string {
  switch (lookup.kind) {
    case 'service': {
      const tag = lookup.tag === null ? '' : ` with the tag "${lookup.tag}"`;
      return `instances of the service "${lookup.service}"${tag}${placeOf(lookup.at)}`;
    }
    case 'node':
      return `the node "${lookup.node}"${placeOf(lookup.at)}`;
    case 'query':
      return `the prepared query "${lookup.query}"${placeOf(lookup.at)}`;
    case 'connect':
      return `mesh-capable instances of "${lookup.service}"${placeOf(lookup.at)}`;
    case 'ingress':
      return `ingress gateways of "${lookup.service}"${placeOf(lookup.at)}`;
    case 'virtual':
      return `the virtual address of "${lookup.service}"${placeOf(lookup.at)}`;
    case 'addr':
      return `the address ${formatIp(lookup.address)}, spelled as a name`;
    case 'reverse':
      return lookup.address === null
        ? 'a reverse name that is no whole address'
        : `who has the address ${formatIp(lookup.address)}`;
    case 'apex':
      return 'the zone itself';
    case 'nameserver':
      return 'the name servers of the zone';
    case 'invalid':
      return `no form of name that is answered here: ${lookup.reason}`;
    case 'outside':
      return 'a name outside the zone';
  }
}
