/** Registering an instance with this agent: the form, and what a newcomer sees while there is nothing yet. */
import { effect, useSignal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { useLines } from '../api/take-along.ts';
import { useAction } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import {
  CHECK_KINDS,
  type CheckField,
  checkKindOf,
  nameWarning,
  type Problems,
  problemsOf,
  type Registration,
  registrationBody,
} from '../app/registration.ts';
import { Command } from '../parts/command.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { AreaField, CheckBox, Choice, TextField } from '../parts/field.tsx';
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

function useRegistration(name: string) {
  return {
    name: useSignal(name),
    id: useSignal(''),
    address: useSignal(''),
    port: useSignal(''),
    tags: useSignal(''),
    check: useSignal(''),
    interval: useSignal('10s'),
    timeout: useSignal(''),
    deregisterAfter: useSignal(''),
    fields: useSignal<Readonly<Record<string, string>>>({ H2PingUseTLS: 'yes' }),
  };
}

type Form = ReturnType<typeof useRegistration>;

const typedIn = (form: Form): Registration => ({
  name: form.name.value,
  id: form.id.value,
  address: form.address.value,
  port: form.port.value,
  tags: listOf(form.tags.value),
  check: form.check.value,
  interval: form.interval.value,
  timeout: form.timeout.value,
  deregisterAfter: form.deregisterAfter.value,
  fields: form.fields.value,
});

/** A field of the check, bound to its place among all of them. */
function OwnField({ form, field, problem }: { form: Form; field: CheckField; problem: string }) {
  const value = useSignal(form.fields.peek()[field.key] ?? '');
  const isOn = useSignal(value.peek() === 'yes');
  useLayoutEffect(
    () =>
      effect(() => {
        const text = field.isSwitch ? (isOn.value ? 'yes' : '') : value.value;
        form.fields.value = { ...form.fields.peek(), [field.key]: text };
      }),
    [field, form.fields, isOn, value],
  );
  if (field.isSwitch) return <CheckBox label={field.label} value={isOn} />;
  const { label, placeholder = '', hint } = field;
  const shared = { label, value, placeholder, hint, problem, isMono: true };
  return field.isList ? <AreaField {...shared} rows={2} /> : <TextField {...shared} />;
}

function CheckFields({ form, problems }: { form: Form; problems: Problems }) {
  const kind = checkKindOf(form.check.value);
  return (
    <>
      <Choice
        label="Check"
        value={form.check.value}
        options={CHECK_KINDS.map((row) => [row.kind, row.title] as const)}
        onChange={(next) => (form.check.value = next)}
      />
      <p class="hint">{kind.about}</p>
      <div class="form-grid">
        {kind.fields.map((field) => (
          <OwnField
            key={`${kind.kind}${field.key}`}
            form={form}
            field={field}
            problem={problems[field.key] ?? ''}
          />
        ))}
        {kind.isRun && (
          <TextField label="Every" value={form.interval} isMono problem={problems['interval'] ?? ''} />
        )}
        {kind.isRun && (
          <TextField
            label="Longest run"
            value={form.timeout}
            placeholder="10s, programs 30s"
            isMono
            problem={problems['timeout'] ?? ''}
          />
        )}
        {kind.kind !== '' && (
          <TextField
            label="Deregister when critical for"
            value={form.deregisterAfter}
            placeholder="never"
            isMono
            problem={problems['deregisterAfter'] ?? ''}
          />
        )}
      </div>
    </>
  );
}

function ServiceFields({ form, problems }: { form: Form; problems: Problems }) {
  return (
    <div class="form-grid">
      <TextField
        label="Service"
        value={form.name}
        isRequired
        placeholder="web"
        problem={problems['name'] ?? nameWarning(form.name.value)}
      />
      <TextField label="Id" value={form.id} placeholder="same as the service" isMono />
      <TextField
        label="Address"
        value={form.address}
        placeholder="the node’s"
        isMono
        problem={problems['address'] ?? ''}
      />
      <TextField
        label="Port"
        value={form.port}
        type="number"
        placeholder="none"
        problem={problems['port'] ?? ''}
      />
      <TextField
        label="Tags"
        value={form.tags}
        placeholder="v2, primary"
        hint="Separated by commas."
        class="span"
      />
    </div>
  );
}

export function RegisterDialog({ onClose, name = '' }: { onClose: () => void; name?: string }) {
  const { api } = useApp();
  const form = useRegistration(name);
  const action = useAction();
  const isTried = useSignal(false);
  // Nobody is corrected before they said that they are done.
  const problems = isTried.value ? problemsOf(typedIn(form)) : {};
  const submit = async () => {
    isTried.value = true;
    const [first] = Object.values(problemsOf(typedIn(form)));
    const work = async () => {
      if (first !== undefined) throw new Error(first);
      await api.send('PUT', '/v1/agent/service/register', registrationBody(typedIn(form)));
    };
    if (await action.run(work, `Registered ${form.name.value}.`)) onClose();
  };
  return (
    <Dialog title="Register an instance" onClose={onClose} class="wide">
      <p class="hint">
        This agent keeps it registered until somebody deregisters it. The same id again replaces what it had.
      </p>
      <DialogForm action={action} verb="Register" onSubmit={() => void submit()} onCancel={onClose}>
        <ServiceFields form={form} problems={problems} />
        <CheckFields form={form} problems={problems} />
      </DialogForm>
    </Dialog>
  );
}
