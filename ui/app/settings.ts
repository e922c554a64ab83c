/**
 * What a person chose: colours (kept in this browser) and an access token (kept until the tab is closed).
 *
 * The token is sent in a header only; it never becomes part of an address.
 */
import { type Signal, signal } from '@preact/signals';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export interface Settings {
  readonly theme: Signal<Theme>;
  readonly token: Signal<string>;
  setTheme(theme: Theme): void;
  setToken(token: string): void;
}

const THEME_KEY = 'rollcall.theme';
const TOKEN_KEY = 'rollcall.token';

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

export function createSettings(): Settings {
  const stored = attempt(() => localStorage.getItem(THEME_KEY));
  const theme = signal<Theme>(THEMES.find((name) => name === stored) ?? 'auto');
  const token = signal(attempt(() => sessionStorage.getItem(TOKEN_KEY)) ?? '');
  applyTheme(theme.value);
  return {
    theme,
    token,
    setTheme(next) {
      theme.value = next;
      applyTheme(next);
      attempt(() => localStorage.setItem(THEME_KEY, next));
    },
    setToken(next) {
      token.value = next;
      attempt(() => sessionStorage.setItem(TOKEN_KEY, next));
    },
  };
}
