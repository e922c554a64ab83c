/**
 * What a client agent does with questions that its own rows do not answer: from what it follows, or can follow, it
 * answers itself; everything else it asks a server.
 */
import { nodeTopic, serviceTopic } from '../../catalog/topics.ts';
import type { Elsewhere, ElsewherePlace } from '../../dns/elsewhere.ts';
import { isIdLike } from '../../dns/node-ids.ts';
import type { Call, Reply } from '../../http/call-and-reply.ts';
import type { AnswerElsewhere } from '../../http/elsewhere-port.ts';
import { first, has } from '../../http/request/query-values.ts';
import type { Locality, Lookup } from '../../names/lookup.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Following } from '../acl/following.ts';
import type { Servers } from './servers.ts';

/** Time in ms that a server has to answer a DNS question; resolvers ask again after some seconds. */
const DNS_ANSWER_MS = 4_000;

/** The service `consul`, which answers about the zone itself need. */
const SERVERS_TOPIC = serviceTopic('consul');

const ASK_SERVER = Object.freeze({ kind: 'server' });

/** The topic that a name is answered from; undefined for one that only a server can answer, null for one that needs no rows. */
function topicOf(lookup: Lookup, qtype: number): string | null | undefined {
  if (lookup.kind === 'outside') return null;
  if (lookup.kind === 'reverse') return undefined;
  if (qtype === TYPE.SOA || qtype === TYPE.NS) return SERVERS_TOPIC;
  switch (lookup.kind) {
    case 'service':
      return serviceTopic(lookup.service);
    case 'node':
      return nodeTopic(lookup.node);
    case 'nameserver':
      return SERVERS_TOPIC;
    case 'query':
    case 'connect':
      return undefined;
    default:
      return null;
  }
}

/** DNS questions of a client agent. */
export function clientDns(
  { subscriptions, link, mirror }: Servers,
  { datacenter, nodeName }: { readonly datacenter: string; readonly nodeName: string },
  following: Following,
): Elsewhere {
  const own = datacenter.toLowerCase();
  const isOwn = ({ datacenter: named }: Locality): boolean => named === null || named === own;
  /** A name that may be the beginning of a node's id: only servers know all nodes. */
  const mayBeId = (lookup: Lookup, topic: string): boolean =>
    lookup.kind === 'node' && isIdLike(lookup.node) && mirror.isEmpty(topic);
  const brought = (topic: string): ElsewherePlace =>
    following.mayDns(topic) ? { kind: 'rows', topic } : ASK_SERVER;
  return {
    placeOf: (lookup, qtype) => {
      if ('at' in lookup && lookup.at.peer !== null) return undefined;
      if ('at' in lookup && !isOwn(lookup.at)) return ASK_SERVER;
      const topic = topicOf(lookup, qtype);
      if (topic === null) return undefined;
      if (topic === undefined) return ASK_SERVER;
      if (!subscriptions.use(topic)) return brought(topic);
      return mayBeId(lookup, topic) ? ASK_SERVER : undefined;
    },
    silentMs: () => link.silentMs,
    fetch: (topic) => subscriptions.fetch(topic, following.dnsToken()),
    ask: async (packet, _place, transport) => {
      const token = following.dnsToken();
      const request = { packet, transport, token, agent: nodeName };
      const end = await link.call('dns', request, { timeoutMs: DNS_ANSWER_MS });
      if (end.kind !== 'answered') return null;
      const { reply } = (end.value ?? {}) as { reply?: unknown };
      return reply instanceof Uint8Array ? reply : null;
    },
  };
}

export interface ClientHttpParts {
  readonly servers: Servers;
  readonly datacenter: string;
  readonly forward: (call: Call) => Promise<Reply>;
  readonly following: Following;
}

/** The topic that answers an operation; undefined when a server has to answer it. */
function followedTopic(
  operation: Parameters<AnswerElsewhere>[0],
  call: Call,
  datacenter: string,
): string | undefined {
  if (operation.followed === undefined || call.readOptions.consistency === 'consistent') return undefined;
  const asked = first(call.query, 'dc');
  if ((asked && asked !== datacenter) || has(call.query, 'near')) return undefined;
  return operation.followed(call);
}

/** Requests of the API to a client agent. */
export function clientHttp({ servers, datacenter, forward, following }: ClientHttpParts): AnswerElsewhere {
  const { subscriptions } = servers;
  const fetched = async (topic: string, call: Call): Promise<Reply | 'here'> => {
    const token = await following.tokenFor(call, topic);
    const isHere = token !== undefined && (await subscriptions.fetch(topic, token));
    return isHere ? 'here' : forward(call);
  };
  return (operation, call) => {
    if (operation.place.at === 'agent') return undefined;
    const topic = followedTopic(operation, call, datacenter);
    if (topic === undefined) return forward(call);
    if (subscriptions.use(topic)) return undefined;
    return fetched(topic, call);
  };
}
