/**
 * The rules of one resource by name, and which of them decides about a name: the exact one, else the longest prefix.
 *
 * Prefixes are sorted, and each knows the longest other one that it begins with. The last prefix that does not sort
 * after the name is looked at first; every prefix of the name is that one or is reached from it by those links. So a
 * decision is a binary search and a few steps, however many rules there are.
 */
import type { Access, Scope } from './resources.ts';

/** What is decided for a name by a rule, merged from all rules of the same scope and name. */
export interface NameRule {
  readonly scope: Scope;
  readonly name: string;
  readonly access: Access;
  readonly intentions: Access;
  /** Names of the policies and identities whose rules these are. */
  readonly from: readonly string[];
}

export interface NameRules {
  readonly exact: ReadonlyMap<string, NameRule>;
  /** Rules for prefixes, sorted. */
  readonly prefixes: readonly NameRule[];
  /** For each of them the position of the longest other one that it begins with; -1 for none. */
  readonly outer: readonly number[];
}

function outerOf(sorted: readonly NameRule[]): readonly number[] {
  const outer: number[] = [];
  for (const [at, { name }] of sorted.entries()) {
    let around = at - 1;
    while (around >= 0 && !name.startsWith((sorted[around] as NameRule).name))
      around = outer[around] as number;
    outer.push(around);
  }
  return outer;
}

/** Rules, no two of the same scope and name, so that names are found. */
export function nameRules(rules: readonly NameRule[]): NameRules {
  const sorted = rules.filter(({ scope }) => scope === 'prefix').sort((a, b) => (a.name < b.name ? -1 : 1));
  const exact = rules.filter(({ scope }) => scope === 'exact').map((rule) => [rule.name, rule] as const);
  return { exact: new Map(exact), prefixes: sorted, outer: outerOf(sorted) };
}

/** Position of the last prefix that does not sort after `name`; -1 when all do. */
function lastNotAbove(prefixes: readonly NameRule[], name: string): number {
  let [low, high] = [0, prefixes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((prefixes[middle] as NameRule).name <= name) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The rule with the longest prefix of `name`. */
export function prefixRuleFor({ prefixes, outer }: NameRules, name: string): NameRule | undefined {
  let at = lastNotAbove(prefixes, name);
  while (at >= 0) {
    const rule = prefixes[at] as NameRule;
    if (name.startsWith(rule.name)) return rule;
    at = outer[at] as number;
  }
  return undefined;
}

/** The rule that decides about `name`; undefined where none does. */
export function ruleFor(rules: NameRules, name: string): NameRule | undefined {
  return rules.exact.get(name) ?? prefixRuleFor(rules, name);
}

/** All rules for names and prefixes that begin with this. O(rules). */
export function* rulesWithin({ exact, prefixes }: NameRules, beginning: string): Iterable<NameRule> {
  for (const rule of prefixes) if (rule.name.startsWith(beginning)) yield rule;
  for (const rule of exact.values()) if (rule.name.startsWith(beginning)) yield rule;
}
