/**
 * What a question name means, before anybody looks at data.
 *
 * All text is lower case, as DNS compares it. `datacenter` and `peer` are what the name says, null when it says nothing;
 * whether such a datacenter exists is for the resolver. A new name form is a member here and a case in parse-name.ts;
 * test/support/name-of-lookup.ts writes it as a name again, so that tests can go round.
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
