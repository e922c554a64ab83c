/** Policies: rules with a name. The editor says while one types what they allow, and what is wrong at which line. */
import { useSignal } from '@preact/signals';
import type { PolicyShape } from '../api/acl-shapes.ts';
import { apiPath } from '../api/client.ts';
import { useAction, useAnswer, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Facts, Loading, Output, Refusal } from '../parts/basic.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { byText, listOf } from '../parts/text.ts';
import { RulesEditor, RulesMeaning } from './acl-rules.tsx';
import { type AclKind, AclSection, type FormProps, overUnchanged } from './acl-section.tsx';

const MANAGEMENT = '00000000-0000-0000-0000-000000000001';
const READ_ONLY = '00000000-0000-0000-0000-000000000002';

function FilledForm({ row: began, onClose }: FormProps<PolicyShape>) {
  const { api, live } = useApp();
  const action = useAction();
  const name = useSignal(began?.Name ?? '');
  const description = useSignal(began?.Description ?? '');
  const datacenters = useSignal((began?.Datacenters ?? []).join(', '));
  const rules = useSignal(began?.Rules ?? '');
  const submit = async () => {
    const path = began ? apiPath('acl', 'policy', began.ID) : '/v1/acl/policy';
    const body = {
      ...(began && { ID: began.ID }),
      Name: name.value.trim(),
      Description: description.value.trim(),
      Rules: rules.value,
      Datacenters: listOf(datacenters.value),
    };
    const work = () => overUnchanged(api, path, began, () => api.send('PUT', path, body));
    if (!(await action.run(work, `Saved the policy ${name.value.trim()}.`))) return;
    live.refresh();
    onClose();
  };
  return (
    <DialogForm
      action={action}
      verb={began ? 'Save' : 'Create'}
      onSubmit={() => void submit()}
      onCancel={onClose}
    >
      <div class="form-grid">
        <TextField label="Name" value={name} isRequired isMono hint="Letters, digits, - and _." />
        <TextField
          label="Datacenters"
          value={datacenters}
          placeholder="all"
          isMono
          hint="Separated by commas."
        />
        <TextField label="Description" value={description} class="span" />
      </div>
      <RulesEditor rules={rules} />
    </DialogForm>
  );
}

/** Lists leave the rules out, so an editor asks for the policy first, once: what is stored later does not move it. */
function StoredForm({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error } = useAnswer<PolicyShape>(apiPath('acl', 'policy', id));
  if (data.value) return <FilledForm row={data.value} onClose={onClose} />;
  return error.value ? <Refusal error={error.value} what="this policy" /> : <Loading what="the policy" />;
}

function PolicyForm({ row, onClose }: FormProps<PolicyShape>) {
  return (
    <Dialog title={row ? 'Edit a policy' : 'Create a policy'} onClose={onClose} class="wide">
      {row ? <StoredForm id={row.ID} onClose={onClose} /> : <FilledForm row={undefined} onClose={onClose} />}
    </Dialog>
  );
}

function PolicyDetails({ row }: { row: PolicyShape }) {
  const { data, error } = useLive<PolicyShape>(apiPath('acl', 'policy', row.ID));
  const { router } = useApp();
  const rules = data.value?.Rules;
  return (
    <>
      <Facts
        facts={[
          ['description', row.Description],
          ['datacenters', (row.Datacenters ?? []).join(', ')],
          [
            'tokens',
            <a key="tokens" href={router.to(['acls', 'tokens'], { q: row.Name })}>
              that link it
            </a>,
          ],
          [
            'id',
            <span key="id" class="mono">
              {row.ID}
            </span>,
          ],
        ]}
      />
      {rules === undefined && error.value && <Refusal error={error.value} what="its rules" />}
      {rules !== undefined && (
        <>
          <h3 class="part-title">Rules</h3>
          <Output label="Rules" isTall>
            {rules.trim() || 'none'}
          </Output>
          <RulesMeaning rules={rules} />
        </>
      )}
    </>
  );
}

const KIND: AclKind<PolicyShape> = {
  path: '/v1/acl/policies',
  pathOf: (row) => apiPath('acl', 'policy', row.ID),
  name: 'policies',
  noun: 'policy',
  nouns: 'policies',
  about: 'A policy is a list of rules. Tokens and roles link it.',
  keyOf: (row) => row.ID,
  titleOf: (row) => row.Name,
  textOf: (row) => `${row.Name} ${row.Description} ${row.ID}`,
  compare: (a, b) => byText(a.Name, b.Name),
  columns: [{ key: 'about', title: 'Description', cell: (row) => row.Description }],
  Details: PolicyDetails,
  Form: PolicyForm,
  farewell: ({ ID }) =>
    ID === MANAGEMENT || ID === READ_ONLY
      ? undefined
      : 'Tokens and roles that link it lose at once what it gave them. It cannot be brought back.',
};

export function PoliciesSection() {
  return <AclSection kind={KIND} />;
}
