/** Answers that more than one page follows; the same path is asked for once. */
import { apiPath } from './client.ts';

/** One row a service: instances and checks by state, tags, nodes. */
export const SERVICES = '/v1/internal/ui/services';

/** All services with the nodes that they run on, by state. */
export const HEALTH_MAP = '/v1/internal/ui/health-map';

/** Every check that is not passing: small, whatever the size of the catalog. */
export const FAILING = `/v1/health/state/any?filter=${encodeURIComponent('Status != "passing"')}`;

export const NODES = '/v1/catalog/nodes';

/** Checks of nodes themselves, which count for all their services. */
export const NODE_CHECKS = `/v1/health/state/any?filter=${encodeURIComponent('ServiceID == ""')}`;

/** How the servers are, as the leader judges them; refused while nobody leads. */
export const SERVERS = '/v1/operator/autopilot/state';

/** The servers as this one knows them by itself. */
export const PEERS = '/v1/operator/raft/configuration?stale';

export const SELF = '/v1/agent/self';

export function explainPath(question: {
  readonly name: string;
  readonly type: string;
  readonly transport: string;
  readonly ednsBytes: string;
}): string {
  const query = new URLSearchParams({ name: question.name, type: question.type });
  if (question.transport !== 'udp') query.set('transport', question.transport);
  if (question.ednsBytes !== '') query.set('edns', question.ednsBytes);
  return `${apiPath('dns', 'explain')}?${query}`;
}

export const METRICS = '/v1/agent/metrics';

/** Entries of the history that a page shows. */
const SHOWN_ENTRIES = '25';

/** What entries of the history are about; nothing given is everything. */
export interface HistoryAbout {
  readonly service?: string;
  readonly node?: string;
  /** Kinds, separated by commas. */
  readonly kind?: string;
}

/** The newest entries of the history. */
export function historyPath(about: HistoryAbout): string {
  return `/v1/history?${new URLSearchParams({ ...about, limit: SHOWN_ENTRIES })}`;
}

/** How the instances of a service, or a node and what is on it, were over the last day. */
export function pastPath(about: { readonly service: string } | { readonly node: string }): string {
  return `/v1/history/health?${new URLSearchParams({ ...about })}`;
}

/** What has this text in its name. */
export function searchPath(text: string): string {
  return `/v1/internal/ui/search?${new URLSearchParams({ q: text })}`;
}
