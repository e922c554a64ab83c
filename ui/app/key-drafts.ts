/**
 * Values of keys that were typed and not saved, so that closing the editor, going to another page or loading this one
 * again loses nobody's work. They live as long as the tab: in memory, and in its session storage while the page is away.
 */
import type { KvShape } from '../api/shapes.ts';

/** What was typed over the version `base`. */
export interface KeyDraft {
  readonly base: KvShape;
  readonly text: string;
  readonly flags: string;
}

export interface KeyDrafts {
  /** The draft of a key; undefined when nothing is unsaved. */
  of(key: string): KeyDraft | undefined;
  keep(draft: KeyDraft): void;
  forget(key: string): void;
  /** How many keys have a draft. */
  count(): number;
  forgetAll(): void;
}

const STORED_UNDER = 'rollcall.key-drafts';

function isDraft(value: unknown): value is KeyDraft {
  const { base, text, flags } = (value ?? {}) as Partial<KeyDraft>;
  return typeof base?.Key === 'string' && typeof text === 'string' && typeof flags === 'string';
}

/** What the page left behind when it went away; nothing when that cannot be read. */
function takeStored(): readonly KeyDraft[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(STORED_UNDER) ?? '[]');
    sessionStorage.removeItem(STORED_UNDER);
    return Array.isArray(stored) ? stored.filter(isDraft) : [];
  } catch {
    return [];
  }
}

function store(drafts: readonly KeyDraft[]): void {
  try {
    if (drafts.length > 0) sessionStorage.setItem(STORED_UNDER, JSON.stringify(drafts));
  } catch {
    // no storage, or too little: what was typed is lost, as it is in every other form
  }
}

export function createKeyDrafts(): KeyDrafts {
  const drafts = new Map(takeStored().map((draft) => [draft.base.Key, draft]));
  window.addEventListener('pagehide', () => store([...drafts.values()]));
  return {
    of: (key) => drafts.get(key),
    keep: (draft) => void drafts.set(draft.base.Key, draft),
    forget: (key) => void drafts.delete(key),
    count: () => drafts.size,
    forgetAll: () => drafts.clear(),
  };
}
