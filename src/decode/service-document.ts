/**
 * The fields of a service as clients and files write them, and what Consul refuses about them.
 *
 * Rules are tried in Consul's order, because only the first broken one is told. What an address implies is
 * added here: tagged addresses of its family, for LAN and WAN, unless given.
 */
import { parseIp, unmapped } from '../lib/ip.ts';
import { AppError } from '../model/errors.ts';
import type {
  JsonObject,
  ServiceDefinition,
  ServiceId,
  ServiceKind,
  ServiceName,
  StringMap,
  Weights,
} from '../model/types.ts';
import { decodeFields, type Place } from './json-fields.ts';
import { withUpstreamTypes } from './json-object.ts';
import { AGENT_SERVICE, type ServiceFields } from './service-fields.ts';

/** A service as it was written. */
export type ServiceDocument = Pick<ServiceFields, keyof typeof AGENT_SERVICE>;

/** The fields of a service document that were given. Throws AppError. */
export function serviceDocument(value: unknown, place: Place): Partial<ServiceDocument> {
  return decodeFields(AGENT_SERVICE, value ?? {}, place);
}

/** Addresses that nobody can connect to. */
const ANY_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]']);

/** What is wrong with weights, in Consul's words; undefined when nothing is. */
export function brokenWeights({ passing, warning }: Weights): string | undefined {
  if (passing < 1) return 'Invalid Weights: Passing must be greater than 0';
  if (warning < 0) return 'Invalid Weights: Warning must be greater or equal than 0';
  if (passing > 65_535 || warning > 65_535) return 'Invalid Weights: DNS Weight must be between 0 and 65535';
  return undefined;
}

function brokenMetaPair(key: string, value: string): string | undefined {
  if (key === '') return 'Key cannot be blank';
  if (!/^[a-zA-Z0-9_-]*$/u.test(key)) return 'Key contains invalid characters';
  if (key.length > 128) return 'Key is too long (limit: 128 characters)';
  if (key.startsWith('consul-')) return "Key prefix 'consul-' is reserved for internal use";
  return value.length > 512 ? 'Value is too long (limit: 512 characters)' : undefined;
}

/** What is wrong with the metadata of a service, in Consul's words; undefined when nothing is. */
export function brokenMeta(meta: StringMap): string | undefined {
  const pairs = Object.entries(meta);
  if (pairs.length > 64) return 'Node metadata cannot contain more than 64 key/value pairs';
  for (const [key, value] of pairs) {
    const broken = brokenMetaPair(key, value);
    if (broken !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${broken}`;
  }
  return undefined;
}

/** Ports of other gateways come from elsewhere. */
const GATEWAYS_WITH_PORT: ReadonlySet<string> = new Set(['mesh-gateway', 'terminating-gateway']);

/** Mesh kinds must at least be reachable: what is wrong, undefined when nothing is. */
export function brokenKind({
  kind = '',
  port = 0,
  socketPath = '',
  proxy,
}: Partial<Pick<ServiceDocument, 'kind' | 'port' | 'socketPath' | 'proxy'>>): string | undefined {
  const faults: string[] = [];
  const hasPlace = port > 0 || socketPath !== '';
  if (kind === 'connect-proxy') {
    if (!proxy?.['DestinationServiceName'])
      faults.push('Proxy.DestinationServiceName must be non-empty for Connect proxy services');
    if (!hasPlace) faults.push('Port must be set for a Connect proxy');
  }
  if (GATEWAYS_WITH_PORT.has(kind) && !hasPlace) faults.push(`Port must be non-zero for a ${kind}`);
  if (faults.length === 0) return undefined;
  const count = faults.length === 1 ? '1 error' : `${faults.length} errors`;
  return `${count} occurred:\n${faults.map((fault) => `\t* ${fault}\n`).join('')}\n`;
}

function brokenRule(document: Partial<ServiceDocument>): string | undefined {
  const { name, address: own = '', port = 0, socketPath } = document;
  if (!name) return 'Missing service name';
  if (ANY_ADDRESSES.has(own)) return 'Invalid service address';
  if (port < 0 || port > 65_535) return 'Invalid service port: must be between 0 and 65535';
  if (socketPath && (own !== '' || port !== 0))
    return 'Invalid service: SocketPath excludes Address and Port';
  const broken = document.weights && brokenWeights(document.weights);
  if (broken !== undefined) return broken;
  const brokenPair = document.meta && brokenMeta(document.meta);
  return brokenPair === undefined ? brokenKind(document) : `Invalid Service Meta: ${brokenPair}`;
}

/** Refuse a service that breaks a rule. Throws AppError. */
export function validateService(document: Partial<ServiceDocument>, place: Place): void {
  const broken = brokenRule(document);
  if (broken === undefined) return;
  if (place.style === 'api') throw new AppError('bad_request', broken);
  throw new AppError('config_invalid', place.path === '' ? broken : `${place.path}: ${broken}`);
}

/** IPv4 in IPv6 counts as IPv4, as in Consul. */
function familyOf(ip: string): 'ipv4' | 'ipv6' | undefined {
  const octets = parseIp(ip);
  if (octets === undefined) return undefined;
  return unmapped(octets).length === 4 ? 'ipv4' : 'ipv6';
}

function taggedAddresses(document: Partial<ServiceDocument>): ServiceDefinition['taggedAddresses'] {
  const { address: own = '', port = 0, taggedAddresses: given } = document;
  const family = familyOf(own);
  if (family === undefined) return given && Object.keys(given).length > 0 ? given : null;
  const implied = { address: own, port };
  return { [`lan_${family}`]: implied, [`wan_${family}`]: implied, ...given };
}

/** What is kept of `connect`: whether the service speaks mesh itself. Nobody here would run a sidecar. */
function withoutSidecar(connect: JsonObject | undefined): JsonObject | null {
  const kept = Object.entries(connect ?? {}).filter(([key]) => key !== 'SidecarService');
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/** A valid document as a definition; the id is the name where none was given. */
export function toServiceDefinition(document: Partial<ServiceDocument>): ServiceDefinition {
  const { name = '' } = document;
  return {
    id: (document.id || name) as ServiceId,
    name: name as ServiceName,
    // Consul stores kinds that it does not know; so does this.
    kind: (document.kind ?? '') as ServiceKind,
    tags: document.tags ?? [],
    address: document.address ?? '',
    taggedAddresses: taggedAddresses(document),
    meta: document.meta ?? null,
    port: document.port ?? 0,
    socketPath: document.socketPath ?? '',
    weights: document.weights ?? { passing: 1, warning: 1 },
    enableTagOverride: document.enableTagOverride ?? false,
    proxy: document.proxy ? withUpstreamTypes(document.proxy) : null,
    connect: withoutSidecar(document.connect),
    locality: document.locality ?? null,
  };
}
