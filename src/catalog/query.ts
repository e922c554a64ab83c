/**
 * Executing prepared queries: name or id → query → instances. Pure; HTTP and DNS both ask here.
 *
 * What is found here only; where else a query is tried, query-failover.ts says.
 */
import { parseDuration } from '../lib/duration.ts';
import type { Random } from '../lib/random.ts';
import type { CheckRow, QueryRow, QueryService, StringMap } from '../model/types.ts';
import { type Distance, type NearSource, originOf, sortByDistance } from './near.ts';
import { renderQuery } from './query-template.ts';
import { instancesOf, meshInstancesOf } from './read.ts';
import type { Instance } from './select.ts';
import { isUuid } from './session-lookup.ts';
import { queryNameKey, type View } from './tables.ts';

export interface QueryOptions {
  readonly source: NearSource;
  /** Overrides what the query says; '' leaves it. */
  readonly near: string;
  /** 0 is no limit. */
  readonly limit: number;
  /** Ask for mesh instances whatever the query says. */
  readonly isConnect: boolean;
  readonly distance: Distance;
  readonly random: Random;
  /** Every instance of a service, in Consul's order, for who knows them already. */
  readonly instancesOf?: (service: string) => readonly Instance[];
}

export interface QueryResult {
  readonly service: string;
  /** Every instance of the service. */
  readonly known: readonly Instance[];
  /** Those that the query wants: nearest first, or shuffled. */
  readonly chosen: readonly Instance[];
  /** As the query has it; '' when it sets none. */
  readonly ttl: string;
  readonly ttlSeconds: number | null;
}

/** The template with the longest name that `name` begins with. O(length of the name). */
function templateFor(view: View, name: string): QueryRow | undefined {
  for (let length = name.length; length >= 0; length -= 1) {
    const [found] = view.queries.by('template', queryNameKey(name.slice(0, length)));
    if (found) return found;
  }
  return undefined;
}

/** The query with this id, else with this name, else the template for it (rendered); undefined when there is none. */
export function findQuery(view: View, nameOrId: string): QueryRow | undefined {
  if (nameOrId === '' || view.queries.size === 0) return undefined;
  const byId = isUuid(nameOrId) ? view.queries.get(nameOrId.toLowerCase()) : undefined;
  const [byName] = view.queries.by('name', queryNameKey(nameOrId));
  const query = byId ?? byName ?? templateFor(view, nameOrId);
  return query && renderQuery(query, nameOrId);
}

function isHealthy(checks: readonly CheckRow[], { OnlyPassing, IgnoreCheckIDs }: QueryService): boolean {
  return checks.every(
    ({ id, status }) =>
      status === 'passing' || IgnoreCheckIDs?.includes(id) || (status !== 'critical' && !OnlyPassing),
  );
}

function hasMeta(meta: StringMap | null, wanted: StringMap | null): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => meta?.[key] === value);
}

/** So many are compared one by one, which is cheaper than making a set. */
const FEW_TAGS = 8;

/** Tags in lower case that an instance must have, and those that it must not. */
interface WantedTags {
  readonly must: readonly string[];
  readonly mustNot: readonly string[];
}

function wantedTags(tags: readonly string[] | null): WantedTags {
  const lower = (tags ?? []).map((tag) => tag.toLowerCase());
  return {
    must: [...new Set(lower.filter((tag) => !tag.startsWith('!')))],
    mustNot: lower.filter((tag) => tag.startsWith('!')).map((tag) => tag.slice(1)),
  };
}

/** O(wanted tags) at the first instance that lacks one: a template may want many, of a service that is large. */
function hasTags(tags: readonly string[], { must, mustNot }: WantedTags): boolean {
  if (must.length === 0 && mustNot.length === 0) return true;
  if (must.length > tags.length) return false;
  const lower = tags.map((tag) => tag.toLowerCase());
  const many = lower.length > FEW_TAGS ? new Set(lower) : undefined;
  const has = (tag: string): boolean => (many === undefined ? lower.includes(tag) : many.has(tag));
  return must.every(has) && !mustNot.some(has);
}

function isWanted({ node, service, checks }: Instance, query: QueryService, tags: WantedTags): boolean {
  return (
    hasTags(service.tags, tags) &&
    isHealthy(checks, query) &&
    hasMeta(node.meta, query.NodeMeta) &&
    hasMeta(service.meta, query.ServiceMeta)
  );
}

function shuffled(instances: readonly Instance[], random: Random): readonly Instance[] {
  const order = [...instances];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other] as Instance, order[at] as Instance];
  }
  return order;
}

/** Run a query that was found with `findQuery`. O(instances of the service). Never throws. */
export function executeQuery(view: View, query: QueryRow, options: QueryOptions): QueryResult {
  const { Service: wanted, DNS } = query.document;
  const isConnect = wanted.Connect || options.isConnect;
  const ofService = options.instancesOf ?? ((service) => instancesOf(view, service));
  const known = isConnect ? meshInstancesOf(view, wanted.Service) : ofService(wanted.Service);
  const tags = wantedTags(wanted.Tags);
  const fitting = known.filter((instance) => isWanted(instance, wanted, tags));
  const origin = originOf(view, options.near || wanted.Near, options.source);
  const ordered = origin
    ? sortByDistance(fitting, ({ node }) => node.name, origin, options.distance)
    : shuffled(fitting, options.random);
  return {
    service: wanted.Service,
    known,
    chosen: options.limit > 0 ? ordered.slice(0, options.limit) : ordered,
    ttl: DNS.TTL,
    ttlSeconds: DNS.TTL === '' ? null : (parseDuration(DNS.TTL) ?? 0) / 1_000,
  };
}
