/** All checks, failing first, with their latest results as a strip where this agent runs them. */
import { useMemo } from 'preact/hooks';
import type { CheckShape, Status } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { rankOf, STATUS_ORDER } from '../app/status-order.ts';
import { Empty, Facts, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { CheckOwner, CheckView, Strip, useHistory } from '../parts/check-view.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { DetailsLink } from '../parts/details-link.tsx';
import { Choice } from '../parts/field.tsx';
import { FilterBar, NoMatch, useQueryValue } from '../parts/filter-bar.tsx';
import { Inspector, Split } from '../parts/inspector.tsx';
import { StatusMark, statusOfCheck } from '../parts/status.tsx';
import { byText, count, firstLine, latency } from '../parts/text.ts';
import { LatestChanges } from './timeline.tsx';

const ALL_CHECKS = '/v1/health/state/any';

const checkKey = (check: CheckShape): string => `${check.Node}/${check.CheckID}`;

function compareHealth(a: CheckShape, b: CheckShape): number {
  const byRank = rankOf(statusOfCheck(a)) - rankOf(statusOfCheck(b));
  return byRank || byText(a.Name, b.Name) || byText(checkKey(a), checkKey(b));
}

function CheckName({ check }: { check: CheckShape }) {
  const status = statusOfCheck(check);
  return (
    <DetailsLink to={{ at: checkKey(check) }}>
      <StatusMark status={status} />
      <span class="name">{check.Name || check.CheckID}</span>
      <span class="of">{check.ServiceID || check.Node}</span>
      <span class="unseen">{status}</span>
    </DetailsLink>
  );
}

function History({ check }: { check: CheckShape }) {
  const results = useHistory(check)?.Results ?? [];
  const last = results[0]?.DurationMs ?? 0;
  if (results.length === 0) return null;
  return (
    <span class="history">
      <Strip results={results} />
      {last > 0 && <span class="duration">{latency(last)}</span>}
    </span>
  );
}

const COLUMNS: readonly Column<CheckShape>[] = [
  {
    key: 'name',
    title: 'Check',
    cell: (row) => <CheckName check={row} />,
    compare: (a, b) => byText(a.Name, b.Name),
  },
  {
    key: 'owner',
    title: 'Belongs to',
    cell: (row) => row.ServiceID || row.Node,
    compare: (a, b) => byText(a.ServiceID || a.Node, b.ServiceID || b.Node),
  },
  { key: 'node', title: 'Node', cell: (row) => row.Node, compare: (a, b) => byText(a.Node, b.Node) },
  { key: 'output', title: 'Output', cell: (row) => firstLine(row.Output) || row.Notes },
  { key: 'history', title: 'Latest', cell: (row) => <History check={row} /> },
];

function isWanted(check: CheckShape, text: string, status: string): boolean {
  if (status !== '' && statusOfCheck(check) !== status) return false;
  const fields = [check.Name, check.CheckID, check.ServiceID, check.ServiceName, check.Node, check.Output];
  return fields.some((field) => field.toLowerCase().includes(text));
}

function CheckInspector({ check, onClose }: { check: CheckShape; onClose: () => void }) {
  const { router } = useApp();
  return (
    <Inspector title={check.Name || check.CheckID} label={`Check ${check.Name}`} onClose={onClose}>
      <Facts
        facts={[
          ['of', <CheckOwner key="owner" check={check} />],
          [
            'service',
            check.ServiceName && (
              <a key="service" href={router.to(['services', check.ServiceName])}>
                {check.ServiceName}
              </a>
            ),
          ],
          [
            'node',
            <a key="node" href={router.to(['nodes', check.Node])}>
              {check.Node}
            </a>,
          ],
          [
            'id',
            <span key="id" class="mono">
              {check.CheckID}
            </span>,
          ],
        ]}
      />
      <CheckView check={check} />
    </Inspector>
  );
}

const STATUS_OPTIONS = [
  ['', 'State'] as const,
  ...STATUS_ORDER.map((status) => [status, status] as const),
] as const;

function tally(checks: readonly CheckShape[]): string {
  const counts = new Map<Status, number>();
  for (const check of checks) counts.set(statusOfCheck(check), (counts.get(statusOfCheck(check)) ?? 0) + 1);
  const said = STATUS_ORDER.filter((status) => counts.has(status));
  return said.map((status) => `${count(counts.get(status) ?? 0)} ${status}`).join(', ');
}

function CheckList({ checks }: { checks: readonly CheckShape[] }) {
  const { router } = useApp();
  const [text] = useQueryValue('q');
  const [status, setStatus] = useQueryValue('status');
  const [at] = useQueryValue('at');
  const byHealth = useMemo(() => [...checks].sort(compareHealth), [checks]);
  const wanted = text.trim().toLowerCase();
  const rows = useMemo(
    () => byHealth.filter((check) => isWanted(check, wanted, status)),
    [byHealth, wanted, status],
  );
  const selected = at === '' ? undefined : checks.find((check) => checkKey(check) === at);
  const list = (
    <>
      <FilterBar placeholder="Search check, service, node, output" shown={rows.length} total={checks.length}>
        <Choice label="State" value={status} options={STATUS_OPTIONS} onChange={setStatus} />
      </FilterBar>
      {rows.length === 0 ? (
        <NoMatch noun="check" />
      ) : (
        <DataTable
          name="checks"
          label="Checks"
          columns={COLUMNS}
          rows={rows}
          keyOf={checkKey}
          selected={at}
        />
      )}
    </>
  );
  const close = () => router.closeDetails({ at: '' });
  return (
    <Split list={list} inspector={selected && <CheckInspector key={at} check={selected} onClose={close} />} />
  );
}

export function ChecksPage() {
  const { data, error } = useLive<readonly CheckShape[]>(ALL_CHECKS);
  const checks = data.value;
  return (
    <>
      <PageHead title="Checks" about={checks && tally(checks)} />
      {!checks && error.value && <Refusal error={error.value} what="the list of checks" />}
      {!checks && !error.value && <Loading what="checks" />}
      {checks && checks.length > 0 && <CheckList checks={checks} />}
      {checks?.length === 0 && (
        <Empty title="There are no checks yet.">
          <p>A check is what takes an instance out of DNS while it is ill. Register a service with one.</p>
        </Empty>
      )}
      <LatestChanges kind="check,maintenance" />
    </>
  );
}
