/**
 * What stays around every page: navigation, the state of the connection, messages, and the keyboard.
 *
 * To add a page: a row in PAGES (pages.tsx draws it and the navigation names it).
 */
import { useSignal } from '@preact/signals';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { FAILING } from '../api/paths.ts';
import type { CheckShape } from '../api/shapes.ts';
import { CertificateBanner } from '../parts/certificate-banner.tsx';
import { Icon } from '../parts/icon.tsx';
import { RightsNote } from '../parts/rights-note.tsx';
import { isMaintenance } from '../parts/status.tsx';
import { elapsed } from '../parts/text.ts';
import { useApp } from './app.ts';
import { KeyHelp, useKeys } from './keys.tsx';
import { Navigation } from './navigation.tsx';
import { CurrentPage, titleOf } from './pages.tsx';

function AwayBanner() {
  const { live, clock } = useApp();
  const connection = live.connection.value;
  if (connection.kind !== 'away') return null;
  return (
    <div class="away">
      <Icon name="warning" size={16} />
      <p>
        <strong role="alert">The agent does not answer</strong>, for{' '}
        {elapsed(clock.tick.value - connection.sinceMs)} now. What you see is from before; this page tries
        again by itself.
      </p>
      <button type="button" onClick={() => live.refresh()}>
        Try now
      </button>
    </div>
  );
}

function Notices() {
  const { notices, dismiss } = useApp();
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <p key={notice.id} class={`notice is-${notice.kind}`}>
          <span>{notice.text}</span>
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>
            <Icon name="close" size={14} />
          </button>
        </p>
      ))}
    </div>
  );
}

/** Names the page in the window's title, with what fails before it, and moves readers to the new page's head. */
function usePageTitle(): void {
  const { router, live } = useApp();
  // The navigation follows these checks.
  const failing = live.peek<readonly CheckShape[]>(FAILING).data.value ?? [];
  const badCount = failing.filter((check) => !isMaintenance(check)).length;
  const { segments } = router.place.value;
  const isFirst = useRef(true);
  const title = titleOf(segments);
  useEffect(() => {
    document.title = `${badCount > 0 ? `(${badCount}) ` : ''}${title} · rollcall`;
  }, [title, badCount]);
  useEffect(() => {
    if (!isFirst.current) document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [title]);
}

const loadPalette = async () => (await import('./palette.tsx')).Palette;

/** The search is loaded when somebody asks for it; where that fails there is nothing to open. */
function LaterPalette({ onClose }: { onClose: () => void }) {
  const { notify } = useApp();
  const loaded = useSignal<{ readonly Palette: Awaited<ReturnType<typeof loadPalette>> } | undefined>(
    undefined,
  );
  useEffect(() => {
    loadPalette().then(
      (Palette) => (loaded.value = { Palette }),
      () => {
        notify(
          'refused',
          'The search could not be loaded: the agent did not answer, or has another version of it.',
        );
        onClose();
      },
    );
  }, [loaded, notify, onClose]);
  return loaded.value ? <loaded.value.Palette onClose={onClose} /> : null;
}

export function Shell() {
  const { router } = useApp();
  const isMenuOpen = useSignal(false);
  const isHelpOpen = useSignal(false);
  const isSearching = useSignal(false);
  const search = useCallback(() => (isSearching.value = true), [isSearching]);
  const help = useCallback(() => (isHelpOpen.value = true), [isHelpOpen]);
  useKeys({ onHelp: help, onSearch: search });
  usePageTitle();
  const place = router.place.value;
  useEffect(() => {
    if (place) isMenuOpen.value = false;
  }, [place, isMenuOpen]);
  return (
    <div class={`shell ${isMenuOpen.value ? 'is-menu-open' : ''}`}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top-bar">
        <button
          type="button"
          class="quiet menu"
          aria-expanded={isMenuOpen.value}
          aria-controls="navigation"
          onClick={() => {
            isMenuOpen.value = !isMenuOpen.value;
          }}
        >
          <Icon name={isMenuOpen.value ? 'close' : 'menu'} size={20} />
          <span class="unseen">Menu</span>
        </button>
        <span class="wordmark">rollcall</span>
        <button type="button" class="quiet search" aria-label="Search everything" onClick={search}>
          <Icon name="queries" size={18} />
        </button>
      </header>
      <Navigation onHelp={help} onSearch={search} />
      <div class="content">
        <AwayBanner />
        <CertificateBanner />
        <RightsNote />
        <main id="main" tabIndex={-1}>
          <CurrentPage segments={place.segments} />
        </main>
      </div>
      <Notices />
      {isSearching.value && <LaterPalette onClose={() => (isSearching.value = false)} />}
      {isHelpOpen.value && <KeyHelp onClose={() => (isHelpOpen.value = false)} />}
    </div>
  );
}
