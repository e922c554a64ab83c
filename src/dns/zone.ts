/**
 * What follows from the configuration alone: the names of the zone in the forms that answering needs.
 *
 * Made once for each configuration; nothing here looks at the catalog. SRV targets, SOA and NS always use the main
 * domain, also for questions in the alternative one.
 */
import { addrLabels } from '../names/lookup.ts';
import type { Zones } from '../names/parse.ts';
import { TYPE } from '../wire/constants.ts';
import { childName, foldedLabels, nameFromText, type WireName } from '../wire/name.ts';
import type { SoaData } from '../wire/rdata.ts';
import { type SoaTemplate, soaTemplate } from '../wire/soa.ts';
import type { DnsConfig } from './config.ts';

export interface Zone {
  readonly config: DnsConfig;
  readonly names: Zones;
  readonly domain: WireName;
  readonly soa: SoaTemplate;
  /** SOA data with serial 0, for replies that are written record by record. */
  readonly soaData: SoaData;
  readonly nameserver: WireName;
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
  };
}

/** `labels.<datacenter>.<domain>`; undefined when that is no valid name (a node or service called so is not in DNS). */
function inDatacenter(labels: string, zone: Zone): WireName | undefined {
  return childName(`${labels}.${zone.config.datacenter}`, zone.domain);
}

/** `<node>.node.<dc>.<domain>`. */
export function nodeName(node: string, zone: Zone): WireName | undefined {
  return inDatacenter(`${node}.node`, zone);
}

/** `<service>.service.<dc>.<domain>`. */
export function serviceName(service: string, zone: Zone): WireName | undefined {
  return inDatacenter(`${service}.service`, zone);
}

/** `<hex>.addr.<dc>.<domain>`. */
export function addrName(address: Uint8Array, zone: Zone): WireName | undefined {
  return inDatacenter(addrLabels(address), zone);
}
