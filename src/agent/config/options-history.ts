/**
 * Options of what the catalog remembers of its own past.
 */
import type { OptionTable } from './option-spec.ts';

export const HISTORY_OPTIONS = {
  'history.max_entries': {
    kind: 'integer',
    default: 50_000,
    min: 0,
    reloadable: false,
    doc: 'Entries of the history; the oldest go first. 0 keeps none.',
  },
  'history.max_age': {
    kind: 'duration',
    default: 604_800_000,
    min: 60_000,
    reloadable: false,
    doc: 'How long an entry of the history is kept.',
  },
  'history.max_size': {
    kind: 'bytes',
    default: 16_777_216,
    min: 1,
    reloadable: false,
    doc: 'Octets of the history, in memory and in the store.',
  },
  kv_history: {
    kind: 'list',
    default: [],
    reloadable: false,
    doc: 'Prefixes of keys whose values the history keeps, up to 8 KiB each; of other keys only that they were written.',
  },
} as const satisfies OptionTable;
