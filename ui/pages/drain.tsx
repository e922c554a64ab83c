/**
 * Draining: out of DNS at once, while what is under way may end. The dialog that begins it, and how far one is.
 */
import { useSignal } from '@preact/signals';
import { apiPath } from '../api/client.ts';
import { useAction, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { refuseTime } from '../app/registration.ts';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { CheckBox, TextField } from '../parts/field.tsx';
import { elapsed } from '../parts/text.ts';

interface DrainShape {
  readonly ServiceID: string;
  readonly Ends: string;
  readonly UntilCheck: string;
  readonly Deregister: boolean;
}

const EVERY_MS = 2_000;

interface DrainDialogProps {
  /** Of an instance of this agent; '' drains the whole node. */
  readonly serviceId: string;
  readonly onClose: () => void;
}

function drainPath(serviceId: string, query: URLSearchParams): string {
  const path =
    serviceId === '' ? '/v1/agent/maintenance' : apiPath('agent', 'service', 'maintenance', serviceId);
  return `${path}?${query}`;
}

export function DrainDialog({ serviceId, onClose }: DrainDialogProps) {
  const { api, live } = useApp();
  const action = useAction();
  const form = { time: useSignal('30s'), until: useSignal(''), reason: useSignal('') };
  const isLast = useSignal(false);
  const what = serviceId === '' ? 'this node' : serviceId;
  const submit = async () => {
    const time = form.time.value.trim();
    const query = new URLSearchParams({ enable: 'true', drain: time, reason: form.reason.value });
    if (form.until.value.trim() !== '') query.set('until', form.until.value.trim());
    if (serviceId !== '' && isLast.value) query.set('deregister', 'true');
    const work = async () => {
      const problem = refuseTime(time, 1_000, '1s');
      if (problem !== '') throw new Error(problem);
      await api.send('PUT', drainPath(serviceId, query));
    };
    if (!(await action.run(work, `Draining ${what}.`))) return;
    live.refresh();
    onClose();
  };
  return (
    <Dialog title={`Drain ${what}?`} onClose={onClose}>
      <p>
        DNS leaves {serviceId === '' ? 'every service on it' : 'it'} out at once, and what is under way has
        time to end. Then maintenance stays on until somebody ends it.
      </p>
      <DialogForm action={action} verb="Drain" onSubmit={() => void submit()} onCancel={onClose}>
        <TextField label="For at most" value={form.time} isRequired isMono hint="Up to 1h." />
        <TextField
          label="Until this check passes"
          value={form.until}
          placeholder="none: the whole time"
          isMono
          hint="The id of a check of this agent that passes when nothing is left."
        />
        <TextField
          label="Reason"
          value={form.reason}
          hint={
            serviceId === ''
              ? 'Shown with each service of the node.'
              : 'Shown wherever the instance is shown.'
          }
        />
        {serviceId !== '' && <CheckBox label="Deregister it afterwards" value={isLast} />}
      </DialogForm>
    </Dialog>
  );
}

/** How long a drain still takes; nothing when none is under way. */
export function DrainNote({ serviceId }: { serviceId: string }) {
  const { clock } = useApp();
  const drains = useLive<readonly DrainShape[]>('/v1/agent/drains', EVERY_MS).data.value ?? [];
  const drain = drains.find(({ ServiceID }) => ServiceID === serviceId);
  if (!drain) return null;
  const left = elapsed(Math.max(Date.parse(drain.Ends) - clock.tick.value, 0));
  return (
    <p class="hint" role="status">
      Draining, for {left} at most
      {drain.UntilCheck !== '' && (
        <>
          , or until <span class="mono">{drain.UntilCheck}</span> passes
        </>
      )}
      ; then it {drain.Deregister ? 'is deregistered' : 'stays in maintenance'}.
    </p>
  );
}
