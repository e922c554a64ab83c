/** Auth methods, which check who somebody is, and binding rules, which say what a login then gives. */
import { useSignal } from '@preact/signals';
import type { AuthMethodShape, BindingRuleShape } from '../api/acl-shapes.ts';
import { apiPath } from '../api/client.ts';
import { useAction, useAnswer, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Facts, Loading, Output, Refusal } from '../parts/basic.tsx';
import { CodeField } from '../parts/code-field.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { Choice, TextField } from '../parts/field.tsx';
import { jsonProblem } from '../parts/json.ts';
import { byText } from '../parts/text.ts';
import { type AclKind, AclSection, type FormProps, overUnchanged } from './acl-section.tsx';

const EXAMPLES: Readonly<Record<string, string>> = {
  jwt: '{\n  "BoundIssuer": "https://id.example",\n  "JWKSURL": "https://id.example/keys",\n  "ClaimMappings": { "sub": "name" }\n}',
  kubernetes:
    '{\n  "Host": "https://10.0.0.1:6443",\n  "CACert": "-----BEGIN CERTIFICATE-----…",\n  "ServiceAccountJWT": "…"\n}',
};

function useMethodForm(row: AuthMethodShape | undefined) {
  return {
    name: useSignal(row?.Name ?? ''),
    type: useSignal(row?.Type ?? 'jwt'),
    displayName: useSignal(row?.DisplayName ?? ''),
    description: useSignal(row?.Description ?? ''),
    ttl: useSignal(row?.MaxTokenTTL ?? ''),
    locality: useSignal(row?.TokenLocality ?? ''),
    config: useSignal(row ? JSON.stringify(row.Config ?? {}, null, 2) : ''),
  };
}

type MethodFormState = ReturnType<typeof useMethodForm>;

function methodBody(form: MethodFormState): object {
  const ttl = form.ttl.value.trim();
  return {
    Name: form.name.value.trim(),
    Type: form.type.value,
    DisplayName: form.displayName.value.trim(),
    Description: form.description.value.trim(),
    ...(ttl !== '' && { MaxTokenTTL: ttl }),
    TokenLocality: form.locality.value,
    Config: JSON.parse(form.config.value || '{}') as object,
  };
}

function MethodFields({ form, isNew }: { form: MethodFormState; isNew: boolean }) {
  const problem = form.config.value === '' ? undefined : jsonProblem(form.config.value);
  return (
    <>
      <div class="form-grid">
        {isNew && <TextField label="Name" value={form.name} isRequired isMono />}
        {isNew && (
          <Choice
            label="Type"
            value={form.type.value}
            options={[
              ['jwt', 'jwt'],
              ['kubernetes', 'kubernetes'],
            ]}
            onChange={(next) => (form.type.value = next)}
          />
        )}
        <TextField label="Name to show" value={form.displayName} />
        <TextField label="Description" value={form.description} />
        <TextField
          label="Tokens end after"
          value={form.ttl}
          placeholder="never"
          isMono
          hint="Between 1m and 24h."
        />
        <Choice
          label="Locality of tokens"
          value={form.locality.value}
          options={[
            ['', 'local'],
            ['global', 'global'],
          ]}
          onChange={(next) => (form.locality.value = next)}
        />
      </div>
      <CodeField
        label="Configuration"
        value={form.config}
        rows={8}
        placeholder={EXAMPLES[form.type.value] ?? ''}
        marked={problem?.line}
        problem={problem?.text}
        hint="JSON, with the names that the API has."
      />
    </>
  );
}

function FilledMethodForm({ row: began, onClose }: FormProps<AuthMethodShape>) {
  const { api, live } = useApp();
  const action = useAction();
  const form = useMethodForm(began);
  const submit = async () => {
    const name = form.name.value.trim();
    const path = began ? apiPath('acl', 'auth-method', began.Name) : '/v1/acl/auth-method';
    const work = async () => {
      const problem = jsonProblem(form.config.value || '{}');
      if (problem) throw new Error(`The configuration is no JSON: ${problem.text}`);
      await overUnchanged(api, path, began, () => api.send('PUT', path, methodBody(form)));
    };
    if (!(await action.run(work, `Saved the auth method ${name}.`))) return;
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
      <MethodFields form={form} isNew={began === undefined} />
    </DialogForm>
  );
}

/** Lists leave the configuration out, so an editor asks for the method first. */
function StoredMethodForm({ name, onClose }: { name: string; onClose: () => void }) {
  const { data, error } = useAnswer<AuthMethodShape>(apiPath('acl', 'auth-method', name));
  if (data.value) return <FilledMethodForm row={data.value} onClose={onClose} />;
  return error.value ? <Refusal error={error.value} what="this method" /> : <Loading what="the method" />;
}

function MethodForm({ row, onClose }: FormProps<AuthMethodShape>) {
  return (
    <Dialog title={row ? `Edit ${row.Name}` : 'Create an auth method'} onClose={onClose} class="wide">
      {row ? (
        <StoredMethodForm name={row.Name} onClose={onClose} />
      ) : (
        <FilledMethodForm row={undefined} onClose={onClose} />
      )}
    </Dialog>
  );
}

function MethodDetails({ row }: { row: AuthMethodShape }) {
  const { router } = useApp();
  const config = useLive<AuthMethodShape>(apiPath('acl', 'auth-method', row.Name)).data.value;
  return (
    <>
      <Facts
        facts={[
          ['type', row.Type],
          ['shown as', row.DisplayName ?? ''],
          ['description', row.Description ?? ''],
          ['tokens end', config?.MaxTokenTTL ? `after ${config.MaxTokenTTL}` : 'never'],
          ['locality of tokens', row.TokenLocality === 'global' ? 'global' : 'local'],
          [
            'gives',
            <a key="rules" href={router.to(['acls', 'binding-rules'], { q: row.Name })}>
              what its binding rules say
            </a>,
          ],
        ]}
      />
      {config?.Config && (
        <Output label="Configuration" isTall>
          {JSON.stringify(config.Config, null, 2)}
        </Output>
      )}
    </>
  );
}

const METHODS: AclKind<AuthMethodShape> = {
  path: '/v1/acl/auth-methods',
  pathOf: (row) => apiPath('acl', 'auth-method', row.Name),
  name: 'auth-methods',
  noun: 'auth method',
  nouns: 'auth methods',
  about: 'An auth method checks who somebody is, and gives a token for that.',
  keyOf: (row) => row.Name,
  titleOf: (row) => row.Name,
  textOf: (row) => `${row.Name} ${row.Type} ${row.DisplayName ?? ''} ${row.Description ?? ''}`,
  compare: (a, b) => byText(a.Name, b.Name),
  columns: [
    { key: 'type', title: 'Type', cell: (row) => row.Type },
    { key: 'about', title: 'Description', cell: (row) => row.Description || row.DisplayName },
  ],
  Details: MethodDetails,
  Form: MethodForm,
  farewell: () => 'Its binding rules and every token of its logins go with it. It cannot be brought back.',
};

export function AuthMethodsSection() {
  return <AclSection kind={METHODS} />;
}

const BIND_TYPES = [
  ['service', 'a service identity'],
  ['node', 'a node identity'],
  ['role', 'a role'],
  ['policy', 'a policy'],
  ['templated-policy', 'a templated policy'],
] as const;

const bindText = ({ BindType, BindName, BindVars }: BindingRuleShape): string =>
  `${BindType} ${BindName}${BindVars?.Name ? `:${BindVars.Name}` : ''}`;

function useRuleForm(row: BindingRuleShape | undefined) {
  return {
    method: useSignal(row?.AuthMethod ?? ''),
    description: useSignal(row?.Description ?? ''),
    selector: useSignal(row?.Selector ?? ''),
    type: useSignal(row?.BindType ?? 'service'),
    name: useSignal(row?.BindName ?? ''),
    variable: useSignal(row?.BindVars?.Name ?? ''),
  };
}

function RuleFields({ form }: { form: ReturnType<typeof useRuleForm> }) {
  const methods = useLive<readonly AuthMethodShape[]>('/v1/acl/auth-methods').data.value ?? [];
  return (
    <>
      <div class="form-grid">
        <TextField
          label="Auth method"
          value={form.method}
          isRequired
          isMono
          suggestions={methods.map(({ Name }) => Name)}
        />
        <TextField label="Description" value={form.description} />
      </div>
      <TextField
        label="For which logins"
        value={form.selector}
        isMono
        placeholder={'value.team == "web" or "ops" in list.groups'}
        hint="An expression; empty: every login."
      />
      <div class="form-grid">
        <Choice
          label="Gives"
          value={form.type.value}
          options={BIND_TYPES}
          onChange={(next) => (form.type.value = next)}
        />
        <TextField
          label="Name of it"
          value={form.name}
          isRequired
          isMono
          placeholder="web-${value.name}"
          hint="${value.NAME} is what the login says, in lower case."
        />
        {form.type.value === 'templated-policy' && (
          <TextField
            label="Variable name"
            value={form.variable}
            isMono
            hint="The value of the variable name of the template, such as ${value.user}."
          />
        )}
      </div>
    </>
  );
}

function RuleForm({ row, onClose }: FormProps<BindingRuleShape>) {
  const { api, live } = useApp();
  const action = useAction();
  const began = useSignal(row).peek();
  const form = useRuleForm(began);
  const submit = async () => {
    const path = began ? apiPath('acl', 'binding-rule', began.ID) : '/v1/acl/binding-rule';
    const body = {
      AuthMethod: form.method.value.trim(),
      Description: form.description.value.trim(),
      Selector: form.selector.value.trim(),
      BindType: form.type.value,
      BindName: form.name.value.trim(),
      ...(form.type.value === 'templated-policy' &&
        form.variable.value.trim() !== '' && { BindVars: { Name: form.variable.value.trim() } }),
    };
    const work = () => overUnchanged(api, path, began, () => api.send('PUT', path, body));
    if (!(await action.run(work, 'Saved the binding rule.'))) return;
    live.refresh();
    onClose();
  };
  return (
    <Dialog title={began ? 'Edit a binding rule' : 'Create a binding rule'} onClose={onClose} class="wide">
      <DialogForm
        action={action}
        verb={began ? 'Save' : 'Create'}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <RuleFields form={form} />
      </DialogForm>
    </Dialog>
  );
}

function RuleDetails({ row }: { row: BindingRuleShape }) {
  return (
    <Facts
      facts={[
        ['auth method', row.AuthMethod],
        ['description', row.Description],
        ['for logins of', row.Selector === '' ? 'everybody' : <code key="selector">{row.Selector}</code>],
        ['gives', <code key="gives">{bindText(row)}</code>],
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

const RULES: AclKind<BindingRuleShape> = {
  path: '/v1/acl/binding-rules',
  pathOf: (row) => apiPath('acl', 'binding-rule', row.ID),
  name: 'binding-rules',
  noun: 'binding rule',
  nouns: 'binding rules',
  about: 'A binding rule says what a login by an auth method gives.',
  keyOf: (row) => row.ID,
  titleOf: (row) => row.Description || row.AuthMethod,
  textOf: (row) => `${row.AuthMethod} ${row.Description} ${row.Selector} ${bindText(row)}`,
  compare: (a, b) => byText(a.AuthMethod, b.AuthMethod) || byText(a.ID, b.ID),
  columns: [
    { key: 'gives', title: 'Gives', cell: (row) => <span class="mono">{bindText(row)}</span> },
    { key: 'selector', title: 'For', cell: (row) => row.Selector || 'every login' },
  ],
  Details: RuleDetails,
  Form: RuleForm,
  farewell: () => 'Logins from now on get less; tokens of earlier logins keep what they have.',
};

export function BindingRulesSection() {
  return <AclSection kind={RULES} />;
}
