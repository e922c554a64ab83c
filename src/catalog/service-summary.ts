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
import { aggregatedStatus } from './select.ts';
import { nodeKey, serviceKey, serviceNameKey, type View } from './tables.ts';
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
}

/** A line and the index of its service when it was counted. */
interface Line {
  readonly index: ModifyIndex;
  readonly summary: ServiceSummary;
}

/** The line of one service. O(instances and their checks). */
function summarize(view: View, name: ServiceName): ServiceSummary {
  const [tags, nodes] = [new Set<string>(), new Set<NodeName>()];
  const checks = { passing: 0, warning: 0, critical: 0 };
  const instances = { passing: 0, warning: 0, critical: 0, maintenance: 0 };
  const rows = [...view.services.by('name', serviceNameKey(name))].filter((row) => row.name === name);
  for (const service of rows) {
    const ofNode = view.checks.by('nodeItself', nodeKey(service.node));
    const counting = [...ofNode, ...view.checks.by('service', serviceKey(service.node, service.id))];
    for (const tag of service.tags) tags.add(tag);
    nodes.add(service.node);
    for (const { status } of counting) checks[status] += 1;
    instances[aggregatedStatus(counting)] += 1;
  }
  return {
    name,
    kind: rows[0]?.kind ?? '',
    instanceCount: rows.length,
    tags: [...tags].sort(),
    nodes: [...nodes].sort(),
    checks,
    instances,
  };
}

export class ServiceSummaries {
  readonly #view: View;
  readonly #indexes: TopicIndexes;
  #lines: ReadonlyMap<ServiceName, Line> = new Map();

  constructor(view: View, indexes: TopicIndexes) {
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
    return known?.index === index ? known : { index, summary: summarize(this.#view, name) };
  }
}
