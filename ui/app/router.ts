/**
 * Addresses of the page: `<base>services/web?q=…` through the History API.
 *
 * Links are ordinary `<a href>`; a click on one that stays under the base is taken over here, everything else (other
 * origins, new tabs, downloads) stays the browser's. Filters live in the query, so that an address can be passed on.
 */

import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { fromConsul, fromKeyPath } from './consul-links.ts';

interface Place {
  /** Decoded segments after the base: [] is the overview. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

type Changes = Readonly<Record<string, string>>;

export interface Router {
  readonly place: ReadonlySignal<Place>;
  /** Address of a page of this site. */
  to(segments: readonly string[], query?: Readonly<Record<string, string>>): string;
  go(href: string): void;
  /** Change parts of the query without a new entry in the history; '' removes. */
  setQuery(changes: Changes): void;
  /** Like setQuery, for details over or beside a list: the browser's way back closes them. */
  openDetails(changes: Changes): void;
  closeDetails(changes: Changes): void;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function readPlace(basePath: string): Place {
  const rest = location.pathname.slice(basePath.length);
  return {
    segments: rest.split('/').filter(Boolean).map(decode),
    query: new URLSearchParams(location.search),
  };
}

/** Give an address of Consul's page, or the path of a key, the form that this page has for it. */
function translatePlace(basePath: string): void {
  const { segments } = readPlace(basePath);
  const translated =
    fromConsul(segments, (name) => OWN_PAGES.has(name)) ??
    fromKeyPath(segments, location.pathname.endsWith('/'));
  if (translated === undefined) return;
  const path = translated.segments.map(encodeURIComponent).join('/');
  const query = queryText(new URLSearchParams(translated.query));
  history.replaceState(history.state, '', `${basePath}${path}${query}`);
}

/** The link that a plain left click on `event` follows, if it leads to a page of this site. */
function innerLink(event: MouseEvent, basePath: string): string | undefined {
  const hasModifier = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (event.defaultPrevented || event.button !== 0 || hasModifier) return undefined;
  const anchor = event.target instanceof Element ? event.target.closest('a') : null;
  if (!anchor || anchor.target || anchor.hasAttribute('download')) return undefined;
  const url = new URL(anchor.href);
  const isInner = url.origin === location.origin && url.pathname.startsWith(basePath);
  return isInner && url.hash === '' ? url.href : undefined;
}

function queryText(query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

const currentPlace = (): string => `${location.pathname}${location.search}`;

/** The current address with other parts of its query; '' removes. */
function changedPlace(changes: Changes): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  return `${location.pathname}${queryText(query)}`;
}

/** The address that the entry before this one shows, when this one only has details open over it. */
function listBehind(): string | undefined {
  return (history.state as { readonly list?: string } | null)?.list;
}

/** First segments of this page's own addresses; whatever else comes first may be a datacenter. */
const OWN_PAGES: ReadonlySet<string> = new Set(
  'services nodes map servers checks kv queries events history dns agent acls'.split(' '),
);

export function createRouter(): Router {
  const basePath = new URL(document.baseURI).pathname;
  translatePlace(basePath);
  const place: Signal<Place> = signal(readPlace(basePath));
  const update = () => {
    translatePlace(basePath);
    place.value = readPlace(basePath);
  };
  function replace(href: string): void {
    history.replaceState(history.state, '', href);
    update();
  }
  function go(href: string): void {
    history.pushState(null, '', href);
    update();
    window.scrollTo(0, 0);
  }
  window.addEventListener('popstate', update);
  document.addEventListener('click', (event) => {
    const href = innerLink(event, basePath);
    if (href === undefined) return;
    event.preventDefault();
    go(href);
  });
  return {
    place,
    go,
    to(segments, query = {}) {
      const path = segments.map(encodeURIComponent).join('/');
      return `${basePath}${path}${queryText(new URLSearchParams(query))}`;
    },
    setQuery: (changes) => replace(changedPlace(changes)),
    openDetails(changes) {
      if (listBehind() !== undefined) return replace(changedPlace(changes));
      history.pushState({ list: currentPlace() }, '', changedPlace(changes));
      update();
    },
    closeDetails(changes) {
      const target = changedPlace(changes);
      // Where the list was filtered meanwhile, going back would undo that.
      if (listBehind() === target) history.back();
      else replace(target);
    },
  };
}
