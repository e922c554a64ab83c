/**
 * Tokens: list, create, edit, clone, delete. The secret of a new one is shown once, in the dialog that says that it was made,
 * and is nowhere else on this page.
 */
import { useSignal } from '@preact/signals';
import type { TokenShape } from '../api/acl-shapes.ts';
import { apiPath } from '../api/client.ts';
import { useAction } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { sayGrants } from '../app/grant-texts.ts';
import { Ago, Facts, Tags } from '../parts/basic.tsx';
import { Command } from '../parts/command.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { CheckBox, TextField } from '../parts/field.tsx';
import { byText, elapsed } from '../parts/text.ts';
import { GrantsFields, grantFacts, grantsOf, useDatacenter, useGrantsForm } from './acl-grants.tsx';
import { type AclKind, AclSection, type FormProps, overUnchanged } from './acl-section.tsx';

const ANONYMOUS = '00000000-0000-0000-0000-000000000002';

export const tokenTitle = ({ AccessorID, Description }: Pick<TokenShape, 'AccessorID' | 'Description'>) =>
  Description === '' ? AccessorID : Description;

const kindOf = ({ AuthMethod, Local }: TokenShape): string =>
  AuthMethod ? `login by ${AuthMethod}` : Local ? 'local' : 'global';

/** When it ends, and how long that is from now. */
export function Expires({ token }: { token: TokenShape }) {
  const { clock } = useApp();
  if (token.ExpirationTime === undefined) return <>never</>;
  const endMs = Date.parse(token.ExpirationTime);
  return (
    <time dateTime={token.ExpirationTime} title={new Date(endMs).toLocaleString()}>
      in {elapsed(Math.max(endMs - clock.tick.value, 0))}
    </time>
  );
}

/** Says the secret of a token that was just made, in the dialog that made it. */
function NewSecret({ token, onClose }: { token: TokenShape; onClose: () => void }) {
  return (
    <div class="new-secret">
      <p>
        This is its secret. Copy it now: <strong>this page does not show it again.</strong> Whoever knows it
        may do what the token may do.
      </p>
      <Command label="secret of the token" text={token.SecretID ?? ''} />
      <Facts
        facts={[
          [
            'accessor',
            <span key="accessor" class="mono">
              {token.AccessorID}
            </span>,
          ],
        ]}
      />
      <p class="hint">The accessor names the token in lists, logs and the history; it is no secret.</p>
      <div class="dialog-actions">
        <button type="button" class="primary" onClick={onClose}>
          I have copied it
        </button>
      </div>
    </div>
  );
}

/** The fields that only the agent decides about go back as they came. */
function bodyOf(given: TokenShape | undefined, fields: object): object {
  if (given === undefined) return fields;
  const { AccessorID, Local, AuthMethod, ExpirationTime } = given;
  return { ...fields, AccessorID, Local, AuthMethod, ExpirationTime };
}

function useTokenForm(row: TokenShape | undefined) {
  return {
    description: useSignal(row?.Description ?? ''),
    ttl: useSignal(''),
    isLocal: useSignal(row?.Local ?? false),
    grants: useGrantsForm(row),
  };
}

function NewTokenFields({ form }: { form: ReturnType<typeof useTokenForm> }) {
  return (
    <>
      <TextField
        label="Ends after"
        value={form.ttl}
        placeholder="never"
        isMono
        hint="Between 1m and 24h, such as 8h. It cannot be changed later."
      />
      <CheckBox
        label="Local (kept as Consul keeps it; every token holds in its own datacenter only)"
        value={form.isLocal}
      />
    </>
  );
}

const MADE = 'The token was made';

function titleOfForm(began: TokenShape | undefined, made: TokenShape | undefined): string {
  if (made) return MADE;
  return began ? 'Edit a token' : 'Create a token';
}

function TokenForm({ row, onClose }: FormProps<TokenShape>) {
  const { api, live } = useApp();
  const action = useAction();
  const began = useSignal(row).peek();
  const form = useTokenForm(began);
  const datacenter = useDatacenter();
  const made = useSignal<TokenShape | undefined>(undefined);
  const submit = async () => {
    const path = began ? apiPath('acl', 'token', began.AccessorID) : '/v1/acl/token';
    const ttl = form.ttl.value.trim();
    const body = bodyOf(began, {
      Description: form.description.value.trim(),
      ...grantsOf(form.grants, datacenter),
      Roles: form.grants.roles.value.map((Name) => ({ Name })),
      ...(began === undefined && { Local: form.isLocal.value, ...(ttl !== '' && { ExpirationTTL: ttl }) }),
    });
    const work = async () => {
      const sent = await overUnchanged(api, path, began, () => api.send('PUT', path, body));
      if (began === undefined) made.value = sent as TokenShape;
    };
    if (!(await action.run(work, began ? 'Saved the token.' : 'Made the token.'))) return;
    live.refresh();
    if (began) onClose();
  };
  return (
    <Dialog title={titleOfForm(began, made.value)} onClose={onClose} class="wide">
      {made.value ? (
        <NewSecret token={made.value} onClose={onClose} />
      ) : (
        <DialogForm
          action={action}
          verb={began ? 'Save' : 'Create'}
          onSubmit={() => void submit()}
          onCancel={onClose}
        >
          <TextField label="Description" value={form.description} hint="What it is for: shown in lists." />
          <GrantsFields form={form.grants} hasRoles />
          {began === undefined && <NewTokenFields form={form} />}
        </DialogForm>
      )}
    </Dialog>
  );
}

function CloneDialog({ row, onClose }: { row: TokenShape; onClose: () => void }) {
  const { api, live } = useApp();
  const action = useAction();
  const description = useSignal(row.Description === '' ? '' : `Clone of ${row.Description}`);
  const made = useSignal<TokenShape | undefined>(undefined);
  const submit = async () => {
    const path = `${apiPath('acl', 'token', row.AccessorID)}/clone`;
    const work = async () => {
      made.value = await api.send<TokenShape>('PUT', path, { Description: description.value.trim() });
    };
    if (await action.run(work, 'Made the token.')) live.refresh();
  };
  return (
    <Dialog title={made.value ? MADE : 'Clone this token?'} onClose={onClose} class="wide">
      {made.value ? (
        <NewSecret token={made.value} onClose={onClose} />
      ) : (
        <DialogForm action={action} verb="Clone" onSubmit={() => void submit()} onCancel={onClose}>
          <p>A new token with its own secret, which may do the same and ends at the same time.</p>
          <TextField label="Description" value={description} />
        </DialogForm>
      )}
    </Dialog>
  );
}

function TokenActions({ row }: { row: TokenShape }) {
  const { router } = useApp();
  const isCloning = useSignal(false);
  return (
    <>
      {!row.AuthMethod && (
        <button type="button" onClick={() => (isCloning.value = true)}>
          Clone
        </button>
      )}
      <button type="button" onClick={() => router.go(router.to(['acls', 'who'], { token: row.AccessorID }))}>
        What it may do
      </button>
      {isCloning.value && <CloneDialog row={row} onClose={() => (isCloning.value = false)} />}
    </>
  );
}

function TokenDetails({ row }: { row: TokenShape }) {
  return (
    <Facts
      facts={[
        [
          'accessor',
          <span key="accessor" class="mono">
            {row.AccessorID}
          </span>,
        ],
        ...grantFacts(row),
        ['locality', kindOf(row)],
        ['made', <Ago key="made" ms={Date.parse(row.CreateTime)} />],
        ['ends', <Expires key="ends" token={row} />],
        ['secret', 'shown once, when it was made'],
      ]}
    />
  );
}

const KIND: AclKind<TokenShape> = {
  path: '/v1/acl/tokens',
  pathOf: (row) => apiPath('acl', 'token', row.AccessorID),
  name: 'tokens',
  noun: 'token',
  nouns: 'tokens',
  about: 'A token is a secret that a program or a person sends, and what it gives.',
  keyOf: (row) => row.AccessorID,
  titleOf: tokenTitle,
  textOf: (row) => `${row.AccessorID} ${row.Description} ${row.AuthMethod ?? ''} ${sayGrants(row).join(' ')}`,
  compare: (a, b) => byText(tokenTitle(a), tokenTitle(b)),
  columns: [
    { key: 'gives', title: 'Gives', cell: (row) => <Tags tags={sayGrants(row)} limit={4} /> },
    { key: 'kind', title: 'Holds in', cell: kindOf },
    { key: 'expires', title: 'Ends', cell: (row) => <Expires token={row} /> },
  ],
  Details: TokenDetails,
  Form: TokenForm,
  Actions: TokenActions,
  farewell: (row) =>
    row.AccessorID === ANONYMOUS
      ? undefined
      : 'Whoever uses it may do nothing more with it from the next request on. It cannot be brought back.',
};

export function TokensSection() {
  return <AclSection kind={KIND} />;
}
