/** The list of nodes: address, health of the node and of what runs on it, how many services run there. */
import { useMemo } from 'preact/hooks';
import { HEALTH_MAP, NODE_CHECKS, NODES } from '../api/paths.ts';
import type { CheckShape, HealthMapLine, NodeShape, Status } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { loadByNode, type NodeLoad } from '../app/heat-map.ts';
import { rankOf } from '../app/status-order.ts';
import { Loading, PageHead, Refusal, Tags } from '../parts/basic.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { FilterBar, NoMatch, useQueryValue } from '../parts/filter-bar.tsx';
import { StatusMark, statusOfChecks } from '../parts/status.tsx';
import { byText, count, firstLine, plural } from '../parts/text.ts';
import { LatestChanges } from './timeline.tsx';

interface NodeRow {
  readonly node: NodeShape;
  readonly status: Status;
  readonly reason: string;
  readonly serviceCount: number;
}

function groupByNode(checks: readonly CheckShape[]): ReadonlyMap<string, readonly CheckShape[]> {
  return Map.groupBy(checks, (check) => check.Node);
}

/** Services that are named; the others are counted. */
const NAMED_SERVICES = 3;

/** "api, export and 2 more critical": what on a node is worse than the node itself. */
function loadReason({ status, services }: NodeLoad): string {
  const more = services.length - NAMED_SERVICES;
  const named = services.slice(0, NAMED_SERVICES).join(', ');
  return `${named}${more > 0 ? ` and ${count(more)} more` : ''} ${status}`;
}

function reasonOf(checks: readonly CheckShape[], load: NodeLoad | undefined): string {
  const bad = checks.find((check) => check.Status !== 'passing');
  const said = bad && `${bad.Name}: ${firstLine(bad.Output) || bad.Notes || bad.Status}`;
  const isWorse = load !== undefined && rankOf(load.status) < rankOf(statusOfChecks(checks));
  if (isWorse) return [loadReason(load), said].filter(Boolean).join('; ');
  return said ?? (checks.length === 0 ? 'no checks' : `${plural(checks.length, 'check')} passing`);
}

/** A node is as healthy as it is itself and as the worst that runs on it. */
function rowOf(node: NodeShape, checks: readonly CheckShape[], load: NodeLoad | undefined): NodeRow {
  const own = statusOfChecks(checks);
  const status = load !== undefined && rankOf(load.status) < rankOf(own) ? load.status : own;
  return { node, status, reason: reasonOf(checks, load), serviceCount: load?.count ?? 0 };
}

function NodeName({ row }: { row: NodeRow }) {
  const { router } = useApp();
  return (
    <a class="row-link" href={router.to(['nodes', row.node.Node])}>
      <StatusMark status={row.status} />
      <span class="name">{row.node.Node}</span>
      <span class="unseen">{row.status}</span>
    </a>
  );
}

const compareHealth = (a: NodeRow, b: NodeRow): number =>
  rankOf(a.status) - rankOf(b.status) || byText(a.node.Node, b.node.Node);

const COLUMNS: readonly Column<NodeRow>[] = [
  {
    key: 'name',
    title: 'Node',
    cell: (row) => <NodeName row={row} />,
    compare: (a, b) => byText(a.node.Node, b.node.Node),
  },
  {
    key: 'address',
    title: 'Address',
    cell: (row) => <span class="mono">{row.node.Address}</span>,
    compare: (a, b) => byText(a.node.Address, b.node.Address),
  },
  {
    key: 'services',
    title: 'Services',
    cell: (row) => count(row.serviceCount),
    compare: (a, b) => a.serviceCount - b.serviceCount,
  },
  { key: 'reason', title: 'State', cell: (row) => row.reason, compare: compareHealth },
  {
    key: 'meta',
    title: 'Meta',
    cell: (row) => (
      <Tags tags={Object.entries(row.node.Meta ?? {}).map(([name, value]) => `${name}=${value}`)} limit={3} />
    ),
  },
];

function isWanted({ node }: NodeRow, text: string): boolean {
  const meta = Object.entries(node.Meta ?? {}).map((pair) => pair.join('='));
  return [node.Node, node.Address, ...meta].some((field) => field.toLowerCase().includes(text));
}

function NodeList({ nodes }: { nodes: readonly NodeShape[] }) {
  const [text] = useQueryValue('q');
  const checks = useLive<readonly CheckShape[]>(NODE_CHECKS).data.value;
  const lines = useLive<readonly HealthMapLine[]>(HEALTH_MAP).data.value;
  const all = useMemo(() => {
    const checksOf = groupByNode(checks ?? []);
    const loads = loadByNode(lines ?? []);
    const rows = nodes.map((node) => rowOf(node, checksOf.get(node.Node) ?? [], loads.get(node.Node)));
    return rows.sort(compareHealth);
  }, [nodes, checks, lines]);
  const wanted = text.trim().toLowerCase();
  const rows = useMemo(() => all.filter((row) => isWanted(row, wanted)), [all, wanted]);
  return (
    <>
      <FilterBar placeholder="Search name, address, meta" shown={rows.length} total={all.length} />
      {rows.length === 0 ? (
        <NoMatch noun="node" />
      ) : (
        <DataTable name="nodes" label="Nodes" columns={COLUMNS} rows={rows} keyOf={(row) => row.node.Node} />
      )}
    </>
  );
}

export function NodesPage() {
  const { data, error } = useLive<readonly NodeShape[]>(NODES);
  const nodes = data.value;
  return (
    <>
      <PageHead title="Nodes" about={nodes && `${plural(nodes.length, 'node')} in this datacenter`} />
      {!nodes && error.value && <Refusal error={error.value} what="the list of nodes" />}
      {!nodes && !error.value && <Loading what="nodes" />}
      {nodes && <NodeList nodes={nodes} />}
      <LatestChanges kind="node,member,maintenance" />
    </>
  );
}
