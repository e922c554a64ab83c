/** The side bar: where one can go, how much is there, which agent this is, and the settings of the page. */
import { FAILING, SELF, SERVICES } from '../api/paths.ts';
import type { AgentSelf, CheckShape, ServiceSummary } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { Icon } from '../parts/icon.tsx';
import { isMaintenance } from '../parts/status.tsx';
import { count } from '../parts/text.ts';
import { useApp } from './app.ts';
import { PAGES, pageOf } from './pages.tsx';
import { THEMES, type Theme } from './settings.ts';
import { SignIn, SignInButton } from './sign-in.tsx';

interface Badge {
  readonly text: string;
  readonly isBad?: boolean;
}

/** Numbers beside the names of pages. */
function useBadges(): Readonly<Record<string, Badge>> {
  const services = useLive<readonly ServiceSummary[]>(SERVICES).data.value;
  const failing = useLive<readonly CheckShape[]>(FAILING).data.value;
  const badCount = failing?.filter((check) => !isMaintenance(check)).length ?? 0;
  return {
    ...(services && { Services: { text: count(services.length) } }),
    ...(badCount > 0 && { Checks: { text: count(badCount), isBad: true } }),
  };
}

function PageLinks() {
  const { router } = useApp();
  const badges = useBadges();
  const current = pageOf(router.place.value.segments);
  return (
    <ul>
      {PAGES.map((page) => {
        const badge = badges[page.title];
        return (
          <li key={page.title}>
            <a href={router.to(page.segments)} aria-current={page === current ? 'page' : undefined}>
              <Icon name={page.icon} />
              <span>{page.title}</span>
              {badge && (
                <span class={badge.isBad ? 'badge is-critical' : 'badge'}>
                  {badge.text}
                  {badge.isBad && <span class="unseen"> not passing</span>}
                </span>
              )}
            </a>
          </li>
        );
      })}
    </ul>
  );
}

const THEME_TEXT: Readonly<Record<Theme, readonly [icon: 'auto' | 'sun' | 'moon', text: string]>> = {
  auto: ['auto', 'Colours of the system'],
  light: ['sun', 'Light colours'],
  dark: ['moon', 'Dark colours'],
};

function ThemeSwitch() {
  const { settings } = useApp();
  return (
    <fieldset class="theme" aria-label="Colours">
      {THEMES.map((theme) => {
        const [icon, text] = THEME_TEXT[theme];
        return (
          <button
            type="button"
            key={theme}
            title={text}
            aria-label={text}
            aria-pressed={settings.theme.value === theme}
            onClick={() => settings.setTheme(theme)}
          >
            <Icon name={icon} size={15} />
          </button>
        );
      })}
    </fieldset>
  );
}

function Whereabouts() {
  const { live } = useApp();
  const self = useLive<AgentSelf>(SELF).data.value;
  const kind = live.connection.value.kind;
  const text = { starting: 'connecting', here: 'live', away: 'away' }[kind];
  return (
    <p class="whereabouts">
      <span class={`beacon is-${kind}`} />
      <span class="unseen">Connection: </span>
      {text}
      {self && (
        <span class="where">
          {self.Config.NodeName} · {self.Config.Datacenter}
        </span>
      )}
    </p>
  );
}

interface NavigationProps {
  readonly onHelp: () => void;
  readonly onSearch: () => void;
}

export function Navigation({ onHelp, onSearch }: NavigationProps) {
  const { router } = useApp();
  return (
    <nav id="navigation" aria-label="Pages">
      <a class="wordmark" href={router.to([])}>
        <img src={new URL('icon.svg', document.baseURI).href} alt="" width="22" height="22" />
        rollcall
      </a>
      <button type="button" class="search-all" onClick={onSearch} aria-keyshortcuts="Control+K Meta+K">
        <Icon name="queries" size={15} />
        <span>Search</span>
        <kbd>Ctrl K</kbd>
      </button>
      <PageLinks />
      <div class="nav-foot">
        <Whereabouts />
        <div class="nav-tools">
          <ThemeSwitch />
          <SignInButton />
          <button type="button" class="quiet" title="Keyboard" aria-label="Keyboard" onClick={onHelp}>
            <Icon name="help" size={16} />
          </button>
        </div>
      </div>
      <SignIn />
    </nav>
  );
}
