/**
 * The grammar of question names: labels and type in, meaning out. Pure, knows no data.
 *
 *     [tag.]<name>.service[.<dc>|.<dc>.dc|.<peer>.peer].<domain>     _<name>._<tag>[.service][.<dc>].<domain>
 *     <node>.node…   <query>.query[.<dc>]   _<query>._tcp.query[.<dc>]   <hex>.addr[.<anything>]
 *     <name>.connect…   <name>.ingress…   <name>.virtual…   ns.<domain>   <domain>   <reversed>.arpa
 *
 * Labels are read from the right; the first keyword decides, so a service may be called `node` and a tag `query`.
 * Everything in front of a service name is one tag with dots. `_tcp` and `_` filter nothing, every other protocol
 * label is a tag. What is in the zone and none of these is `invalid`, which is answered NXDOMAIN.
 */
import { TYPE } from '../wire/constants.ts';
import { HERE, KEYWORDS, type Keyword, type Locality, type Lookup } from './lookup.ts';
import { parseHexAddress, parseReverse } from './reverse.ts';

/** The names that this server answers for, as labels in lower case. */
export interface Zones {
  readonly domain: readonly string[];
  readonly altDomain: readonly string[] | null;
}

const OUTSIDE: Lookup = Object.freeze({ kind: 'outside' });
const APEX: Lookup = Object.freeze({ kind: 'apex' });
const NAMESERVER: Lookup = Object.freeze({ kind: 'nameserver' });

function invalid(reason: string): Lookup {
  return { kind: 'invalid', reason };
}

function isKeyword(label: string): label is Keyword {
  return (KEYWORDS as readonly string[]).includes(label);
}

/** Labels in front of `zone`; undefined when the name is not in it. */
function labelsInside(labels: readonly string[], zone: readonly string[]): readonly string[] | undefined {
  const front = labels.length - zone.length;
  if (front < 0) return undefined;
  for (let i = 0; i < zone.length; i += 1) if (labels[front + i] !== zone[i]) return undefined;
  return labels.slice(0, front);
}

/** Labels in front of whichever zone the name is in; one zone may lie in the other, then the inner one counts. */
function labelsInZone(
  labels: readonly string[],
  { domain, altDomain }: Zones,
): readonly string[] | undefined {
  if (altDomain === null) return labelsInside(labels, domain);
  const [inner, outer] = altDomain.length > domain.length ? [altDomain, domain] : [domain, altDomain];
  return labelsInside(labels, inner) ?? labelsInside(labels, outer);
}

/** What follows the keyword: nothing, `<dc>`, or pairs `<dc>.dc` and `<peer>.peer`, not both; undefined otherwise. */
function parseLocality(suffix: readonly string[]): Locality | undefined {
  if (suffix.length === 0) return HERE;
  if (suffix.length === 1) return { datacenter: suffix[0] ?? null, peer: null };
  if (suffix.length !== 2 && suffix.length !== 4) return undefined;
  let datacenter: string | null = null;
  let peer: string | null = null;
  for (let i = 0; i < suffix.length; i += 2) {
    if (suffix[i + 1] === 'dc') datacenter = suffix[i] ?? null;
    else if (suffix[i + 1] === 'peer') peer = suffix[i] ?? null;
    else return undefined;
  }
  return datacenter !== null && peer !== null ? undefined : { datacenter, peer };
}

/** RFC 2782: exactly two labels that both begin with an underscore. */
function isRfc2782(front: readonly string[]): boolean {
  return front.length === 2 && front.every((label) => label.startsWith('_'));
}

function parseService(front: readonly string[], at: Locality): Lookup {
  if (isRfc2782(front)) {
    const protocol = (front[1] ?? '').slice(1);
    const tag = protocol === 'tcp' || protocol === '' ? null : protocol;
    return { kind: 'service', service: (front[0] ?? '').slice(1), tag, at };
  }
  const tag = front.length > 1 ? front.slice(0, -1).join('.') : null;
  return { kind: 'service', service: front.at(-1) ?? '', tag, at };
}

/** In the RFC 2782 form the last label is a protocol that does not matter. */
function parseQuery(front: readonly string[], at: Locality): Lookup {
  const isSrvForm =
    front.length > 1 && (front[0] ?? '').startsWith('_') && (front.at(-1) ?? '').startsWith('_');
  const query = isSrvForm ? front.slice(0, -1).join('.').slice(1) : front.join('.');
  return { kind: 'query', query, at };
}

/** `<hex>.addr`; what stands behind it is not looked at. */
function parseAddr(front: readonly string[]): Lookup {
  const address = front.length === 1 ? parseHexAddress(front[0] ?? '') : null;
  return address === null
    ? invalid('not 8 or 32 hexadecimal digits before .addr')
    : { kind: 'addr', address };
}

function parseForm(keyword: Keyword, front: readonly string[], suffix: readonly string[]): Lookup {
  if (front.length === 0) return invalid(`nothing in front of .${keyword}`);
  if (keyword === 'addr') return parseAddr(front);
  if (keyword === 'query' && suffix.length > 1) return invalid('only a datacenter may follow .query');
  const at = parseLocality(suffix);
  if (at === undefined) return invalid(`"${suffix.join('.')}" is neither a datacenter nor a peer`);
  switch (keyword) {
    case 'service':
      return parseService(front, at);
    case 'query':
      return parseQuery(front, at);
    case 'node':
      return { kind: 'node', node: front.join('.'), at };
    default:
      return { kind: keyword, service: front.at(-1) ?? '', at };
  }
}

function parseInside(front: readonly string[], qtype: number): Lookup {
  if (front.length === 0) return APEX;
  for (let i = front.length - 1; i >= 0; i -= 1) {
    const label = front[i] ?? '';
    if (isKeyword(label)) return parseForm(label, front.slice(0, i), front.slice(i + 1));
    // RFC 2782 clients put the domain right behind the protocol, so for SRV `.service` is implied.
    if (qtype === TYPE.SRV && label.startsWith('_')) {
      return parseForm('service', front.slice(0, i + 1), front.slice(i + 1));
    }
  }
  if (front.length === 1 && front[0] === 'ns') return NAMESERVER;
  return invalid('no keyword such as .service or .node in the name');
}

/**
 * The meaning of a name: `labels` in lower case, leftmost first, with dots and backslashes inside a label escaped.
 * Linear in the number of labels. Never throws.
 */
export function parse(labels: readonly string[], qtype: number, zones: Zones): Lookup {
  const inside = labelsInZone(labels, zones);
  if (inside) return parseInside(inside, qtype);
  if (labels.at(-1) === 'arpa') return { kind: 'reverse', address: parseReverse(labels) };
  return OUTSIDE;
}
