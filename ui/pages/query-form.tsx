/**
 * The form of a prepared query, for a new one and for one that exists.
 *
 * The form shows what people set by hand. Everything else of a stored query (near, failover, metadata, session, token) goes back
 * as it came; a query that somebody else changed meanwhile is not overwritten.
 */
import { useSignal } from '@preact/signals';
import { apiPath } from '../api/client.ts';
import { SERVICES } from '../api/paths.ts';
import type { QueryShape, ServiceSummary } from '../api/shapes.ts';
import { useAction, useLive } from '../api/use-live.ts';
import { type App, useApp } from '../app/app.ts';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { CheckBox, Choice, TextField } from '../parts/field.tsx';
import { listOf } from '../parts/text.ts';

const PREFIX_MATCH = 'name_prefix_match';

function useForm(query: QueryShape | undefined) {
  return {
    name: useSignal(query?.Name ?? ''),
    service: useSignal(query?.Service.Service ?? ''),
    tags: useSignal(query?.Service.Tags?.join(', ') ?? ''),
    ttl: useSignal(query?.DNS?.TTL ?? ''),
    near: useSignal(query?.Service.Near ?? ''),
    template: useSignal(query?.Template?.Type ?? ''),
    pattern: useSignal(query?.Template?.Regexp ?? ''),
    isOnlyPassing: useSignal(query?.Service.OnlyPassing ?? false),
  };
}

type Form = ReturnType<typeof useForm>;

/** What is sent: `stored` with what the form says about it. */
function bodyOf(form: Form, stored: QueryShape | undefined): object {
  const Type = form.template.value;
  return {
    ...stored,
    Name: form.name.value.trim(),
    Service: {
      ...stored?.Service,
      Service: form.service.value.trim(),
      Tags: listOf(form.tags.value),
      Near: form.near.value.trim(),
      OnlyPassing: form.isOnlyPassing.value,
    },
    DNS: { TTL: form.ttl.value.trim() },
    Template: Type === '' ? undefined : { ...stored?.Template, Type, Regexp: form.pattern.value.trim() },
  };
}

/** Write over `stored` as long as it is still what the form began with. */
async function replace(api: App['api'], stored: QueryShape, body: object): Promise<void> {
  const path = apiPath('query', stored.ID);
  const [current] = (await api.get<readonly QueryShape[]>(path)).value;
  if (current?.ModifyIndex !== stored.ModifyIndex)
    throw new Error('Somebody else changed this query meanwhile. Close this form and look again.');
  await api.send('PUT', path, body);
}

function Fields({ form, isNamed }: { form: Form; isNamed: boolean }) {
  const isTemplate = form.template.value !== '';
  const services = useLive<readonly ServiceSummary[]>(SERVICES).data.value ?? [];
  return (
    <>
      <div class="form-grid">
        <TextField
          label={isTemplate ? 'Prefix' : 'Name'}
          value={form.name}
          isRequired={isNamed && !isTemplate}
          hint={
            isTemplate ? 'Of the names it answers; empty: all without their own.' : 'Asked for as NAME.query.'
          }
        />
        <TextField
          label="Service"
          value={form.service}
          isRequired
          suggestions={services.map((service) => service.Name)}
        />
        <TextField
          label="Tags"
          value={form.tags}
          hint="All of them; !tag means without. Separated by commas."
        />
        <TextField label="DNS TTL" value={form.ttl} placeholder="the agent’s" hint="Such as 10s." />
        <TextField label="Near" value={form.near} placeholder="in random order" hint="A node, or _agent." />
        <Choice
          label="Answers"
          value={form.template.value}
          options={[
            ['', 'one name'],
            [PREFIX_MATCH, 'every name with a prefix'],
          ]}
          onChange={(next) => (form.template.value = next)}
        />
        {isTemplate && (
          <TextField
            label="Pattern"
            value={form.pattern}
            placeholder="^geo-(.*)$"
            hint="What it finds is ${match(1)} in the service and its tags."
            isMono
            class="span"
          />
        )}
      </div>
      <CheckBox label="Leave out instances with a warning" value={form.isOnlyPassing} />
    </>
  );
}

/** Asks for a prepared query: a new one, or `query` with what it says now. */
export function QueryDialog({ query, onClose }: { query?: QueryShape; onClose: () => void }) {
  const { api, live } = useApp();
  const action = useAction();
  // What the list says meanwhile does not move what this form began with.
  const stored = useSignal(query).peek();
  const form = useForm(stored);
  const verb = stored ? 'Save' : 'Create';
  const submit = async () => {
    const body = bodyOf(form, stored);
    const work = () => (stored ? replace(api, stored, body) : api.send('POST', '/v1/query', body));
    const name = form.name.value.trim() || 'the query';
    if (!(await action.run(work, `${stored ? 'Saved' : 'Created'} ${name}.`))) return;
    live.refresh();
    onClose();
  };
  return (
    <Dialog
      title={stored ? 'Edit a prepared query' : 'Create a prepared query'}
      onClose={onClose}
      class="wide"
    >
      <DialogForm action={action} verb={verb} onSubmit={() => void submit()} onCancel={onClose}>
        <Fields form={form} isNamed={stored?.Name !== ''} />
      </DialogForm>
    </Dialog>
  );
}
