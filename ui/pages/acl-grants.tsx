/** What a token or a role gives: the fields of its form, and the same as facts with links. */
import { type Signal, useSignal } from '@preact/signals';
import type { GrantsShape, LinkShape, PolicyShape, RoleShape } from '../api/acl-shapes.ts';
import { SELF } from '../api/paths.ts';
import type { AgentSelf } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import {
  readNodeIdentity,
  readServiceIdentity,
  readTemplatedPolicy,
  sayNodeIdentity,
  sayServiceIdentity,
  sayTemplatedPolicy,
} from '../app/grant-texts.ts';
import { Tags } from '../parts/basic.tsx';
import { PickList } from '../parts/pick-list.tsx';

type Grants = GrantsShape & { readonly Roles?: readonly LinkShape[] | null };

export interface GrantsForm {
  readonly policies: Signal<readonly string[]>;
  readonly roles: Signal<readonly string[]>;
  readonly services: Signal<readonly string[]>;
  readonly nodes: Signal<readonly string[]>;
  readonly templates: Signal<readonly string[]>;
}

const namesOf = (links: readonly LinkShape[] | null | undefined) => (links ?? []).map(({ Name }) => Name);

export function useGrantsForm(given: Grants | undefined): GrantsForm {
  return {
    policies: useSignal<readonly string[]>(namesOf(given?.Policies)),
    roles: useSignal<readonly string[]>(namesOf(given?.Roles)),
    services: useSignal<readonly string[]>((given?.ServiceIdentities ?? []).map(sayServiceIdentity)),
    nodes: useSignal<readonly string[]>((given?.NodeIdentities ?? []).map(sayNodeIdentity)),
    templates: useSignal<readonly string[]>((given?.TemplatedPolicies ?? []).map(sayTemplatedPolicy)),
  };
}

/** The form as the API takes it; `datacenter` is that of node identities without one. */
export function grantsOf(form: GrantsForm, datacenter: string): object {
  const links = (names: readonly string[]) => names.map((Name) => ({ Name }));
  return {
    Policies: links(form.policies.value),
    ServiceIdentities: form.services.value.map(readServiceIdentity),
    NodeIdentities: form.nodes.value.map((text) => readNodeIdentity(text, datacenter)),
    TemplatedPolicies: form.templates.value.map(readTemplatedPolicy),
  };
}

export function useDatacenter(): string {
  return useLive<AgentSelf>(SELF).data.value?.Config.Datacenter ?? '';
}

const refuseUnless =
  (read: (text: string) => unknown, how: string) =>
  (text: string): string =>
    read(text) === undefined ? how : '';

export function GrantsFields({ form, hasRoles }: { form: GrantsForm; hasRoles: boolean }) {
  const datacenter = useDatacenter();
  const policies = useLive<readonly PolicyShape[]>('/v1/acl/policies').data.value ?? [];
  const roles = useLive<readonly RoleShape[]>('/v1/acl/roles').data.value ?? [];
  const templates = useLive<Readonly<Record<string, unknown>>>('/v1/acl/templated-policies').data.value;
  return (
    <>
      <PickList label="Policies" values={form.policies} suggestions={policies.map(({ Name }) => Name)} />
      {hasRoles && <PickList label="Roles" values={form.roles} suggestions={roles.map(({ Name }) => Name)} />}
      <PickList
        label="Service identities"
        values={form.services}
        placeholder="web"
        hint="May register this service and find all others. web@dc1 holds in dc1 only."
        refuse={refuseUnless(readServiceIdentity, 'The name of a service is missing.')}
      />
      <PickList
        label="Node identities"
        values={form.nodes}
        placeholder={`n1@${datacenter}`}
        hint="May register this node and find services."
        refuse={refuseUnless((text) => readNodeIdentity(text, datacenter), 'Write NODE or NODE@DATACENTER.')}
      />
      <PickList
        label="Templated policies"
        values={form.templates}
        suggestions={Object.keys(templates ?? {})}
        placeholder="builtin/dns"
        hint="Those about one thing name it: builtin/service:web."
        refuse={refuseUnless(readTemplatedPolicy, 'The name of a template is missing.')}
      />
    </>
  );
}

function Links({ to, links }: { to: string; links: readonly LinkShape[] }) {
  const { router } = useApp();
  return (
    <>
      {links.map(({ ID, Name }, at) => (
        <span key={ID}>
          {at > 0 && ', '}
          <a href={router.to(['acls', to], { at: ID })}>{Name}</a>
        </span>
      ))}
    </>
  );
}

/** Rows for <Facts>. */
export function grantFacts(grants: Grants) {
  const { Policies, Roles, ServiceIdentities, NodeIdentities, TemplatedPolicies } = grants;
  const tags = (texts: readonly string[]) => texts.length > 0 && <Tags tags={texts} limit={50} />;
  return [
    ['policies', (Policies ?? []).length > 0 && <Links to="policies" links={Policies ?? []} />],
    ['roles', (Roles ?? []).length > 0 && <Links to="roles" links={Roles ?? []} />],
    ['services', tags((ServiceIdentities ?? []).map(sayServiceIdentity))],
    ['nodes', tags((NodeIdentities ?? []).map(sayNodeIdentity))],
    ['templates', tags((TemplatedPolicies ?? []).map(sayTemplatedPolicy))],
  ] as const;
}
