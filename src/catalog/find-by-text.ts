/**
 * Finds what people mean by a few letters: services, instances, nodes, checks, keys and prepared queries, best first.
 *
 * A name that is the text comes first, then those that begin with it, those of which a word does, and those that have it
 * somewhere; case does not count. Looks at a bounded number of rows of each kind. Pure.
 */
import type { CheckRow, QueryRow, ServiceRow } from '../model/types.ts';
import type { View } from './tables.ts';

type FoundKind = 'service' | 'node' | 'instance' | 'check' | 'key' | 'query';

/** What was found; fields that its kind has no use for are ''. */
export interface Found {
  readonly kind: FoundKind;
  readonly name: string;
  readonly id: string;
  readonly node: string;
  readonly service: string;
}

/** Rows of one kind that are looked at, some 0.1 us each. Turning it up lets a search hold up others. */
const MAX_ROWS = 50_000;
/** What is given of each kind; some of it may be taken out again for want of rights. */
const MAX_FOUND = 20;

const NOWHERE = 4;

/** How well a name fits a text in lower case; NOWHERE when it does not. */
function rankOf(name: string, text: string): number {
  const own = name.toLowerCase();
  const at = own.indexOf(text);
  if (at < 0) return NOWHERE;
  if (at === 0) return own.length === text.length ? 0 : 1;
  return /[\w]/.test(own[at - 1] as string) && own[at - 1] !== '_' ? 3 : 2;
}

interface Ranked {
  readonly rank: number;
  readonly found: Found;
}

const isBetter = (one: Ranked, other: Ranked): boolean =>
  one.rank !== other.rank
    ? one.rank < other.rank
    : one.found.name.length !== other.found.name.length
      ? one.found.name.length < other.found.name.length
      : one.found.name < other.found.name;

/** Keep the best ones, in their order. */
function keep(best: Ranked[], candidate: Ranked): void {
  const last = best.at(-1);
  if (best.length === MAX_FOUND && last !== undefined && !isBetter(candidate, last)) return;
  const place = best.findIndex((known) => isBetter(candidate, known));
  best.splice(place < 0 ? best.length : place, 0, candidate);
  if (best.length > MAX_FOUND) best.pop();
}

/** The best of these rows; `read` gives nothing for rows that are passed over. */
function bestOf<Row>(
  rows: Iterable<Row>,
  text: string,
  read: (row: Row) => { readonly fits: readonly string[]; readonly found: () => Found } | undefined,
): readonly Found[] {
  const best: Ranked[] = [];
  let looked = 0;
  for (const row of rows) {
    if (looked++ === MAX_ROWS) break;
    const shown = read(row);
    if (shown === undefined) continue;
    const rank = Math.min(...shown.fits.map((name) => rankOf(name, text)));
    if (rank < NOWHERE) keep(best, { rank, found: shown.found() });
  }
  return best.map(({ found }) => found);
}

const NOTHING = { id: '', node: '', service: '' } as const;

function services(view: View, text: string): readonly Found[] {
  const seen = new Set<string>();
  return bestOf(view.services.values(), text, ({ name }: ServiceRow) => {
    if (seen.has(name)) return undefined;
    seen.add(name);
    return { fits: [name], found: () => ({ ...NOTHING, kind: 'service', name }) };
  });
}

/** Those that go by another name than their service. */
const instances = (view: View, text: string): readonly Found[] =>
  bestOf(view.services.values(), text, ({ id, name, node }: ServiceRow) =>
    String(id) === String(name)
      ? undefined
      : { fits: [id], found: () => ({ kind: 'instance', name: id, id, node, service: name }) },
  );

const checks = (view: View, text: string): readonly Found[] =>
  bestOf(view.checks.values(), text, ({ id, name, node, serviceName }: CheckRow) => ({
    fits: [name, id],
    found: () => ({ kind: 'check', name: name || id, id, node, service: serviceName }),
  }));

function keys(view: View, text: string): readonly Found[] {
  const found = (row: { readonly key: string }) => ({
    fits: [row.key],
    found: (): Found => ({ ...NOTHING, kind: 'key', name: row.key }),
  });
  // Keys sort by their text, so those that begin with it are at hand, however many others there are.
  const begin = bestOf(view.kv.withPrefix(text), text, found);
  return begin.length === MAX_FOUND ? begin : bestOf(view.kv.values(), text, found);
}

/** Those without a name are found by nobody: whoever knows their id may run them. */
const queries = (view: View, text: string): readonly Found[] =>
  bestOf(view.queries.values(), text, ({ id, name }: QueryRow) =>
    name === '' ? undefined : { fits: [name], found: () => ({ ...NOTHING, kind: 'query', name, id }) },
  );

/** What fits `text`, kind by kind; nothing for an empty text. */
export function findByText(view: View, text: string): readonly Found[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  const nodes = bestOf(view.nodes.values(), wanted, ({ name }) => ({
    fits: [name],
    found: () => ({ ...NOTHING, kind: 'node', name, node: name }),
  }));
  return [
    ...services(view, wanted),
    ...instances(view, wanted),
    ...nodes,
    ...checks(view, wanted),
    ...keys(view, wanted),
    ...queries(view, wanted),
  ];
}
