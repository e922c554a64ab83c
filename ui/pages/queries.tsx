/** Prepared queries: list, create, run, explain, edit, delete. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { QueryShape } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Empty, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { Command } from '../parts/command.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { DetailsLink } from '../parts/details-link.tsx';
import { FilterBar, NoMatch, useQueryValue } from '../parts/filter-bar.tsx';
import { Icon } from '../parts/icon.tsx';
import { Split } from '../parts/inspector.tsx';
import { byText } from '../parts/text.ts';
import { QueryDialog } from './query-form.tsx';
import { QueryInspector, queryTitle } from './query-inspector.tsx';
import { LatestChanges } from './timeline.tsx';

function QueryName({ query }: { query: QueryShape }) {
  return (
    <DetailsLink to={{ at: query.ID }}>
      <span class="name">{queryTitle(query)}</span>
    </DetailsLink>
  );
}

const COLUMNS: readonly Column<QueryShape>[] = [
  {
    key: 'name',
    title: 'Query',
    cell: (row) => <QueryName query={row} />,
    compare: (a, b) => byText(queryTitle(a), queryTitle(b)),
  },
  {
    key: 'service',
    title: 'Service',
    cell: (row) => row.Service.Service,
    compare: (a, b) => byText(a.Service.Service, b.Service.Service),
  },
  {
    key: 'policy',
    title: 'Answers with',
    cell: (row) => {
      const tags = row.Service.Tags ?? [];
      const health = row.Service.OnlyPassing ? 'passing only' : 'passing and warning';
      return tags.length === 0 ? health : `${health}, tags ${tags.join(', ')}`;
    },
  },
  { key: 'id', title: 'Id', cell: (row) => <span class="mono">{row.ID.slice(0, 8)}</span> },
];

function FirstQuery() {
  const { dig, domain } = useLines();
  return (
    <Empty title="No prepared queries yet.">
      <p>
        A prepared query is a name for “this service, these tags, else that datacenter”, kept by the server.
        Programs ask for it like for a service:
      </p>
      <Command label="ask for a query with dig" text={dig(`NAME.query.${domain}`, 'SRV')} />
    </Empty>
  );
}

function QueryList({ queries }: { queries: readonly QueryShape[] }) {
  const { router } = useApp();
  const [text] = useQueryValue('q');
  const [at] = useQueryValue('at');
  const wanted = text.trim().toLowerCase();
  const rows = useMemo(
    () =>
      queries
        .filter((query) =>
          `${query.Name} ${query.ID} ${query.Service.Service}`.toLowerCase().includes(wanted),
        )
        .sort((a, b) => byText(queryTitle(a), queryTitle(b))),
    [queries, wanted],
  );
  const selected = queries.find((query) => query.ID === at);
  const close = () => router.closeDetails({ at: '' });
  return (
    <Split
      list={
        <>
          <FilterBar placeholder="Search name, id, service" shown={rows.length} total={queries.length} />
          {rows.length === 0 ? (
            <NoMatch noun="query" />
          ) : (
            <DataTable
              name="queries"
              label="Prepared queries"
              columns={COLUMNS}
              rows={rows}
              keyOf={(row) => row.ID}
              selected={at}
            />
          )}
        </>
      }
      inspector={selected && <QueryInspector key={at} query={selected} onClose={close} />}
    />
  );
}

export function QueriesPage() {
  const { data, error } = useLive<readonly QueryShape[]>('/v1/query', 5_000);
  const isCreating = useSignal(false);
  const { domain } = useLines();
  const queries = data.value;
  return (
    <>
      <PageHead
        title="Prepared queries"
        about={`Services by rules of your own, asked for as NAME.query.${domain}.`}
      >
        <button type="button" class="primary" onClick={() => (isCreating.value = true)}>
          <Icon name="plus" size={16} />
          Create
        </button>
      </PageHead>
      {!queries && error.value && <Refusal error={error.value} what="prepared queries" />}
      {!queries && !error.value && <Loading what="queries" />}
      {queries?.length === 0 && <FirstQuery />}
      {queries && queries.length > 0 && <QueryList queries={queries} />}
      <LatestChanges kind="query" />
      {isCreating.value && <QueryDialog onClose={() => (isCreating.value = false)} />}
    </>
  );
}
