/**
 * What a person chose: colours (kept in this browser) and the token to sign in with (kept until the tab is closed).
 *
 * The token is sent in a header only; it never becomes part of an address.
 */
import { type Signal, signal } from '@preact/signals';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Whose token it is; nothing of it is secret. */
export interface Identity {
  readonly accessor: string;
  readonly description: string;
  /** Method of the login that gave the token; '' for others. */
  readonly authMethod: string;
}

export interface Settings {
  readonly theme: Signal<Theme>;
  readonly token: Signal<string>;
  /** Of the token; undefined without one, or where access control is off. */
  readonly identity: Signal<Identity | undefined>;
  setTheme(theme: Theme): void;
  setToken(token: string, identity: Identity | undefined): void;
}

const THEME_KEY = 'rollcall.theme';
const TOKEN_KEY = 'rollcall.token';
const IDENTITY_KEY = 'rollcall.identity';

/** Storage may be forbidden by the browser; then a choice lasts as long as the page. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function applyTheme(theme: Theme): void {
  if (theme === 'auto') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme);
}

function storedIdentity(): Identity | undefined {
  const stored: unknown = attempt(() => JSON.parse(sessionStorage.getItem(IDENTITY_KEY) ?? 'null'));
  const { accessor, description, authMethod } = (stored ?? {}) as Partial<Identity>;
  if (typeof accessor !== 'string') return undefined;
  return { accessor, description: description ?? '', authMethod: authMethod ?? '' };
}

export function createSettings(): Settings {
  const stored = attempt(() => localStorage.getItem(THEME_KEY));
  const theme = signal<Theme>(THEMES.find((name) => name === stored) ?? 'auto');
  const token = signal(attempt(() => sessionStorage.getItem(TOKEN_KEY)) ?? '');
  const identity = signal(storedIdentity());
  applyTheme(theme.value);
  return {
    theme,
    token,
    identity,
    setTheme(next) {
      theme.value = next;
      applyTheme(next);
      attempt(() => localStorage.setItem(THEME_KEY, next));
    },
    setToken(next, whose) {
      token.value = next;
      identity.value = whose;
      attempt(() => sessionStorage.setItem(TOKEN_KEY, next));
      attempt(() => sessionStorage.setItem(IDENTITY_KEY, JSON.stringify(whose ?? null)));
    },
  };
}
