/** One instance in the inspector: address, tags, meta, weights, checks; deregister it, maintenance on and off. */
import { useSignal } from '@preact/signals';
import { apiPath } from '../api/client.ts';
import { SELF } from '../api/paths.ts';
import type { AgentSelf, HealthPast, InstanceShape } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useAction, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { useAsked } from '../app/asked.ts';
import { rankOf } from '../app/status-order.ts';
import { Facts, Tags } from '../parts/basic.tsx';
import { CheckView } from '../parts/check-view.tsx';
import { Commands } from '../parts/command.tsx';
import { Confirm, Dialog, DialogForm } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Inspector } from '../parts/inspector.tsx';
import { isMaintenance, StatusWord, statusOfCheck, statusOfChecks } from '../parts/status.tsx';
import { endpoint } from '../parts/text.ts';
import { DrainDialog, DrainNote } from './drain.tsx';
import { InstancePast } from './past.tsx';
import { InDns } from './reason.tsx';

/** Names an instance within a datacenter. */
export function instanceKey({ Node, Service }: InstanceShape): string {
  return `${Node.Node}/${Service.ID}`;
}

interface DialogProps {
  readonly instance: InstanceShape;
  readonly isLocal: boolean;
  readonly onClose: () => void;
}

function DeregisterDialog({ instance, isLocal, onClose }: DialogProps) {
  const { api } = useApp();
  const { Node, Service } = instance;
  const work = () =>
    isLocal
      ? api.send('PUT', apiPath('agent', 'service', 'deregister', Service.ID))
      : api.send('PUT', '/v1/catalog/deregister', { Node: Node.Node, ServiceID: Service.ID });
  return (
    <Confirm
      title={`Deregister ${Service.ID}?`}
      verb="Deregister"
      isDanger
      done={`Deregistered ${Service.ID}.`}
      work={work}
      onClose={onClose}
    >
      <p>
        DNS and the API stop answering with it at once, and its checks end. The program itself is not touched;
        it may register again.
      </p>
      {!isLocal && (
        <p>
          It is on node <strong>{Node.Node}</strong>, not on this agent. If another agent runs that node, it
          will put the instance back.
        </p>
      )}
    </Confirm>
  );
}

function MaintenanceDialog({ instance, onClose }: DialogProps) {
  const { api } = useApp();
  const action = useAction();
  const reason = useSignal('');
  const id = instance.Service.ID;
  const submit = async () => {
    const path = `${apiPath('agent', 'service', 'maintenance', id)}?${new URLSearchParams({ enable: 'true', reason: reason.value })}`;
    if (await action.run(() => api.send('PUT', path), `${id} is in maintenance.`)) onClose();
  };
  return (
    <Dialog title={`Take ${id} out for maintenance?`} onClose={onClose}>
      <p>DNS leaves it out and the API shows it as critical, until maintenance ends. Nothing is stopped.</p>
      <DialogForm action={action} verb="Start maintenance" onSubmit={() => void submit()} onCancel={onClose}>
        <TextField label="Reason" value={reason} hint="Shown wherever the instance is shown." />
      </DialogForm>
    </Dialog>
  );
}

function EndMaintenanceDialog({ instance, onClose }: DialogProps) {
  const { api } = useApp();
  const id = instance.Service.ID;
  return (
    <Confirm
      title={`End maintenance of ${id}?`}
      verb="End maintenance"
      done={`${id} is no longer in maintenance.`}
      work={() => api.send('PUT', `${apiPath('agent', 'service', 'maintenance', id)}?enable=false`)}
      onClose={onClose}
    >
      <p>From then on its own checks decide again whether DNS answers with it.</p>
    </Confirm>
  );
}

function Actions({ instance }: { instance: InstanceShape }) {
  const self = useLive<AgentSelf>(SELF).data.value;
  const open = useSignal<'' | 'deregister' | 'maintenance' | 'drain'>('');
  const [asked, forget] = useAsked(['deregister', 'maintenance', 'drain']);
  const shown = open.value || asked;
  const isLocal = self?.Config.NodeName === instance.Node.Node;
  const isOff = instance.Checks.some((check) => isMaintenance(check) && check.ServiceID !== '');
  const close = () => {
    open.value = '';
    forget();
  };
  const dialog = { instance, isLocal, onClose: close };
  if (instance.Service.Service === 'consul')
    return <p class="hint">The agent itself; it cannot be deregistered.</p>;
  return (
    <>
      <div class="button-row">
        <button type="button" disabled={!isLocal} onClick={() => (open.value = 'maintenance')}>
          {isOff ? 'End maintenance' : 'Maintenance'}
        </button>
        {isLocal && !isOff && (
          <button type="button" onClick={() => (open.value = 'drain')}>
            Drain
          </button>
        )}
        <button type="button" class="danger" onClick={() => (open.value = 'deregister')}>
          Deregister
        </button>
      </div>
      {!isLocal && (
        <p class="hint">Maintenance is switched at the agent that runs node {instance.Node.Node}.</p>
      )}
      {isLocal && isOff && <DrainNote serviceId={instance.Service.ID} />}
      {shown === 'deregister' && <DeregisterDialog {...dialog} />}
      {shown === 'drain' && isLocal && !isOff && (
        <DrainDialog serviceId={instance.Service.ID} onClose={close} />
      )}
      {shown === 'maintenance' && isLocal && isOff && <EndMaintenanceDialog {...dialog} />}
      {shown === 'maintenance' && isLocal && !isOff && <MaintenanceDialog {...dialog} />}
    </>
  );
}

/** Further addresses; those that only repeat the main one are left out. */
function taggedAddresses(instance: InstanceShape): readonly (readonly [string, string])[] {
  const { Service, Node } = instance;
  const main = endpoint(Service.Address || Node.Address, Service.Port);
  return Object.entries(Service.TaggedAddresses ?? {})
    .map(([name, { Address, Port }]) => [name, endpoint(Address, Port)] as const)
    .filter(([, address]) => address !== main);
}

interface InspectorProps {
  readonly instance: InstanceShape;
  /** Of its service. */
  readonly past: HealthPast | undefined;
  readonly onClose: () => void;
}

export function InstanceInspector({ instance, past, onClose }: InspectorProps) {
  const { router } = useApp();
  const { dig, curl, domain } = useLines();
  const { Node, Service } = instance;
  const checks = [...instance.Checks].sort((a, b) => rankOf(statusOfCheck(a)) - rankOf(statusOfCheck(b)));
  const tags = Service.Tags ?? [];
  return (
    <Inspector title={Service.ID} label={`Instance ${Service.ID}`} onClose={onClose}>
      <Facts
        facts={[
          ['state', <StatusWord key="state" status={statusOfChecks(instance.Checks)} />],
          ['DNS', <InDns key="dns" instance={instance} />],
          [
            'address',
            <span key="address" class="mono">
              {endpoint(Service.Address || Node.Address, Service.Port)}
            </span>,
          ],
          [
            'node',
            <a key="node" href={router.to(['nodes', Node.Node])}>
              {Node.Node}
            </a>,
          ],
          ['tags', tags.length > 0 && <Tags key="tags" tags={tags} limit={50} />],
          [
            'weights',
            Service.Weights && `${Service.Weights.Passing} passing, ${Service.Weights.Warning} warning`,
          ],
          ...taggedAddresses(instance),
          ...Object.entries(Service.Meta ?? {}),
        ]}
      />
      <Actions instance={instance} />
      <InstancePast past={past} instance={instance} />
      <h3 class="part-title">Checks</h3>
      {checks.length === 0 && (
        <p class="hint">
          None. An instance without checks counts as passing for as long as it is registered.
        </p>
      )}
      {checks.map((check) => (
        <CheckView key={check.CheckID} check={check} />
      ))}
      <Commands
        lines={[
          ['what DNS answers', dig(`${Service.Service}.service.${domain}`, 'SRV')],
          ['the healthy instances', curl(`${apiPath('health', 'service', Service.Service)}?passing`)],
          ['this one, at its agent', curl(apiPath('agent', 'service', Service.ID))],
        ]}
      />
    </Inspector>
  );
}
