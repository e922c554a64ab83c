/**
 * Access control: who one is, who may what, and its tokens, policies, roles, auth methods and binding rules.
 *
 * Loaded when somebody goes there (app/pages.tsx). Without access control it says how to switch it on.
 */
import { SELF } from '../api/paths.ts';
import type { AgentSelf } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Empty, Loading, PageHead } from '../parts/basic.tsx';
import { Command } from '../parts/command.tsx';
import { AuthMethodsSection, BindingRulesSection } from './acl-login.tsx';
import { PoliciesSection } from './acl-policies.tsx';
import { RolesSection } from './acl-roles.tsx';
import { TokensSection } from './acl-tokens.tsx';
import { WhoMay } from './acl-who-may.tsx';
import { OwnToken } from './acl-you.tsx';

const SECTIONS = [
  [undefined, 'You'],
  ['who', 'Who may'],
  ['tokens', 'Tokens'],
  ['policies', 'Policies'],
  ['roles', 'Roles'],
  ['auth-methods', 'Auth methods'],
  ['binding-rules', 'Binding rules'],
] as const;

type SectionName = (typeof SECTIONS)[number][0];

const DRAWN: Readonly<Record<NonNullable<SectionName>, () => preact.JSX.Element>> = {
  who: () => <WhoMay />,
  tokens: () => <TokensSection />,
  policies: () => <PoliciesSection />,
  roles: () => <RolesSection />,
  'auth-methods': () => <AuthMethodsSection />,
  'binding-rules': () => <BindingRulesSection />,
};

const HOW = `acl {
  enabled        = true
  default_policy = "deny"
}`;

function SwitchedOff() {
  return (
    <section class="card first-service">
      <header>
        <h2>Access control is off</h2>
      </header>
      <p>
        Everybody who reaches this agent may read and change everything. To decide who may what, add this to
        the configuration of every agent, servers and client agents, and restart them one after the other. A
        client agent also needs a token in acl.tokens.agent that gives node:write on its node name:
      </p>
      <Command label="the option that switches access control on" text={HOW} />
      <p>Then make the first token, which may do everything, and sign in with it here:</p>
      <Command label="make the first token" text="rollcall acl bootstrap" />
      <p class="hint">
        With “allow” as the default policy nothing is refused until a rule says so: a way to begin while
        programs still have no tokens. The page acl.md of the documentation tells the rest.
      </p>
    </section>
  );
}

function SubPages({ section }: { section: SectionName }) {
  const { router } = useApp();
  return (
    <nav class="sub-pages" aria-label="Access control">
      {SECTIONS.map(([name, title]) => (
        <a
          key={title}
          href={router.to(name === undefined ? ['acls'] : ['acls', name])}
          aria-current={name === section ? 'page' : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
}

function Sections({ rest }: { rest: string | undefined }) {
  const section = SECTIONS.find(([name]) => name === rest)?.[0];
  if (rest !== undefined && section === undefined) return <Empty title="There is no such page." />;
  return (
    <>
      <SubPages section={section} />
      {section === undefined ? <OwnToken /> : DRAWN[section]()}
    </>
  );
}

export function AclPage({ rest }: { rest: string | undefined }) {
  const self = useLive<AgentSelf>(SELF);
  const state = self.data.value?.Stats?.['consul']?.['acl'];
  // Whoever may not see the agent is refused by access control, so it is on.
  const isOn = state === 'enabled' || (self.error.value?.isAway === false && state === undefined);
  return (
    <>
      <PageHead title="Access" about="Who may see and change what." />
      {state === 'disabled' && <SwitchedOff />}
      {isOn && <Sections rest={rest} />}
      {state === undefined && !self.error.value && <Loading what="access control" />}
    </>
  );
}
