/** One node: what runs there, its own checks, meta, maintenance, and the sessions that live on it. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { ApiError, apiPath } from '../api/client.ts';
import { SELF } from '../api/paths.ts';
import type { AgentSelf, CheckShape, NodeServices, ServiceShape, Status } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useAction, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { useAsked } from '../app/asked.ts';
import { rankOf } from '../app/status-order.ts';
import { Card, Empty, Facts, Loading, PageHead, Refusal, Tags } from '../parts/basic.tsx';
import { CheckView } from '../parts/check-view.tsx';
import { Commands } from '../parts/command.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Confirm, Dialog, DialogForm } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { isMaintenance, StatusMark, StatusWord, statusOfChecks } from '../parts/status.tsx';
import { byText, endpoint, plural } from '../parts/text.ts';
import { DrainDialog, DrainNote } from './drain.tsx';
import { PastCard, usePast } from './past.tsx';
import { Sessions } from './sessions.tsx';
import { Timeline } from './timeline.tsx';

interface Row {
  readonly node: string;
  readonly service: ServiceShape;
  readonly status: Status;
  readonly address: string;
}

function InstanceName({ row }: { row: Row }) {
  const { router } = useApp();
  const { service, node, status } = row;
  return (
    <a class="row-link" href={router.to(['services', service.Service], { at: `${node}/${service.ID}` })}>
      <StatusMark status={status} />
      <span class="name">{service.ID}</span>
      <span class="unseen">{status}</span>
    </a>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  {
    key: 'id',
    title: 'Instance',
    cell: (row) => <InstanceName row={row} />,
    compare: (a, b) => byText(a.service.ID, b.service.ID),
  },
  {
    key: 'service',
    title: 'Service',
    cell: (row) => row.service.Service,
    compare: (a, b) => byText(a.service.Service, b.service.Service),
  },
  { key: 'address', title: 'Address', cell: (row) => <span class="mono">{row.address}</span> },
  { key: 'tags', title: 'Tags', cell: (row) => <Tags tags={row.service.Tags ?? []} limit={4} /> },
];

function rowsOf(document: NodeServices, checks: readonly CheckShape[]): readonly Row[] {
  const ofService = Map.groupBy(checks, (check) => check.ServiceID);
  const own = ofService.get('') ?? [];
  const { Node, Services } = document;
  const rows = (Services ?? []).map((service): Row => {
    const status = statusOfChecks([...own, ...(ofService.get(service.ID) ?? [])]);
    return {
      node: Node.Node,
      service,
      status,
      address: endpoint(service.Address || Node.Address, service.Port),
    };
  });
  return rows.sort((a, b) => rankOf(a.status) - rankOf(b.status) || byText(a.service.ID, b.service.ID));
}

function NodeMaintenance({ isOn, onClose }: { isOn: boolean; onClose: () => void }) {
  const { api } = useApp();
  const action = useAction();
  const reason = useSignal('');
  const put = (query: Record<string, string>) =>
    api.send('PUT', `/v1/agent/maintenance?${new URLSearchParams(query)}`);
  if (isOn)
    return (
      <Confirm
        title="End maintenance of this node?"
        verb="End maintenance"
        done="The node is no longer in maintenance."
        work={() => put({ enable: 'false' })}
        onClose={onClose}
      >
        <p>Its services are answered again as their checks say.</p>
      </Confirm>
    );
  const submit = async () => {
    const work = () => put({ enable: 'true', reason: reason.value });
    if (await action.run(work, 'The node is in maintenance.')) onClose();
  };
  return (
    <Dialog title="Take this node out for maintenance?" onClose={onClose}>
      <p>DNS leaves out every service on it until maintenance ends. Nothing is stopped.</p>
      <DialogForm action={action} verb="Start maintenance" onSubmit={() => void submit()} onCancel={onClose}>
        <TextField label="Reason" value={reason} hint="Shown with each of its services." />
      </DialogForm>
    </Dialog>
  );
}

interface DeregisterProps {
  readonly name: string;
  readonly services: readonly ServiceShape[];
  readonly onClose: () => void;
}

function DeregisterNode({ name, services, onClose }: DeregisterProps) {
  const { api, router } = useApp();
  return (
    <Confirm
      title={`Deregister the node ${name}?`}
      verb="Deregister"
      isDanger
      done={`Deregistered ${name}.`}
      work={() => api.send('PUT', '/v1/catalog/deregister', { Node: name })}
      onClose={onClose}
      onDone={() => router.go(router.to(['nodes']))}
    >
      <p>
        It goes with its checks, its sessions and {plural(services.length, 'instance')}; DNS and the API stop
        answering with them at once. If another agent runs that node, it will put itself back.
      </p>
    </Confirm>
  );
}

interface StateProps {
  /** By its own checks. */
  readonly own: Status;
  readonly rows: readonly Row[];
}

/** As healthy as the node is itself and as the worst that runs on it, and which that is. */
function State({ own, rows }: StateProps) {
  const { router } = useApp();
  const worst = rows[0]?.status ?? 'passing';
  const isWorse = rankOf(worst) < rankOf(own);
  const bad = isWorse ? rows.filter(({ status }) => status === worst) : [];
  return (
    <>
      <StatusWord status={isWorse ? worst : own} />
      {bad.length > 0 && (
        <span class="because">
          {' '}
          because of{' '}
          {bad.slice(0, NAMED).map(({ service, node }, at) => (
            <span key={service.ID}>
              {at > 0 && ', '}
              <a href={router.to(['services', service.Service], { at: `${node}/${service.ID}` })}>
                {service.ID}
              </a>
            </span>
          ))}
          {bad.length > NAMED && ` and ${plural(bad.length - NAMED, 'other')}`}
        </span>
      )}
    </>
  );
}

/** Instances that are named as the reason; the others are counted. */
const NAMED = 4;

function NodeFacts({ document, ...state }: StateProps & { readonly document: NodeServices }) {
  const { Node } = document;
  const { dig, curl, domain } = useLines();
  const facts = [
    ['state', <State key="state" {...state} />],
    [
      'address',
      <span key="address" class="mono">
        {Node.Address}
      </span>,
    ],
    [
      'id',
      Node.ID && (
        <span key="id" class="mono">
          {Node.ID}
        </span>
      ),
    ],
    ['datacenter', Node.Datacenter],
    ...Object.entries(Node.TaggedAddresses ?? {}).filter(([, address]) => address !== Node.Address),
    ...Object.entries(Node.Meta ?? {}),
  ] as const;
  return (
    <Card title="About">
      <Facts facts={facts} />
      <Commands
        lines={[
          ['its address', dig(`${Node.Node}.node.${domain}`, 'A')],
          ['its services', curl(apiPath('catalog', 'node-services', Node.Node))],
        ]}
      />
    </Card>
  );
}

function NodeBody({ document, checks }: { document: NodeServices; checks: readonly CheckShape[] }) {
  const rows = useMemo(() => rowsOf(document, checks), [document, checks]);
  const past = usePast(
    { node: document.Node.Node },
    checks.reduce((newest, check) => Math.max(newest, check.ModifyIndex), 0),
  );
  const own = checks.filter((check) => check.ServiceID === '');
  const name = document.Node.Node;
  return (
    <div class="columns">
      <div class="column-main">
        <Card title="Services" side={plural(rows.length, 'instance')}>
          {rows.length === 0 ? (
            <Empty title="Nothing is registered on this node." />
          ) : (
            <DataTable
              name="node-services"
              label={`Services on ${name}`}
              columns={COLUMNS}
              rows={rows}
              keyOf={(row) => row.service.ID}
            />
          )}
        </Card>
        <PastCard past={past} isOfNode />
        <Sessions node={name} />
        <Timeline title="What changed here" node={name} />
      </div>
      <div class="column-side">
        <NodeFacts document={document} own={statusOfChecks(own)} rows={rows} />
        <Card title="Checks of the node" side="count for all its services">
          {own.length === 0 && <p class="hint">None.</p>}
          {own.map((check) => (
            <CheckView key={check.CheckID} check={check} />
          ))}
        </Card>
      </div>
    </div>
  );
}

/** What can be done with the node that this agent runs. */
function OwnActions({ isOn }: { isOn: boolean }) {
  const open = useSignal<'' | 'maintenance' | 'drain'>('');
  const [asked, forget] = useAsked(['maintenance', 'drain']);
  const shown = open.value || asked;
  const close = () => {
    open.value = '';
    forget();
  };
  return (
    <>
      {!isOn && (
        <button type="button" onClick={() => (open.value = 'drain')}>
          Drain
        </button>
      )}
      <button type="button" onClick={() => (open.value = 'maintenance')}>
        {isOn ? 'End maintenance' : 'Maintenance'}
      </button>
      {shown === 'drain' && !isOn && <DrainDialog serviceId="" onClose={close} />}
      {shown === 'maintenance' && <NodeMaintenance isOn={isOn} onClose={close} />}
    </>
  );
}

/** What can be done with a node of another agent, or of none. */
function OtherActions({ name, services }: { name: string; services: readonly ServiceShape[] }) {
  const isAsking = useSignal(false);
  const [asked, forget] = useAsked(['deregister']);
  const close = () => {
    isAsking.value = false;
    forget();
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => (isAsking.value = true)}>
        Deregister
      </button>
      {(isAsking.value || asked !== '') && <DeregisterNode name={name} services={services} onClose={close} />}
    </>
  );
}

export function NodePage({ name }: { name: string }) {
  const { router } = useApp();
  const services = useLive<NodeServices | null>(apiPath('catalog', 'node-services', name));
  const checks = useLive<readonly CheckShape[]>(apiPath('health', 'node', name));
  const self = useLive<AgentSelf>(SELF).data.value;
  const document = services.data.value;
  const isOwn = self?.Config.NodeName === name;
  const isOn = checks.data.value?.some((check) => isMaintenance(check) && check.ServiceID === '') ?? false;
  const isMissing = document === null || (document !== undefined && !document.Node);
  return (
    <>
      <PageHead title={name} above={<a href={router.to(['nodes'])}>Nodes</a>}>
        {isOwn && <OwnActions isOn={isOn} />}
        {self && document?.Node && !isOwn && <OtherActions name={name} services={document.Services ?? []} />}
      </PageHead>
      {document === undefined && services.error.value instanceof ApiError && (
        <Refusal error={services.error.value} what="this node" />
      )}
      {document === undefined && !services.error.value && <Loading what={name} />}
      {isMissing && <Empty title={`There is no node ${name}.`} />}
      {isOwn && isOn && <DrainNote serviceId="" />}
      {document?.Node && <NodeBody document={document} checks={checks.data.value ?? []} />}
    </>
  );
}
