/**
 * The keyboard: Ctrl-K searches everything, `/` this list, `g` and a letter goes to a page, `?` explains; lists move by arrows or j and k.
 *
 * Nothing but Ctrl-K happens while somebody types into a field, and nothing at all while a dialog is open.
 */
import { useEffect, useRef } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import { useApp } from './app.ts';
import { PAGES } from './pages.tsx';

const OTHER_KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['Ctrl K', 'search everything, or do something'],
  ['/', 'search in this list'],
  ['↓ ↑ or j k', 'next or previous row'],
  ['Enter', 'open'],
  ['→', 'into the details of the row'],
  ['Esc', 'close a panel or dialog'],
  ['?', 'this help'],
];

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, dialog') !== null;
}

function focusSearch(): boolean {
  const search = document.querySelector<HTMLInputElement>('[data-search]');
  search?.focus();
  search?.select();
  return search !== null;
}

/** From the search field down into the list. */
function enterList(): boolean {
  const first = document.querySelector<HTMLElement>('[data-row] a');
  first?.focus();
  return first !== null;
}

function isOutsideList(): boolean {
  return !document.activeElement?.closest('[data-row]');
}

function hasModifier(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** What single keys do; true when they did it. */
function actionsOf(onHelp: () => void): Readonly<Record<string, () => boolean>> {
  return {
    '/': focusSearch,
    ArrowDown: () => isOutsideList() && enterList(),
    j: () => isOutsideList() && enterList(),
    '?': () => {
      onHelp();
      return true;
    },
  };
}

function isSearchDown(event: KeyboardEvent): boolean {
  return (
    event.key === 'ArrowDown' && event.target instanceof Element && event.target.matches('[data-search]')
  );
}

/** Ctrl-K, or the same on a Mac; the browser's own use of it is taken over. */
function isSearchKey(event: KeyboardEvent): boolean {
  return (
    (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k'
  );
}

function useSearchKey(onSearch: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isSearchKey(event)) return;
      event.preventDefault();
      if (!document.querySelector('dialog[open]')) onSearch();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [onSearch]);
}

interface KeyActions {
  readonly onHelp: () => void;
  readonly onSearch: () => void;
}

/** Listen as long as the shell is shown. */
export function useKeys({ onHelp, onSearch }: KeyActions): void {
  const { router } = useApp();
  const isAfterG = useRef(false);
  useEffect(() => {
    const actions = actionsOf(onHelp);
    const press = (key: string): boolean => {
      const page = isAfterG.current ? PAGES.find(({ hotkey }) => hotkey === key) : undefined;
      isAfterG.current = key === 'g';
      if (!page) return actions[key]?.() ?? false;
      router.go(router.to(page.segments));
      return true;
    };
    const onKey = (event: KeyboardEvent) => {
      if (hasModifier(event) || event.defaultPrevented) return;
      const isDone = isTyping(event.target) ? isSearchDown(event) && enterList() : press(event.key);
      if (isDone) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [router, onHelp]);
  useSearchKey(onSearch);
}

export function KeyHelp({ onClose }: { onClose: () => void }) {
  const goKeys = PAGES.map(({ hotkey, title }) => [`g ${hotkey}`, title] as const);
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="key-help">
        {[...goKeys, ...OTHER_KEYS].map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
