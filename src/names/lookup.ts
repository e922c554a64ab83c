/**
 * What a question name means, before anybody looks at data, and how each meaning is written as a name again.
 *
 * All text is lower case, as DNS compares it. `datacenter` and `peer` are what the name says, null when it says nothing;
 * whether such a datacenter exists is for the resolver. A new name form is a member here, a case in parse-name.ts and a case
 * in `render`.
 */

/** Where a name asks: at most one of the two. A bare label is a datacenter; peers are only meant by `<peer>.peer`. */
export interface Locality {
  readonly datacenter: string | null;
  readonly peer: string | null;
}

export type Lookup =
  /** `[tag.]name.service`; the tag may contain dots. */
  | { readonly kind: 'service'; readonly service: string; readonly tag: string | null; readonly at: Locality }
  /** `name.node`; the name may contain dots, or be a node id. */
  | { readonly kind: 'node'; readonly node: string; readonly at: Locality }
  /** `name.query`: a prepared query by name or id. */
  | { readonly kind: 'query'; readonly query: string; readonly at: Locality }
  /** `name.connect`: mesh-capable instances. */
  | { readonly kind: 'connect'; readonly service: string; readonly at: Locality }
  /** `name.ingress`: ingress gateways of a service. */
  | { readonly kind: 'ingress'; readonly service: string; readonly at: Locality }
  /** `name.virtual`: the mesh's virtual address. */
  | { readonly kind: 'virtual'; readonly service: string; readonly at: Locality }
  /** `0a000001.addr`: the address is the name. 4 or 16 octets. */
  | { readonly kind: 'addr'; readonly address: Uint8Array }
  /** A name below `arpa`; null when it is not a whole address. */
  | { readonly kind: 'reverse'; readonly address: Uint8Array | null }
  /** The domain itself. */
  | { readonly kind: 'apex' }
  /** `ns.<domain>`, which the SOA record names. */
  | { readonly kind: 'nameserver' }
  /** In the zone, but no form of a name; `reason` is for people. */
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'outside' };

export const HERE: Locality = Object.freeze({ datacenter: null, peer: null });

/** The keywords, of which the right-most one in a name decides. */
export const KEYWORDS = ['service', 'connect', 'virtual', 'ingress', 'node', 'query', 'addr'] as const;
export type Keyword = (typeof KEYWORDS)[number];

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
