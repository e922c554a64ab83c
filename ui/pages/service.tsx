/** One service: its instances with their checks, or what DNS answers for its name. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { apiPath } from '../api/client.ts';
import { SELF } from '../api/paths.ts';
import type { AgentSelf, HealthPast, InstanceShape } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { dashboardOf } from '../app/dashboard-link.ts';
import { rankOf, STATUS_ORDER } from '../app/status-order.ts';
import { Empty, Loading, PageHead, Refusal, Tags } from '../parts/basic.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { DetailsLink } from '../parts/details-link.tsx';
import { FilterBar, NoMatch, Segments, useQueryValue } from '../parts/filter-bar.tsx';
import { Icon } from '../parts/icon.tsx';
import { Split } from '../parts/inspector.tsx';
import { StatusMark, statusOfChecks } from '../parts/status.tsx';
import { byText, count, endpoint, plural } from '../parts/text.ts';
import { DnsAnswer } from './dns-answer.tsx';
import { InstanceInspector, instanceKey } from './instance.tsx';
import { PastCard, usePast, versionOfInstances } from './past.tsx';
import { RegisterDialog } from './register.tsx';
import { Timeline } from './timeline.tsx';

function InstanceName({ instance }: { instance: InstanceShape }) {
  const status = statusOfChecks(instance.Checks);
  return (
    <DetailsLink to={{ at: instanceKey(instance) }}>
      <StatusMark status={status} />
      <span class="name">{instance.Service.ID}</span>
      <span class="of">{instance.Node.Node}</span>
      <span class="unseen">{status}</span>
    </DetailsLink>
  );
}

/** The first bad check's first line, so that the reason stands in the list. */
function reason(instance: InstanceShape): string {
  const bad = instance.Checks.find((check) => check.Status !== 'passing');
  if (!bad)
    return instance.Checks.length === 0 ? 'no checks' : `${plural(instance.Checks.length, 'check')} passing`;
  return `${bad.Name}: ${bad.Output.trim() || bad.Notes || bad.Status}`;
}

function compareHealth(a: InstanceShape, b: InstanceShape): number {
  const byRank = rankOf(statusOfChecks(a.Checks)) - rankOf(statusOfChecks(b.Checks));
  return byRank || byText(a.Service.ID, b.Service.ID) || byText(a.Node.Node, b.Node.Node);
}

const addressOf = ({ Service, Node }: InstanceShape): string =>
  endpoint(Service.Address || Node.Address, Service.Port);

const COLUMNS: readonly Column<InstanceShape>[] = [
  {
    key: 'id',
    title: 'Instance',
    cell: (row) => <InstanceName instance={row} />,
    compare: (a, b) => byText(a.Service.ID, b.Service.ID),
  },
  {
    key: 'address',
    title: 'Address',
    cell: (row) => <span class="mono">{addressOf(row)}</span>,
    compare: (a, b) => byText(addressOf(a), addressOf(b)),
  },
  {
    key: 'node',
    title: 'Node',
    cell: (row) => row.Node.Node,
    compare: (a, b) => byText(a.Node.Node, b.Node.Node),
  },
  { key: 'tags', title: 'Tags', cell: (row) => <Tags tags={row.Service.Tags ?? []} limit={4} /> },
  { key: 'reason', title: 'State', cell: reason, compare: compareHealth },
];

function isWanted(instance: InstanceShape, text: string): boolean {
  const { Service, Node } = instance;
  const fields = [Service.ID, Node.Node, Service.Address, Node.Address, ...(Service.Tags ?? [])];
  return fields.some((field) => field.toLowerCase().includes(text));
}

/** `node/id` names an instance, `node/` the worst one on that node. */
function instanceAt(instances: readonly InstanceShape[], at: string): InstanceShape | undefined {
  if (!at.endsWith('/')) return instances.find((instance) => instanceKey(instance) === at);
  return instances.filter(({ Node }) => `${Node.Node}/` === at).sort(compareHealth)[0];
}

interface InstancesProps {
  readonly instances: readonly InstanceShape[];
  readonly past: HealthPast | undefined;
}

function Instances({ instances, past }: InstancesProps) {
  const { router } = useApp();
  const [text] = useQueryValue('q');
  const [at] = useQueryValue('at');
  const wanted = text.trim().toLowerCase();
  const rows = useMemo(
    () => instances.filter((instance) => isWanted(instance, wanted)).sort(compareHealth),
    [instances, wanted],
  );
  const selected = instanceAt(instances, at);
  const list = (
    <>
      <FilterBar
        placeholder="Search instance, node, address, tag"
        shown={rows.length}
        total={instances.length}
      />
      {rows.length === 0 ? (
        <NoMatch noun="instance" />
      ) : (
        <DataTable
          name="instances"
          label="Instances"
          columns={COLUMNS}
          rows={rows}
          keyOf={instanceKey}
          selected={selected ? instanceKey(selected) : ''}
        />
      )}
    </>
  );
  return (
    <Split
      list={list}
      inspector={
        selected && (
          <InstanceInspector
            key={at}
            instance={selected}
            past={past}
            onClose={() => router.closeDetails({ at: '' })}
          />
        )
      }
    />
  );
}

function tally(instances: readonly InstanceShape[]): string {
  const statuses = instances.map((instance) => statusOfChecks(instance.Checks));
  const parts = STATUS_ORDER.map(
    (status) => [statuses.filter((own) => own === status).length, status] as const,
  );
  const said = parts.filter(([number]) => number > 0).map(([number, status]) => `${count(number)} ${status}`);
  return `${plural(instances.length, 'instance')}: ${said.join(', ')}`;
}

function Gone({ name }: { name: string }) {
  const { router } = useApp();
  return (
    <Empty title={`No instance of ${name} is registered.`}>
      <p>
        It may have been deregistered a moment ago; the page stays here and shows it when it comes back. Or go
        to <a href={router.to(['services'])}>all services</a>.
      </p>
    </Empty>
  );
}

/** Where the agent's configuration says that the dashboard of the service is. */
function DashboardLink({ name }: { name: string }) {
  // The agent wrote it into index.html.
  const template = document.querySelector<HTMLMetaElement>('meta[name="dashboard-of-service"]')?.content;
  const self = useLive<AgentSelf>(SELF).data.value;
  const href = dashboardOf(template ?? '', name, self);
  if (href === undefined) return null;
  return (
    <a class="button" href={href} target="_blank" rel="noopener noreferrer">
      Dashboard
    </a>
  );
}

export function ServicePage({ name }: { name: string }) {
  const { router } = useApp();
  const { data, error } = useLive<readonly InstanceShape[]>(apiPath('health', 'service', name));
  const { domain } = useLines();
  const isRegistering = useSignal(false);
  const [tab, setTab] = useQueryValue('tab');
  const instances = data.value;
  const past = usePast({ service: name }, versionOfInstances(instances ?? []));
  return (
    <>
      <PageHead
        title={name}
        above={<a href={router.to(['services'])}>Services</a>}
        about={instances && instances.length > 0 ? tally(instances) : undefined}
      >
        <Segments
          label="View"
          value={tab}
          options={[
            ['', 'Instances'],
            ['dns', 'What DNS answers'],
          ]}
          onChange={setTab}
        />
        <DashboardLink name={name} />
        <button type="button" onClick={() => (isRegistering.value = true)}>
          <Icon name="plus" size={16} />
          Register
        </button>
      </PageHead>
      {!instances && error.value && <Refusal error={error.value} what="this service" />}
      {!instances && !error.value && <Loading what={name} />}
      {instances && tab === 'dns' && (
        <DnsAnswer name={`${name}.service.${domain}`} service={name} version={instances} />
      )}
      {instances && tab === '' && instances.length === 0 && <Gone name={name} />}
      {instances && tab === '' && instances.length > 0 && <Instances instances={instances} past={past} />}
      {instances && tab === '' && (
        <div class="below-list">
          <PastCard past={past} />
          <Timeline title="What changed here" service={name} />
        </div>
      )}
      {isRegistering.value && <RegisterDialog name={name} onClose={() => (isRegistering.value = false)} />}
    </>
  );
}
