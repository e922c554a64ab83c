/**
 * Questions of this datacenter's programs about others: requests of the API with `?dc=`, DNS names with a datacenter.
 */
import { failOver, failoverOrder, hasFailover, type OtherDatacenters } from '../catalog/query-failover.ts';
import { Datacenters, type FarPeers, type WanServer } from '../cluster/datacenters.ts';
import { parseJoinAddress, resolveJoinAddress } from '../cluster/join-address.ts';
import type { Elsewhere } from '../dns/elsewhere.ts';
import type { AnswerElsewhere } from '../http/elsewhere-port.ts';
import { first } from '../http/request/query-values.ts';
import type { Clock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import type { CallOptions, RpcAddress } from '../rpc/rpc-connection.ts';
import { makeForward } from './client/forward-http.ts';
import type { Config } from './config/options.ts';
import { otherDatacenters } from './far-queries.ts';

/** Time in ms that another datacenter has to answer a DNS question. */
const DNS_ANSWER_MS = 2_500;

export interface DatacentersPartParts {
  readonly config: Config;
  readonly servers: () => readonly WanServer[];
  readonly peers: FarPeers;
  readonly onMeasured: (server: WanServer, roundTripMs: number) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface DatacentersPart {
  readonly datacenters: Datacenters;
  readonly http: AnswerElsewhere;
  readonly dns: Elsewhere;
  /** For prepared queries. */
  readonly others: OtherDatacenters;
}

function joinAddresses(config: Config): () => Promise<readonly RpcAddress[]> {
  const ports = { server: config['ports.server'], serfLan: config['ports.serf_wan'] };
  const parsed = [...config.start_join_wan, ...config.retry_join_wan].flatMap((text) => {
    const address = parseJoinAddress(text, ports); // check-cluster.ts has refused what is none
    return 'fault' in address ? [] : [address];
  });
  return async () => (await Promise.all(parsed.map(resolveJoinAddress))).flat();
}

/** DNS questions about other datacenters. */
function farDns(datacenters: Datacenters, others: OtherDatacenters, clock: Clock): Elsewhere {
  return {
    placeOf: (lookup) => {
      if (!('at' in lookup)) return undefined;
      const { datacenter, peer } = lookup.at;
      if (peer !== null || datacenter === null || !datacenters.has(datacenter)) return undefined;
      return { kind: 'datacenter', datacenter };
    },
    datacenters: () => others.names(),
    onDatacenters: (listener) => datacenters.onKnown(() => listener(others.names())),
    failsOver: (query) => hasFailover(query) && failoverOrder(query, others.names()).length > 0,
    failOver: async (query) => {
      const asked = { query, limit: 0, isConnect: false, token: query.document.Token || null };
      const { result, datacenter } = await failOver(asked, others, { clock, budgetMs: DNS_ANSWER_MS });
      if (result === undefined || datacenter === undefined || result.nodes.length === 0) return undefined;
      const ttlSeconds = result.ttl === '' ? null : (parseDuration(result.ttl) ?? 0) / 1_000;
      return { service: result.service, instances: result.nodes, ttlSeconds, datacenter };
    },
    fetch: async () => true,
    ask: async (packet, place, transport) => {
      if (place.kind !== 'datacenter') return null;
      const options = { timeoutMs: DNS_ANSWER_MS };
      const end = await datacenters.call(place.datacenter, 'dns', { packet, transport, agent: '' }, options);
      if (end.kind !== 'answered') return null;
      const { reply } = (end.value ?? {}) as { reply?: unknown };
      return reply instanceof Uint8Array ? reply : null;
    },
  };
}

/** The other datacenters of a server, not begun. */
export function datacentersPart(parts: DatacentersPartParts): DatacentersPart {
  const { config, servers, peers, onMeasured, clock, random, log } = parts;
  const datacenters = new Datacenters({
    own: config.datacenter,
    servers,
    joinAddresses: joinAddresses(config),
    retryMs: config.retry_interval_wan,
    peers,
    onMeasured,
    clock,
    log,
  });
  /** One way to ask for each datacenter; there are few. */
  const forwards = new Map<string, ReturnType<typeof makeForward>>();
  const forwardTo = (name: string): ReturnType<typeof makeForward> => {
    const known = forwards.get(name);
    if (known !== undefined) return known;
    const link = {
      call: (method: string, request: unknown, options: CallOptions = {}) =>
        datacenters.call(name, method, request, options),
    };
    const made = makeForward({
      link,
      nodeName: '',
      newId: () => random.uuid(),
      unreached: 'No path to datacenter',
    });
    forwards.set(name, made);
    return made;
  };
  const others = otherDatacenters(datacenters, log);
  return {
    datacenters,
    others,
    http: (operation, request, named) => {
      const { place } = operation;
      if (place.at === 'agent' || place.datacenter === 'own') return undefined;
      const asked = place.datacenter === 'body' ? named : first(request.query, 'dc');
      if (!asked || !datacenters.has(asked)) return undefined;
      return forwardTo(asked.toLowerCase())(request);
    },
    dns: farDns(datacenters, others, clock),
  };
}
