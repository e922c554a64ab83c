/**
 * The parts that every page of this site uses, built once by main.tsx and handed down through a Preact context.
 *
 * Nothing else keeps state between pages: what a page shows comes from `live`, what was chosen from `settings`, where one
 * is from `router`. To add a service for pages: a field here, its construction in createApp.
 */
import { type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type ApiClient, createClient } from '../api/client.ts';
import { createLivePool, type LivePool } from '../api/live.ts';
import { createClock, type PageClock } from './clock.ts';
import { createDnsHistory, type DnsHistory } from './dns-history.ts';
import { createKeyDrafts, type KeyDrafts } from './key-drafts.ts';
import { createRouter, type Router } from './router.ts';
import { createSettings, type Settings } from './settings.ts';

/** A message about something that was done, or refused; it goes away by itself unless it is a refusal. */
interface Notice {
  readonly id: number;
  readonly kind: 'done' | 'refused';
  readonly text: string;
}

export interface App {
  readonly clock: PageClock;
  readonly api: ApiClient;
  readonly live: LivePool;
  readonly router: Router;
  readonly settings: Settings;
  readonly dns: DnsHistory;
  readonly keyDrafts: KeyDrafts;
  /** Which of the dialogs about the token is open. */
  readonly signing: Signal<'' | 'in' | 'out'>;
  readonly notices: Signal<readonly Notice[]>;
  notify(kind: Notice['kind'], text: string): void;
  dismiss(id: number): void;
}

const NOTICE_MS = 6_000;

export function createApp(): App {
  const clock = createClock();
  const settings = createSettings();
  const api = createClient(() => settings.token.peek());
  const notices = signal<readonly Notice[]>([]);
  let lastId = 0;

  function dismiss(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  }
  return {
    clock,
    settings,
    api,
    live: createLivePool(api, clock),
    router: createRouter(),
    dns: createDnsHistory(),
    keyDrafts: createKeyDrafts(),
    signing: signal(''),
    notices,
    dismiss,
    notify(kind, text) {
      const id = ++lastId;
      notices.value = [...notices.value.slice(-3), { id, kind, text }];
      if (kind === 'done') void clock.pause(NOTICE_MS).then(() => dismiss(id));
    },
  };
}

export const AppContext = createContext<App | undefined>(undefined);

/** The parts of the app. Throws outside of <AppContext.Provider>. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('no app around this component');
  return app;
}
