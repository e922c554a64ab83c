/** Roles: bundles of policies and identities that tokens link. */
import { useSignal } from '@preact/signals';
import type { RoleShape } from '../api/acl-shapes.ts';
import { apiPath } from '../api/client.ts';
import { useAction } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { sayGrants } from '../app/grant-texts.ts';
import { Facts, Tags } from '../parts/basic.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { byText } from '../parts/text.ts';
import { GrantsFields, grantFacts, grantsOf, useDatacenter, useGrantsForm } from './acl-grants.tsx';
import { type AclKind, AclSection, type FormProps, overUnchanged } from './acl-section.tsx';

function RoleForm({ row, onClose }: FormProps<RoleShape>) {
  const { api, live } = useApp();
  const action = useAction();
  const began = useSignal(row).peek();
  const name = useSignal(began?.Name ?? '');
  const description = useSignal(began?.Description ?? '');
  const grants = useGrantsForm(began);
  const datacenter = useDatacenter();
  const submit = async () => {
    const path = began ? apiPath('acl', 'role', began.ID) : '/v1/acl/role';
    const body = {
      ...(began && { ID: began.ID }),
      Name: name.value.trim(),
      Description: description.value.trim(),
      ...grantsOf(grants, datacenter),
    };
    const work = () => overUnchanged(api, path, began, () => api.send('PUT', path, body));
    if (!(await action.run(work, `Saved the role ${name.value.trim()}.`))) return;
    live.refresh();
    onClose();
  };
  return (
    <Dialog title={began ? 'Edit a role' : 'Create a role'} onClose={onClose} class="wide">
      <DialogForm
        action={action}
        verb={began ? 'Save' : 'Create'}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <TextField label="Name" value={name} isRequired isMono hint="Letters, digits, - and _." />
        <TextField label="Description" value={description} />
        <GrantsFields form={grants} hasRoles={false} />
      </DialogForm>
    </Dialog>
  );
}

function RoleDetails({ row }: { row: RoleShape }) {
  return (
    <Facts
      facts={[
        ['description', row.Description],
        ...grantFacts(row),
        [
          'id',
          <span key="id" class="mono">
            {row.ID}
          </span>,
        ],
      ]}
    />
  );
}

const KIND: AclKind<RoleShape> = {
  path: '/v1/acl/roles',
  pathOf: (row) => apiPath('acl', 'role', row.ID),
  name: 'roles',
  noun: 'role',
  nouns: 'roles',
  about: 'A role gathers policies and identities, so that many tokens can be given the same.',
  keyOf: (row) => row.ID,
  titleOf: (row) => row.Name,
  textOf: (row) => `${row.Name} ${row.Description} ${row.ID} ${sayGrants(row).join(' ')}`,
  compare: (a, b) => byText(a.Name, b.Name),
  columns: [{ key: 'gives', title: 'Gives', cell: (row) => <Tags tags={sayGrants(row)} limit={6} /> }],
  Details: RoleDetails,
  Form: RoleForm,
  farewell: () => 'Tokens that link it lose at once what it gave them. It cannot be brought back.',
};

export function RolesSection() {
  return <AclSection kind={KIND} />;
}
