/**
 * Values of keys that were typed and not saved, and a new key that was not created, so that closing the editor, going to
 * another page or loading this one again loses nobody's work. They live as long as the tab: in memory, and in its session
 * storage while the page is away.
 */
import type { KvShape } from '../api/shapes.ts';

/** What was typed over the version `base`. */
export interface KeyDraft {
  readonly base: KvShape;
  readonly text: string;
  readonly flags: string;
}

/** What was typed into the form of a new key. */
export interface NewKey {
  readonly key: string;
  readonly text: string;
}

export interface KeyDrafts {
  /** The new key that was begun; undefined when none is. */
  begun(): NewKey | undefined;
  begin(draft: NewKey | undefined): void;
  /** The draft of a key; undefined when nothing is unsaved. */
  of(key: string): KeyDraft | undefined;
  keep(draft: KeyDraft): void;
  forget(key: string): void;
  /** How many keys have a draft. */
  count(): number;
  forgetAll(): void;
}

const STORED_UNDER = 'rollcall.key-drafts';
const NEW_STORED_UNDER = 'rollcall.new-key';

function isNewKey(value: unknown): value is NewKey {
  const { key, text } = (value ?? {}) as Partial<NewKey>;
  return typeof key === 'string' && typeof text === 'string';
}

function isDraft(value: unknown): value is KeyDraft {
  const { base, text, flags } = (value ?? {}) as Partial<KeyDraft>;
  return typeof base?.Key === 'string' && typeof text === 'string' && typeof flags === 'string';
}

/** What the page left behind when it went away; nothing when that cannot be read. */
function takeStored(name: string): unknown {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(name) ?? 'null');
    sessionStorage.removeItem(name);
    return stored;
  } catch {
    return undefined;
  }
}

function store(drafts: readonly KeyDraft[], begun: NewKey | undefined): void {
  try {
    if (drafts.length > 0) sessionStorage.setItem(STORED_UNDER, JSON.stringify(drafts));
    if (begun) sessionStorage.setItem(NEW_STORED_UNDER, JSON.stringify(begun));
  } catch {
    // no storage, or too little: what was typed is lost, as it is in every other form
  }
}

export function createKeyDrafts(): KeyDrafts {
  const stored = takeStored(STORED_UNDER);
  const known = Array.isArray(stored) ? stored.filter(isDraft) : [];
  const drafts = new Map(known.map((draft) => [draft.base.Key, draft]));
  const storedNew = takeStored(NEW_STORED_UNDER);
  let begun = isNewKey(storedNew) ? storedNew : undefined;
  window.addEventListener('pagehide', () => store([...drafts.values()], begun));
  return {
    begun: () => begun,
    begin: (draft) => {
      begun = draft;
    },
    of: (key) => drafts.get(key),
    keep: (draft) => void drafts.set(draft.base.Key, draft),
    forget: (key) => void drafts.delete(key),
    count: () => drafts.size + (begun ? 1 : 0),
    forgetAll: () => {
      drafts.clear();
      begun = undefined;
    },
  };
}
