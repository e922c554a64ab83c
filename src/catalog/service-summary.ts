/**
 * Every service in a line: how many instances, how they are, which tags they carry and where they run.
 *
 * The web page asks for this after every change, so lines are kept: a line is counted anew when the index of its service
 * has moved, and only then. What is left to do for all services is one look at each row's name.
 */
import type {
  AggregatedStatus,
  CheckStatus,
  ModifyIndex,
  NodeName,
  ServiceKind,
  ServiceName,
} from '../model/types.ts';
import { type Instance, select } from './select.ts';
import type { View } from './tables.ts';
import { serviceTopic, type TopicIndexes } from './topics.ts';

export interface ServiceSummary {
  readonly name: string;
  readonly kind: ServiceKind;
  readonly instanceCount: number;
  /** Distinct, in text order. */
  readonly tags: readonly string[];
  readonly nodes: readonly NodeName[];
  /** Checks that count, those of a node once for each instance on it. */
  readonly checks: Readonly<Record<CheckStatus, number>>;
  readonly instances: Readonly<Record<AggregatedStatus, number>>;
  /** The nodes by the worst state that an instance on them is in; each node once, in text order. */
  readonly nodesIn: Readonly<Record<AggregatedStatus, readonly NodeName[]>>;
  /** Where instances come from when other programs registered them (`external-source` in their metadata). */
  readonly externalSources: readonly string[];
  /** Services that instances of this one are mesh proxies of. */
  readonly proxyFor: readonly string[];
  readonly isConnectNative: boolean;
  readonly isTransparentProxy: boolean;
}

/** A line and the index of its service when it was counted. */
interface Line {
  readonly index: ModifyIndex;
  readonly summary: ServiceSummary;
}

const EXTERNAL_SOURCE = 'external-source';

function sourcesOf({ node, service }: Instance): readonly string[] {
  return [node.meta?.[EXTERNAL_SOURCE], service.meta?.[EXTERNAL_SOURCE]].filter(
    (source) => source !== undefined,
  );
}

/** The service that a mesh proxy speaks for; none for other instances. */
function destinationOf({ service: { kind, proxy } }: Instance): readonly string[] {
  const name = kind === 'connect-proxy' ? proxy?.['DestinationServiceName'] : undefined;
  return typeof name === 'string' && name !== '' ? [name] : [];
}

/** Worst first, as pages show it. */
const WORST_FIRST: readonly AggregatedStatus[] = ['critical', 'warning', 'maintenance', 'passing'];

function nodesByState(found: readonly Instance[], nodes: readonly NodeName[]): ServiceSummary['nodesIn'] {
  const rankOf = new Map<NodeName, number>();
  for (const { node, status } of found) {
    const rank = WORST_FIRST.indexOf(status);
    rankOf.set(node.name, Math.min(rank, rankOf.get(node.name) ?? rank));
  }
  const nodesIn = { passing: [], warning: [], critical: [], maintenance: [] } as Record<
    AggregatedStatus,
    NodeName[]
  >;
  for (const name of nodes) nodesIn[WORST_FIRST[rankOf.get(name) ?? 0] as AggregatedStatus].push(name);
  return nodesIn;
}

/** The line of one service, which has these instances. O(instances and their checks). */
function summarize(name: ServiceName, found: readonly Instance[]): ServiceSummary {
  const distinct = <Text extends string>(textsOf: (instance: Instance) => readonly Text[]): readonly Text[] =>
    [...new Set(found.flatMap(textsOf))].sort();
  const checks = { passing: 0, warning: 0, critical: 0 };
  const instances = { passing: 0, warning: 0, critical: 0, maintenance: 0 };
  const nodes = distinct(({ node }) => [node.name]);
  for (const instance of found) {
    for (const { status } of instance.checks) checks[status] += 1;
    instances[instance.status] += 1;
  }
  return {
    name,
    kind: found[0]?.service.kind ?? '',
    instanceCount: found.length,
    tags: distinct(({ service }) => service.tags),
    nodes,
    checks,
    instances,
    nodesIn: nodesByState(found, nodes),
    externalSources: distinct(sourcesOf),
    proxyFor: distinct(destinationOf),
    isConnectNative: found.some(({ service }) => service.connect?.['Native'] === true),
    isTransparentProxy: found.some(({ service }) => service.proxy?.['Mode'] === 'transparent'),
  };
}

/** A line for each service that these are instances of, by name. */
export function summariesOf(instances: readonly Instance[]): readonly ServiceSummary[] {
  const byName = Map.groupBy(instances, ({ service }) => service.name);
  return [...byName.keys()].sort().map((name) => summarize(name, byName.get(name) ?? []));
}

/** The line of one service of the catalog. */
function summaryOf(view: View, name: ServiceName): ServiceSummary {
  const known = select(view, name, { onlyPassing: false });
  return summarize(
    name,
    known.filter(({ service }) => service.name === name),
  );
}

export class ServiceSummaries {
  readonly #view: View;
  readonly #indexes: Pick<TopicIndexes, 'of'>;
  #lines: ReadonlyMap<ServiceName, Line> = new Map();

  constructor(view: View, indexes: Pick<TopicIndexes, 'of'>) {
    this.#view = view;
    this.#indexes = indexes;
  }

  /** All services by name; a line that says the same is the same object. O(instances) plus the sort. Never throws. */
  all(): readonly ServiceSummary[] {
    const names = new Set<ServiceName>();
    for (const { name } of this.#view.services.values()) names.add(name);
    this.#lines = new Map([...names].sort().map((name) => [name, this.#lineOf(name)]));
    return [...this.#lines.values()].map(({ summary }) => summary);
  }

  #lineOf(name: ServiceName): Line {
    const index = this.#indexes.of([serviceTopic(name)]);
    const known = this.#lines.get(name);
    return known?.index === index ? known : { index, summary: summaryOf(this.#view, name) };
  }
}
