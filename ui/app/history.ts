/**
 * Entries of the agent's history in sentences: "web-1 · Service 'web' check turned critical".
 *
 * Pure. The agent keeps the history, so it is the same after a reload, and on every page that shows a part of it.
 */
import type { HistoryEntry, Status } from '../api/shapes.ts';

/** How an entry looks: like a status where it is about one. */
export type Look = 'appeared' | 'gone' | 'changed' | Status;

export interface Told {
  /** What it is about; the page of it stands beside. */
  readonly who: string;
  /** Segments of the page of what it is about; none leads nowhere. */
  readonly page: readonly string[];
  readonly look: Look;
  readonly text: string;
  /** Who did it, or why; '' when nobody is known. */
  readonly origin: string;
}

type Rule = (entry: HistoryEntry) => Pick<Told, 'look' | 'text'>;

const LOOKS: Readonly<Record<string, Look>> = {
  registered: 'appeared',
  created: 'appeared',
  joined: 'appeared',
  back: 'passing',
  deregistered: 'gone',
  deleted: 'gone',
  failed: 'critical',
  entered: 'maintenance',
  left: 'passing',
  critical: 'critical',
  warning: 'warning',
  passing: 'passing',
};

const lookOf = (action: string): Look => LOOKS[action] ?? 'changed';

/** Names of the fields that differ, as far as a sentence holds them. */
function fieldsOf({ Before, After }: HistoryEntry): string {
  const fields = typeof After === 'object' && After !== null ? After : Before;
  const names = typeof fields === 'object' && fields !== null ? Object.keys(fields) : [];
  return names.length === 0 ? '' : ` (${names.slice(0, 4).join(', ')}${names.length > 4 ? ' …' : ''})`;
}

const firstLine = (text: string | undefined): string => text?.trim().split('\n', 1)[0] ?? '';

const withReason = (text: string, reason: string | undefined): string => {
  const line = firstLine(reason);
  return line === '' ? text : `${text}: ${line}`;
};

const STATUS_TEXT: Readonly<Record<string, string>> = {
  critical: 'turned critical',
  warning: 'warns',
  passing: 'is no longer failing',
};

const plain: Rule = ({ Action }) => ({ look: lookOf(Action), text: `was ${Action}` });

const RULES: Readonly<Record<string, Rule>> = {
  service: (entry) =>
    entry.Action === 'changed' ? { look: 'changed', text: `was changed${fieldsOf(entry)}` } : plain(entry),
  node: (entry) =>
    entry.Action === 'changed' ? { look: 'changed', text: `was changed${fieldsOf(entry)}` } : plain(entry),
  check: ({ Action, Name, CheckID, Output }) => {
    const said = STATUS_TEXT[Action] ?? `was ${Action}`;
    return { look: lookOf(Action), text: withReason(`${Name || CheckID || 'a check'} ${said}`, Output) };
  },
  maintenance: ({ Action, Output }) =>
    Action === 'entered'
      ? { look: 'maintenance', text: withReason('went into maintenance', Output) }
      : { look: 'passing', text: 'is back from maintenance' },
  member: ({ Action }) =>
    Action === 'back'
      ? { look: 'passing', text: 'is back' }
      : { look: lookOf(Action), text: Action === 'joined' ? 'joined' : 'failed' },
  leader: ({ Before }) => ({
    look: 'changed',
    text: Before ? `leads now, after ${String(Before)}` : 'leads',
  }),
};

function pageOf({ Kind, Node, Service, Key }: HistoryEntry): readonly string[] {
  if (Kind === 'kv' && Key !== undefined) return ['kv'];
  if (Kind === 'query') return ['queries'];
  if (Service !== undefined) return ['services', Service];
  return Node === undefined ? [] : ['nodes', Node];
}

function whoOf({ ServiceID, Node, Key, Name, Kind }: HistoryEntry): string {
  return ServiceID ?? Key ?? (Kind === 'check' || Kind === 'maintenance' ? Node : (Name ?? Node)) ?? Kind;
}

function originOf({ By, Why }: HistoryEntry): string {
  const who = By?.AccessorID ?? By?.Address ?? '';
  const why = Why === 'anti-entropy' ? 'by the agent itself' : (Why ?? '');
  return [who === '' ? '' : `by ${who}`, why].filter((text) => text !== '').join(', ');
}

/** An entry in words. */
export function tell(entry: HistoryEntry): Told {
  const told =
    entry.More === undefined
      ? (RULES[entry.Kind] ?? plain)(entry)
      : { look: 'changed' as const, text: `and ${entry.More} more were changed at once` };
  return { who: whoOf(entry), page: pageOf(entry), origin: originOf(entry), ...told };
}
