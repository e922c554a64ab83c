/**
 * Services and nodes as a matrix of states, out of `/v1/internal/ui/health-map`: order, choice, counts. Pure.
 *
 * Sparse: a service keeps only the nodes that it is on, so that a thousand nodes cost nothing where it is not.
 */
import type { HealthMapLine, Status } from '../api/shapes.ts';
import { rankOf, STATUS_ORDER } from '../app/status-order.ts';

import { byText } from '../parts/text.ts';

export interface HeatRow {
  readonly service: string;
  /** State by the place of the node in `nodes`. */
  readonly cells: ReadonlyMap<number, Status>;
}

export interface HeatMap {
  readonly rows: readonly HeatRow[];
  readonly nodes: readonly string[];
}

/** One place of the map. */
export interface HeatPair {
  readonly service: string;
  readonly node: string;
  readonly status: Status;
}

const FIELDS = {
  critical: 'Critical',
  warning: 'Warning',
  maintenance: 'Maintenance',
  passing: 'Passing',
} as const;

const nodesIn = (line: HealthMapLine, status: Status): readonly string[] => line[FIELDS[status]] ?? [];

/** Every service on every node, in the order of the lines. */
export function pairsOf(lines: readonly HealthMapLine[]): readonly HeatPair[] {
  return lines.flatMap((line) =>
    STATUS_ORDER.flatMap((status) =>
      nodesIn(line, status).map((node): HeatPair => ({ service: line.Name, node, status })),
    ),
  );
}

export function countPairs(lines: readonly HealthMapLine[]): ReadonlyMap<Status, number> {
  return new Map(
    STATUS_ORDER.map((status) => [
      status,
      lines.reduce((sum, line) => sum + nodesIn(line, status).length, 0),
    ]),
  );
}

/** How bad it stands: the share of places in each bad state, the worst state first. */
function badness(counts: ReadonlyMap<Status, number>): readonly number[] {
  const all = Math.max(
    [...counts.values()].reduce((sum, value) => sum + value, 0),
    1,
  );
  return STATUS_ORDER.slice(0, -1).map((status) => (counts.get(status) ?? 0) / all);
}

function compareBadness(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) if (value !== b[at]) return (b[at] ?? 0) - value;
  return 0;
}

function worstFirst(
  names: Iterable<string>,
  countsOf: (name: string) => ReadonlyMap<Status, number>,
): string[] {
  const keyed = Array.from(names, (name) => ({ name, key: badness(countsOf(name)) }));
  return keyed.sort((a, b) => compareBadness(a.key, b.key) || byText(a.name, b.name)).map(({ name }) => name);
}

/** The pairs whose service or node has the text in its name. */
export function selectPairs(pairs: readonly HeatPair[], text: string): readonly HeatPair[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return pairs;
  return pairs.filter(
    ({ service, node }) => service.toLowerCase().includes(wanted) || node.toLowerCase().includes(wanted),
  );
}

/** The matrix of these pairs; what stands worst comes first, or names in their order. */
export function heatMap(pairs: readonly HeatPair[], order: 'worst' | 'name'): HeatMap {
  const countsBy = (by: 'service' | 'node') => {
    const counts = new Map<string, Map<Status, number>>();
    for (const pair of pairs) {
      const own = counts.get(pair[by]) ?? new Map<Status, number>();
      counts.set(pair[by], own.set(pair.status, (own.get(pair.status) ?? 0) + 1));
    }
    return counts;
  };
  const sorted = (by: 'service' | 'node'): string[] => {
    const counts = countsBy(by);
    return order === 'name'
      ? [...counts.keys()].sort(byText)
      : worstFirst(counts.keys(), (name) => counts.get(name) ?? new Map());
  };
  const nodes = sorted('node');
  const placeOf = new Map(nodes.map((node, at) => [node, at]));
  const cells = new Map(sorted('service').map((service) => [service, new Map<number, Status>()]));
  for (const { service, node, status } of pairs) cells.get(service)?.set(placeOf.get(node) ?? 0, status);
  return { rows: Array.from(cells, ([service, own]) => ({ service, cells: own })), nodes };
}

/** The worst state of what runs on each node, and which services are in it. */
export interface NodeLoad {
  readonly status: Status;
  readonly services: readonly string[];
  readonly count: number;
}

export function loadByNode(lines: readonly HealthMapLine[]): ReadonlyMap<string, NodeLoad> {
  const found = new Map<string, { status: Status; services: string[]; count: number }>();
  for (const { service, node, status } of pairsOf(lines)) {
    const own = found.get(node) ?? { status: 'passing', services: [], count: 0 };
    found.set(node, own);
    own.count += 1;
    if (rankOf(status) < rankOf(own.status)) {
      own.status = status;
      own.services = [];
    }
    if (status === own.status && status !== 'passing') own.services.push(service);
  }
  return found;
}

/** The next place that is not passing, row by row, from behind `from`; around the end to the beginning. */
export function nextBad(
  { rows }: HeatMap,
  from: { readonly row: number; readonly column: number },
): { readonly row: number; readonly column: number } | undefined {
  for (let step = 0; step <= rows.length; step++) {
    const row = (from.row + step) % rows.length;
    const columns = [...(rows[row]?.cells ?? [])]
      .filter(([column, status]) => status !== 'passing' && (step > 0 || column > from.column))
      .map(([column]) => column);
    if (columns.length > 0) return { row, column: Math.min(...columns) };
  }
  return undefined;
}
