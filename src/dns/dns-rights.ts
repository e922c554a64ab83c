/**
 * What DNS may see, as values that every DNS thread gets with its configuration: the rights of the token that DNS has, and
 * those of the tokens that prepared queries have kept.
 */
import { decide, isAllReadable, type MergedRules } from '../acl/merged-rules.ts';
import { readableView, type Sight } from '../catalog/readable-view.ts';
import type { View } from '../catalog/tables.ts';

export interface DnsRights {
  /** Null: the token of DNS is not known, so nothing can be answered. */
  readonly own: MergedRules | null;
  /** By the secret that a query has kept; those that are missing are not known any more. */
  readonly ofQueries: ReadonlyMap<string, MergedRules>;
}

const SEES_NOTHING: Sight = { seesNode: () => false, seesService: () => false };

/** What rules let somebody see; undefined for everything. */
function sightOf(rules: MergedRules): Sight | undefined {
  if (isAllReadable(rules, 'node') && isAllReadable(rules, 'service')) return undefined;
  return {
    seesNode: (name) => decide(rules, { resource: 'node', level: 'read', name }).isAllowed,
    seesService: (name) => decide(rules, { resource: 'service', level: 'read', name }).isAllowed,
  };
}

/** The rows that DNS may see, under the rights of the present configuration. */
export function viewForDns(view: View, config: () => { readonly rights: DnsRights | null }): View {
  let [of, sight]: [DnsRights | null, Sight | undefined] = [null, undefined];
  return readableView(view, () => {
    const { rights } = config();
    if (rights !== of) {
      of = rights;
      sight = rights === null ? undefined : rights.own === null ? SEES_NOTHING : sightOf(rights.own);
    }
    return sight;
  });
}

/** The rows that a prepared query may find with the token that it has kept; undefined when that is not known. */
export function viewForQuery(view: View, rights: DnsRights | null, token: string): View | undefined {
  if (rights === null) return view;
  const rules = rights.ofQueries.get(token);
  if (rules === undefined) return undefined;
  const sight = sightOf(rules);
  return readableView(view, () => sight);
}
