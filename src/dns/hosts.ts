/**
 * Addresses behind the host names that services and nodes have instead of an IP address.
 *
 * Names in our own zone are looked up right here, at most three aliases deep. Names elsewhere must have been asked from a
 * recursor before; what was not asked has no addresses. Whether anything has to be asked is found by answering once
 * with an `outside` that only takes notes.
 */
import { TYPE } from '../wire/constants.ts';
import type { ResourceRecord } from '../wire/message.ts';
import { nameFromText } from '../wire/name.ts';
import { makeAnswer } from './answer.ts';
import { decide } from './decide.ts';
import type { Hosts } from './records.ts';
import type { ResolveContext } from './resolve.ts';
import type { Zone } from './zone.ts';

/** Aliases of aliases that are followed inside the zone. */
const MAX_DEPTH = 3;

/** A host name that must be asked elsewhere. */
export interface WantedHost {
  readonly host: string;
  readonly qtype: number;
}

/** Records by `hostKey`. */
export type FetchedHosts = ReadonlyMap<string, readonly ResourceRecord[]>;

export function hostKey(host: string, qtype: number): string {
  return `${qtype} ${host.toLowerCase().replace(/\.$/, '')}`;
}

export interface HostParts {
  readonly zone: Zone;
  readonly context: ResolveContext;
  readonly pick: number;
  /** Most records for one host of an instance; the host of a node gives all. */
  readonly maxRecords: number;
  /** What is known about names elsewhere. */
  readonly outside: (host: string, qtype: number) => readonly ResourceRecord[];
}

/** Elsewhere, ANY of an alias asks for IPv4 addresses, as there is no way to ask for all. */
function outsideType(qtype: number): number {
  return qtype === TYPE.AAAA ? TYPE.AAAA : TYPE.A;
}

const isAddress = ({ data }: ResourceRecord): boolean =>
  data.type === TYPE.A || data.type === TYPE.AAAA || data.type === TYPE.CNAME;

function insideHosts(
  host: string,
  qtype: number,
  depth: number,
  parts: HostParts,
): readonly ResourceRecord[] {
  const { zone, context, pick } = parts;
  const qname = nameFromText(host);
  if (qname === undefined) return [];
  const decision = decide({ qname, qtype, edns: null }, zone, context);
  // The responder does not wait for hosts of answers: what is followed already is named, the rest the client asks for.
  if (decision.kind === 'elsewhere') return [];
  if (decision.kind !== 'answer') return parts.outside(host, outsideType(qtype));
  if (depth === 0) return [];
  const hosts = hostsAt(depth - 1, parts);
  const answer = makeAnswer(decision.outcome, { zone, qname, qtype, pick, hosts });
  const records = answer.groups.map((group) => ({ ...group.answer, owner: group.answer.owner ?? qname }));
  return records.filter(isAddress);
}

function hostsAt(depth: number, parts: HostParts): Hosts {
  return (host, qtype, ttlSeconds) => {
    const records = insideHosts(host, qtype, depth, parts);
    if (ttlSeconds === null) return records;
    return records.slice(0, parts.maxRecords).map((each) => ({ ...each, ttlSeconds }));
  };
}

/** Look host names up in the zone, and names elsewhere in what was fetched. */
export function makeHosts(parts: HostParts): Hosts {
  return hostsAt(MAX_DEPTH, parts);
}
