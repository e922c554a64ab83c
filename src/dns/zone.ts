/**
 * What follows from the configuration alone: the names of the zone in the forms that answering needs.
 *
 * Made once for each configuration; nothing here looks at the catalog. SRV targets, SOA and NS always use the main
 * domain, also for questions in the alternative one.
 */
import type { NodeRow } from '../model/types.ts';
import type { Zones } from '../names/parse-name.ts';
import { TYPE } from '../wire/constants.ts';
import { childName, foldedLabels, nameFromText, type WireName } from '../wire/name.ts';
import type { SoaData } from '../wire/rdata.ts';
import { type SoaTemplate, soaTemplate } from '../wire/soa.ts';
import type { DnsConfig } from './dns-config.ts';

const HEX_DIGITS = '0123456789abcdef';
/** `addr` as a label. */
const ADDR_LABEL = Uint8Array.of(4, 0x61, 0x64, 0x64, 0x72);

export interface Zone {
  readonly config: DnsConfig;
  readonly names: Zones;
  readonly domain: WireName;
  readonly soa: SoaTemplate;
  /** SOA data with serial 0, for replies that are written record by record. */
  readonly soaData: SoaData;
  readonly nameserver: WireName;
  /** `<dc>.<domain>`, below which all names of this datacenter are. */
  readonly datacenter: WireName;
  /** Names of nodes that were asked for, as long as their rows live; null for those that have none. */
  readonly nodeNames: WeakMap<NodeRow, WireName | null>;
}

function wireName(text: string, option: string): WireName {
  const name = nameFromText(text.toLowerCase());
  if (name === undefined) throw new RangeError(`${option}: "${text}" is not a domain name`);
  return name;
}

function child(labels: string, domain: WireName): WireName {
  return childName(labels, domain) ?? domain;
}

/** Derive the zone. Throws RangeError when `domain` or `altDomain` is not a domain name. */
export function makeZone(config: DnsConfig): Zone {
  const domain = wireName(config.domain, 'domain');
  const altDomain = config.altDomain === null ? null : wireName(config.altDomain, 'alt_domain');
  const nameserver = child('ns', domain);
  const soaData: SoaData = {
    type: TYPE.SOA,
    mname: nameserver,
    rname: child('hostmaster', domain),
    serial: 0,
    refreshSeconds: config.soa.refreshSeconds,
    retrySeconds: config.soa.retrySeconds,
    expireSeconds: config.soa.expireSeconds,
    minimumSeconds: config.soa.minTtlSeconds,
  };
  return {
    config,
    names: { domain: foldedLabels(domain), altDomain: altDomain && foldedLabels(altDomain) },
    domain,
    soa: soaTemplate(domain, config.soa.minTtlSeconds, soaData),
    soaData,
    nameserver,
    datacenter: child(config.datacenter, domain),
    nodeNames: new WeakMap(),
  };
}

/** The zone as names of another datacenter are made in it. */
export function zoneOf(zone: Zone, datacenter: string): Zone {
  return { ...zone, datacenter: child(datacenter, zone.domain), nodeNames: new WeakMap() };
}

/** `<node>.node.<dc>.<domain>`; undefined when that is no valid name: a node called so is not in DNS. */
export function nodeName(node: NodeRow, zone: Zone): WireName | undefined {
  let name = zone.nodeNames.get(node);
  if (name === undefined) {
    name = childName(`${node.name}.node`, zone.datacenter) ?? null;
    zone.nodeNames.set(node, name);
  }
  return name ?? undefined;
}

/** `<service>.service.<dc>.<domain>`; undefined when that is no valid name. */
export function serviceName(service: string, zone: Zone): WireName | undefined {
  return childName(`${service}.service`, zone.datacenter);
}

/** `<hex>.addr.<dc>.<domain>`. */
export function addrName(address: Uint8Array, zone: Zone): WireName {
  const digits = address.length * 2;
  const name = new Uint8Array(1 + digits + ADDR_LABEL.length + zone.datacenter.length);
  name[0] = digits;
  for (const [i, octet] of address.entries()) {
    name[1 + i * 2] = HEX_DIGITS.charCodeAt(octet >>> 4);
    name[2 + i * 2] = HEX_DIGITS.charCodeAt(octet & 0xf);
  }
  name.set(ADDR_LABEL, 1 + digits);
  name.set(zone.datacenter, 1 + digits + ADDR_LABEL.length);
  return name;
}
