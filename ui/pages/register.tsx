/** Registering an instance with this agent: the form, and what a newcomer sees while there is nothing yet. */
import { useSignal } from '@preact/signals';
import { useLines } from '../api/take-along.ts';
import { useAction } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Command } from '../parts/command.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { listOf } from '../parts/text.ts';

/** A first service by hand: what to type, and what to ask then. */
export function FirstService() {
  const { dig, curl, domain } = useLines();
  const body = '{"Name":"web","Port":8080,"Check":{"TCP":"127.0.0.1:8080","Interval":"10s"}}';
  return (
    <section class="card first-service">
      <header>
        <h2>Register your first service</h2>
      </header>
      <p>A service is a name that programs ask for. Tell this agent about one, from where it runs:</p>
      <Command
        label="register a service with curl"
        text={curl('/v1/agent/service/register', `-X PUT -d '${body}' \\\n `)}
      />
      <p>It appears on this page at once. When its check passes, DNS answers with its address:</p>
      <Command label="ask for the service with dig" text={dig(`web.service.${domain}`, 'SRV')} />
      <p class="hint">
        Programs that know Consul need no change. A file with the same fields in the agent’s configuration
        folder does the same and survives everything.
      </p>
    </section>
  );
}

function useRegistration() {
  return {
    name: useSignal(''),
    id: useSignal(''),
    address: useSignal(''),
    port: useSignal(''),
    tags: useSignal(''),
    http: useSignal(''),
    interval: useSignal('10s'),
  };
}

function bodyOf(form: ReturnType<typeof useRegistration>): unknown {
  const http = form.http.value.trim();
  return {
    Name: form.name.value.trim(),
    ID: form.id.value.trim() || undefined,
    Address: form.address.value.trim() || undefined,
    Port: form.port.value === '' ? undefined : Number(form.port.value),
    Tags: listOf(form.tags.value),
    Check: http === '' ? undefined : { HTTP: http, Interval: form.interval.value.trim() || '10s' },
  };
}

export function RegisterDialog({ onClose, name = '' }: { onClose: () => void; name?: string }) {
  const { api } = useApp();
  const form = useRegistration();
  const action = useAction();
  if (name !== '' && form.name.peek() === '') form.name.value = name;
  const submit = async () => {
    const work = () => api.send('PUT', '/v1/agent/service/register', bodyOf(form));
    if (await action.run(work, `Registered ${form.name.value}.`)) onClose();
  };
  return (
    <Dialog title="Register an instance" onClose={onClose} class="wide">
      <p class="hint">
        This agent keeps it registered until somebody deregisters it. The same id again replaces what it had.
      </p>
      <DialogForm action={action} verb="Register" onSubmit={() => void submit()} onCancel={onClose}>
        <div class="form-grid">
          <TextField label="Service" value={form.name} isRequired placeholder="web" />
          <TextField label="Id" value={form.id} placeholder="same as the service" isMono />
          <TextField label="Address" value={form.address} placeholder="the node’s" isMono />
          <TextField label="Port" value={form.port} type="number" placeholder="none" />
          <TextField
            label="Tags"
            value={form.tags}
            placeholder="v2, primary"
            hint="Separated by commas."
            class="span"
          />
          <TextField
            label="HTTP check"
            value={form.http}
            placeholder="http://127.0.0.1:8080/health"
            hint="Without a check the instance counts as passing."
            isMono
          />
          <TextField label="Every" value={form.interval} isMono />
        </div>
      </DialogForm>
    </Dialog>
  );
}
