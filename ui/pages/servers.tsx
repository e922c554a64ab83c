/** The servers that hold the catalog together: who leads, who is well, how far each is behind. */
import { PEERS, SELF, SERVERS } from '../api/paths.ts';
import type { AgentSelf, RaftPeers, ServerShape, ServersState, Status } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { rankOf } from '../app/status-order.ts';
import { Ago, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { StatusMark } from '../parts/status.tsx';
import { byText, contact, count, plural } from '../parts/text.ts';
import { LatestChanges } from './timeline.tsx';

/** These answers cannot be waited on. */
const EVERY_MS = 2_000;

interface ServerRow {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly role: string;
  readonly status: Status;
  /** What is wrong, in words; '' for one that is well. */
  readonly trouble: string;
  /** Writes that its copy is behind the leader's; undefined: not known. */
  readonly behind: number | undefined;
  readonly server: ServerShape | undefined;
}

const ROLES: Readonly<Record<string, string>> = {
  leader: 'leads',
  voter: 'follows',
  'non-voter': 'catches up',
};

function statusOf({ Healthy, NodeStatus }: ServerShape): Status {
  if (NodeStatus !== 'alive') return 'critical';
  return Healthy ? 'passing' : 'warning';
}

function troubleOf(server: ServerShape, leaderIndex: number): string {
  if (server.NodeStatus !== 'alive') return server.NodeStatus;
  if (server.Healthy) return '';
  if (server.LastTerm === 0) return 'does not answer';
  if (server.LastIndex < leaderIndex) return 'behind, or hears the leader too seldom';
  return 'hears the leader too seldom';
}

function rowsOf({ Servers, Leader }: ServersState): readonly ServerRow[] {
  const leaderIndex = Servers[Leader]?.LastIndex ?? 0;
  return Object.values(Servers).map((server) => ({
    id: server.ID,
    name: server.Name,
    address: server.Address,
    role: ROLES[server.Status] ?? server.Status,
    status: statusOf(server),
    trouble: troubleOf(server, leaderIndex),
    behind: server.LastTerm === 0 ? undefined : Math.max(leaderIndex - server.LastIndex, 0),
    server,
  }));
}

/** What is known of them when nobody can say how they are. */
function rowsOfPeers({ Servers }: RaftPeers): readonly ServerRow[] {
  return Servers.map(({ ID, Node, Address, Voter }) => ({
    id: ID,
    name: Node,
    address: Address,
    role: Voter ? 'votes' : 'catches up',
    status: 'warning',
    trouble: 'unknown while nobody leads',
    behind: undefined,
    server: undefined,
  }));
}

function ServerName({ row }: { row: ServerRow }) {
  const { router } = useApp();
  return (
    <a class="row-link" href={router.to(['nodes', row.name])}>
      <StatusMark status={row.status} />
      <span class="name">{row.name}</span>
      <span class="unseen">{row.status}</span>
    </a>
  );
}

function State({ row }: { row: ServerRow }) {
  if (row.trouble !== '') return <>{row.trouble}</>;
  const since = row.server === undefined ? 0 : Date.parse(row.server.StableSince);
  return <>well {since > 0 && <Ago ms={since} isLasting />}</>;
}

function behindText({ behind, server }: ServerRow): string {
  if (behind === undefined || server?.Status === 'leader') return '';
  return behind === 0 ? 'up to date' : `${plural(behind, 'write')} behind`;
}

const byHealth = (a: ServerRow, b: ServerRow): number =>
  rankOf(a.status) - rankOf(b.status) || byText(a.name, b.name);

const COLUMNS: readonly Column<ServerRow>[] = [
  {
    key: 'name',
    title: 'Server',
    cell: (row) => <ServerName row={row} />,
    compare: (a, b) => byText(a.name, b.name),
  },
  { key: 'role', title: 'Role', cell: (row) => row.role, compare: (a, b) => byText(a.role, b.role) },
  { key: 'state', title: 'State', cell: (row) => <State row={row} />, compare: byHealth },
  {
    key: 'behind',
    title: 'Copy',
    cell: behindText,
    compare: (a, b) => (a.behind ?? Infinity) - (b.behind ?? Infinity),
  },
  {
    key: 'contact',
    title: 'Heard the leader',
    cell: ({ server }) => (server && server.Status !== 'leader' ? contact(server.LastContact) : ''),
  },
  {
    key: 'address',
    title: 'Address',
    cell: (row) => <span class="mono">{row.address}</span>,
    compare: (a, b) => byText(a.address, b.address),
  },
];

function headline(rows: readonly ServerRow[]): string {
  const bad = rows.filter(({ status }) => status !== 'passing').length;
  if (bad > 0)
    return `${count(bad)} of ${plural(rows.length, 'server')} ${bad === 1 ? 'is' : 'are'} not well`;
  return rows.length === 1 ? 'One server' : `All ${count(rows.length)} servers are well`;
}

function toleranceText({ Servers, FailureTolerance }: ServersState): string {
  if (Object.keys(Servers).length === 1) return 'it holds the catalog alone';
  if (FailureTolerance === 0) return 'if one more is lost, nothing can be written';
  return `${count(FailureTolerance)} may be lost without harm`;
}

function Table({ rows }: { rows: readonly ServerRow[] }) {
  const sorted = [...rows].sort(byHealth);
  return <DataTable name="servers" label="Servers" columns={COLUMNS} rows={sorted} keyOf={(row) => row.id} />;
}

function Led({ state }: { state: ServersState }) {
  const rows = rowsOf(state);
  const leader = state.Servers[state.Leader]?.Name;
  return (
    <>
      <PageHead
        title={headline(rows)}
        about={`${leader === undefined ? '' : `${leader} leads; `}${toleranceText(state)}`}
      />
      <Table rows={rows} />
      <LatestChanges kind="leader,member,setting" />
    </>
  );
}

/** Nobody leads: what one server knows by itself. */
function Unled() {
  const peers = useLive<RaftPeers>(PEERS, EVERY_MS).data.value;
  const since = useLive<AgentSelf>(SELF, EVERY_MS).data.value?.Stats?.['raft']?.['last_contact'];
  return (
    <>
      <PageHead
        title="No server leads at the moment"
        about={`Names are answered from memory; nothing can be written until a majority of the servers is up.${
          since === undefined ? '' : ` A leader was heard ${contact(since)} ago.`
        }`}
      />
      {peers && <Table rows={rowsOfPeers(peers)} />}
    </>
  );
}

export function ServersPage() {
  const { data, error } = useLive<ServersState>(SERVERS, EVERY_MS);
  if (error.value?.message.includes('No cluster leader')) return <Unled />;
  if (data.value) return <Led state={data.value} />;
  return (
    <>
      <PageHead title="Servers" />
      {error.value ? <Refusal error={error.value} what="the servers" /> : <Loading what="servers" />}
    </>
  );
}
