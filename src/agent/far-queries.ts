/**
 * Prepared queries between datacenters: asking another one what it has, and answering when another one asks.
 *
 * The query travels as a whole, because only its own datacenter has it stored. Whoever answers looks for nothing near,
 * shuffles, and shows what the token may see there; for DNS, what its own DNS may see. Rows that come back are looked at
 * before anybody is answered with them.
 */
import { executeQuery, type QueryOptions } from '../catalog/query.ts';
import type { FarQuery, FarResult, OtherDatacenters } from '../catalog/query-failover.ts';
import { readableView } from '../catalog/readable-view.ts';
import { ROW_SHAPES } from '../catalog/row-shapes.ts';
import type { Instance } from '../catalog/select.ts';
import type { View } from '../catalog/tables.ts';
import type { Datacenters } from '../cluster/datacenters.ts';
import type { DnsConfig } from '../dns/dns-config.ts';
import { viewForDns } from '../dns/dns-rights.ts';
import type { Authorizer } from '../http/access/right.ts';
import type { AskedWith } from '../http/access/sent-token.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { hasFields, isBoolean, isListOf, isNumber, isOneOf, isText, orNull } from '../lib/shape.ts';
import { refuse } from '../model/errors.ts';
import { STATUSES } from '../model/types.ts';
import type { RpcMethod } from '../rpc/rpc-server.ts';

/** RPC method. */
const METHOD = 'execute-query';
/** Instances that are sent; DNS can use no more, and programs that do set a limit. */
const MAX_INSTANCES = 1_000;

const isFarQuery = hasFields<FarQuery>({
  query: ROW_SHAPES.queries,
  limit: isNumber,
  isConnect: isBoolean,
  token: orNull(isText),
});

/** What is sent of an instance; that it answers is said by its being there. */
type Sent = Omit<Instance, 'verdict'>;

const isResult = hasFields<Omit<FarResult, 'nodes'> & { readonly nodes: readonly Sent[] }>({
  service: isText,
  ttl: isText,
  nodes: isListOf(
    hasFields<Sent>({
      node: ROW_SHAPES.nodes,
      service: ROW_SHAPES.services,
      checks: isListOf(ROW_SHAPES.checks),
      status: isOneOf(...STATUSES),
    }),
  ),
});

export interface FarQueriesParts {
  readonly view: View;
  readonly dnsConfig: () => DnsConfig;
  /** As for a request that brings this token. Throws forbidden for one that is not known. */
  readonly authorizerOf: (request: AskedWith) => Authorizer;
  readonly random: Random;
}

/** The rows that may be found. */
function viewFor(token: string | null, { view, dnsConfig, authorizerOf }: FarQueriesParts): View {
  if (token === null) return viewForDns(view, dnsConfig);
  const headers = token === '' ? {} : { 'x-consul-token': token };
  const authorizer = authorizerOf({ headers, query: {}, url: '', isForwarded: true });
  if (authorizer.isUnlimited) return view;
  const sees = (resource: 'node' | 'service', name: string): boolean =>
    authorizer.allows({ resource, level: 'read', name });
  const sight = {
    seesNode: (name: string): boolean => sees('node', name),
    seesService: (name: string): boolean => sees('service', name),
  };
  return readableView(view, () => sight);
}

/** Answers another datacenter's query. Throws bad_request for what is none, forbidden for an unknown token. */
export type AnswerFarQuery = (request: unknown) => unknown;

export function makeAnswerFarQuery(parts: FarQueriesParts): AnswerFarQuery {
  return (request) => {
    const fault = isFarQuery(request, 'request');
    if (fault !== undefined) refuse('bad_request', fault);
    const { query, limit, isConnect, token } = request as FarQuery;
    const { Service } = query.document;
    // Nodes of this datacenter are near to nobody who asks from another one.
    const anywhere = { ...query, document: { ...query.document, Service: { ...Service, Near: '' } } };
    const options: QueryOptions = {
      source: { agentNode: '', address: '' },
      near: '',
      limit: limit > 0 ? Math.min(limit, MAX_INSTANCES) : MAX_INSTANCES,
      isConnect,
      distance: () => Number.POSITIVE_INFINITY,
      random: parts.random,
    };
    const { service, chosen, ttl } = executeQuery(viewFor(token, parts), anywhere, options);
    const nodes = chosen.map(
      ({ node, service, checks, status }): Sent => ({ node, service, checks, status }),
    );
    return { service, ttl, nodes };
  };
}

/** The method that servers of other datacenters call; refuses whoever is no server of the one that it names. */
export const farQueryMethods = (
  answer: () => AnswerFarQuery,
): Readonly<Record<typeof METHOD, RpcMethod>> => ({
  [METHOD]: async (request, { peer }) => {
    const { from } = (request ?? {}) as { readonly from?: unknown };
    if (typeof from !== 'string' || !peer.isServer(from))
      refuse('forbidden', 'Permission denied: queries of other datacenters come from their servers');
    return answer()(request);
  },
});

/** The other datacenters, as queries ask them. */
export function otherDatacenters(datacenters: Datacenters, log: Logger): OtherDatacenters {
  return {
    names: () => datacenters.names().slice(1),
    execute: async (datacenter, asked, timeoutMs) => {
      const [from] = datacenters.names();
      const end = await datacenters.call(datacenter, METHOD, { ...asked, from }, { timeoutMs });
      const fault = end.kind === 'answered' ? isResult(end.value, 'answer') : undefined;
      if (end.kind === 'answered' && fault === undefined) {
        const { service, ttl, nodes } = end.value as FarResult;
        return { service, ttl, nodes: nodes.map((each) => ({ ...each, verdict: { isIn: true } })) };
      }
      const why = end.kind === 'answered' ? fault : end.kind === 'refused' ? end.error.message : end.why;
      log.debug(
        { datacenter, query: asked.query.name, why },
        'a query could not go on in another datacenter',
      );
      return undefined;
    },
  };
}
