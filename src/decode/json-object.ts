/**
 * Objects that are kept as they were given (`Proxy`, `Connect`, `Locality`): nothing here acts on them, but their names
 * become those that Consul shows, whichever of its spellings was used.
 *
 * Names that are not in the list only lose their underscores. What is below an opaque name belongs to somebody else.
 */
import type { JsonObject } from '../model/types.ts';
import { type Decoder, described, isObject, wrongType } from './json-fields.ts';

const NAMES = `
  DestinationServiceName DestinationServiceID LocalServiceAddress LocalServicePort LocalServiceSocketPath Mode Config
  Upstreams MeshGateway Expose TransparentProxy MutualTLSMode AccessLogs EnvoyExtensions
  DestinationType DestinationNamespace DestinationPartition DestinationPeer DestinationName Datacenter LocalBindAddress
  LocalBindPort LocalBindSocketPath LocalBindSocketMode CentrallyConfigured
  Checks Paths ListenerPort Path LocalPathPort Protocol ParsedFromCheck OutboundListenerPort DialedDirectly
  Enabled DisableListenerLogs Type JSONFormat TextFormat Name Required Arguments ConsulVersion EnvoyVersion
  ID Native SidecarService PeerMeta Region Zone Peer Partition Namespace
`
  .trim()
  .split(/\s+/);

const OPAQUE: ReadonlySet<string> = new Set(['Config', 'Arguments']);

const squash = (name: string): string => name.replaceAll('_', '').toLowerCase();
const KNOWN: ReadonlyMap<string, string> = new Map(NAMES.map((name) => [squash(name), name]));

function officialName(key: string): string {
  const known = KNOWN.get(squash(key));
  return known ?? key.replace(/(?:^|_)([a-z])/gu, (_, letter: string) => letter.toUpperCase());
}

function officialNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(officialNames);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const name = officialName(key);
      return [name, OPAQUE.has(name) ? item : officialNames(item)];
    }),
  );
}

/** An object that is kept as it is given, under official names. */
export const jsonObject: Decoder<JsonObject> = described(
  () => ({ type: 'object' }),
  (value, place) => {
    if (!isObject(value)) return wrongType(value, place, { goType: 'object', plain: 'an object' });
    return officialNames(value) as JsonObject;
  },
);

/** Settings of a proxy with the kind of upstream that is meant where none is named. */
export function withUpstreamTypes(proxy: JsonObject): JsonObject {
  const upstreams = proxy['Upstreams'];
  if (!Array.isArray(upstreams)) return proxy;
  const typed = upstreams.map((upstream: unknown) => {
    if (!isObject(upstream)) return upstream;
    const own = { DestinationType: upstream['DestinationType'] || 'service' };
    return Object.assign({ DestinationType: '' }, upstream, own);
  });
  return { ...proxy, Upstreams: typed };
}
