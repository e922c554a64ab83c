/** The list of services: search, filter by health, tag and node, sort; worst first unless asked otherwise. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { SERVICES } from '../api/paths.ts';
import type { ServiceSummary, Status } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { useAsked } from '../app/asked.ts';
import { STATUS_ORDER } from '../app/status-order.ts';
import { Loading, PageHead, Refusal, Tags } from '../parts/basic.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Choice } from '../parts/field.tsx';
import { FilterBar, NoMatch, useQueryValue } from '../parts/filter-bar.tsx';
import { Icon } from '../parts/icon.tsx';
import {
  type Count,
  countsOfService,
  HealthBar,
  hasStatus,
  StatusMark,
  standingOf,
  standingRank,
  statusOfService,
} from '../parts/status.tsx';
import { byText, count, plural } from '../parts/text.ts';
import { FirstService, RegisterDialog } from './register.tsx';
import { LatestChanges } from './timeline.tsx';

function describe(counts: readonly Count[]): string {
  const said = counts
    .filter((entry) => entry.count > 0)
    .map((entry) => `${count(entry.count)} ${entry.status}`);
  return said.length === 0 ? 'no checks' : said.join(', ');
}

function compareHealth(a: ServiceSummary, b: ServiceSummary): number {
  return standingRank(standingOf(a)) - standingRank(standingOf(b)) || byText(a.Name, b.Name);
}

function ServiceName({ service }: { service: ServiceSummary }) {
  const { router } = useApp();
  const status = statusOfService(service);
  return (
    <a class="row-link" href={router.to(['services', service.Name])} title={service.Name}>
      <StatusMark status={status} />
      <span class="name">{service.Name}</span>
      <span class="unseen">{standingOf(service)}</span>
    </a>
  );
}

function Health({ service }: { service: ServiceSummary }) {
  const counts = countsOfService(service);
  const standing = standingOf(service);
  const isLost = standing === 'down' || standing === 'degraded';
  const text = isLost ? `${standing}: ${describe(counts)}` : describe(counts);
  return (
    <span class="health">
      <HealthBar counts={counts} label={text} />
      <span class="health-text">{text}</span>
    </span>
  );
}

const COLUMNS: readonly Column<ServiceSummary>[] = [
  {
    key: 'name',
    title: 'Service',
    cell: (row) => <ServiceName service={row} />,
    compare: (a, b) => byText(a.Name, b.Name),
  },
  { key: 'health', title: 'Health', cell: (row) => <Health service={row} />, compare: compareHealth },
  {
    key: 'instances',
    title: 'Instances',
    cell: (row) => count(row.InstanceCount),
    compare: (a, b) => a.InstanceCount - b.InstanceCount,
  },
  {
    key: 'nodes',
    title: 'Nodes',
    cell: (row) => count(row.Nodes?.length ?? 0),
    compare: (a, b) => (a.Nodes?.length ?? 0) - (b.Nodes?.length ?? 0),
  },
  { key: 'tags', title: 'Tags', cell: (row) => <Tags tags={row.Tags ?? []} limit={6} /> },
];

/** Distinct values in order, at most 500 of them: a choice that is longer helps nobody. */
function distinct(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].sort(byText).slice(0, 500);
}

interface Wanted {
  readonly text: string;
  readonly status: string;
  readonly tag: string;
  readonly node: string;
}

function isWanted(service: ServiceSummary, wanted: Wanted): boolean {
  const { text, status, tag, node } = wanted;
  if (status !== '' && !hasStatus(service, status as Status)) return false;
  if (tag !== '' && !service.Tags?.includes(tag)) return false;
  if (node !== '' && !service.Nodes?.includes(node)) return false;
  const isInTags = () => service.Tags?.some((own) => own.toLowerCase().includes(text)) ?? false;
  return text === '' || service.Name.toLowerCase().includes(text) || isInTags();
}

const options = (all: string, values: readonly string[]) =>
  [['', all] as const, ...values.map((value) => [value, value] as const)] as const;

function ServiceList({ services }: { services: readonly ServiceSummary[] }) {
  const [text] = useQueryValue('q');
  const [status, setStatus] = useQueryValue('status');
  const [tag, setTag] = useQueryValue('tag');
  const [node, setNode] = useQueryValue('node');
  const byHealth = useMemo(() => [...services].sort(compareHealth), [services]);
  const tags = useMemo(() => distinct(services.flatMap((service) => service.Tags ?? [])), [services]);
  const nodes = useMemo(() => distinct(services.flatMap((service) => service.Nodes ?? [])), [services]);
  const rows = useMemo(
    () => byHealth.filter((row) => isWanted(row, { text: text.trim().toLowerCase(), status, tag, node })),
    [byHealth, text, status, tag, node],
  );
  return (
    <>
      <FilterBar placeholder="Search name or tag" shown={rows.length} total={services.length}>
        <Choice
          label="Health"
          value={status}
          options={options('Health', STATUS_ORDER as readonly Status[])}
          onChange={setStatus}
        />
        <Choice label="Tag" value={tag} options={options('Tag', tags)} onChange={setTag} />
        <Choice label="Node" value={node} options={options('Node', nodes)} onChange={setNode} />
      </FilterBar>
      {rows.length === 0 ? (
        <NoMatch noun="service" />
      ) : (
        <DataTable name="services" label="Services" columns={COLUMNS} rows={rows} keyOf={(row) => row.Name} />
      )}
    </>
  );
}

export function ServicesPage() {
  const { data, error } = useLive<readonly ServiceSummary[]>(SERVICES);
  const isRegistering = useSignal(false);
  const [asked, forget] = useAsked(['register']);
  const [name, setName] = useQueryValue('name');
  const services = data.value;
  const own = services?.filter((service) => service.Name !== 'consul') ?? [];
  return (
    <>
      <PageHead
        title="Services"
        about={services ? `${plural(services.length, 'service')} known in this datacenter` : undefined}
      >
        <button type="button" class="primary" onClick={() => (isRegistering.value = true)}>
          <Icon name="plus" size={16} />
          Register
        </button>
      </PageHead>
      {!services && error.value && <Refusal error={error.value} what="the list of services" />}
      {!services && !error.value && <Loading what="services" />}
      {services && services.length > 0 && <ServiceList services={services} />}
      {services && own.length === 0 && <FirstService />}
      <LatestChanges kind="service" />
      {(isRegistering.value || asked !== '') && (
        <RegisterDialog
          key={name}
          name={asked === '' ? '' : name}
          onClose={() => {
            isRegistering.value = false;
            forget();
            setName('');
          }}
        />
      )}
    </>
  );
}
