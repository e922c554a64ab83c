/** The form for a new prepared query. */
import { useSignal } from '@preact/signals';
import { useAction } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { CheckBox, TextField } from '../parts/field.tsx';

export function CreateQueryDialog({ onClose }: { onClose: () => void }) {
  const { api, live } = useApp();
  const action = useAction();
  const name = useSignal('');
  const service = useSignal('');
  const tags = useSignal('');
  const ttl = useSignal('');
  const isOnlyPassing = useSignal(false);
  const submit = async () => {
    const body = {
      Name: name.value.trim(),
      Service: {
        Service: service.value.trim(),
        OnlyPassing: isOnlyPassing.value,
        Tags: tags.value
          .split(',')
          .map((tag) => tag.trim())
          .filter(Boolean),
      },
      DNS: ttl.value.trim() === '' ? undefined : { TTL: ttl.value.trim() },
    };
    if (
      !(await action.run(() => api.send('POST', '/v1/query', body), `Created ${body.Name || 'the query'}.`))
    )
      return;
    live.refresh();
    onClose();
  };
  return (
    <Dialog title="Create a prepared query" onClose={onClose} class="wide">
      <DialogForm action={action} verb="Create" onSubmit={() => void submit()} onCancel={onClose}>
        <div class="form-grid">
          <TextField label="Name" value={name} isRequired hint="Asked for as NAME.query." />
          <TextField label="Service" value={service} isRequired />
          <TextField label="Tags" value={tags} hint="All of them; !tag means without. Separated by commas." />
          <TextField label="DNS TTL" value={ttl} placeholder="the agent’s" hint="Such as 10s." />
        </div>
        <CheckBox label="Leave out instances with a warning" value={isOnlyPassing} />
      </DialogForm>
    </Dialog>
  );
}
