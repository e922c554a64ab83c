/**
 * Policies → what they allow together, and which rule says so.
 *
 * Only rules of the same scope and the same name compete (deny before write before list before read); among rules of
 * different names the most specific decides alone. Where no rule matches, the default policy decides, except for
 * resources that are always denied without a rule. One function decides, for requests and for explanations.
 */
import {
  type NameRule,
  type NameRules,
  nameRules,
  prefixRuleFor,
  ruleFor,
  rulesWithin,
} from './name-rules.ts';
import {
  ACCESS,
  type Access,
  type Level,
  RESOURCES,
  type Resource,
  type Rule,
  type RuledResource,
} from './resources.ts';

/** Rules and who they come from, for explanations: the name of a policy, or what an identity is called. */
export interface NamedRules {
  readonly from: string;
  readonly rules: readonly Rule[];
}

/** What several policies say together. */
export interface MergedRules {
  readonly byResource: Readonly<Record<RuledResource, NameRules>>;
  readonly defaultAllows: boolean;
}

/** A decision and what it follows from: a rule, or the default (`undefined`). */
export interface Decision {
  readonly isAllowed: boolean;
  readonly rule: NameRule | undefined;
  /** The resource whose rule that is; another than was asked for where it stands in. */
  readonly of: RuledResource;
}

const NEEDED: Readonly<Record<Level, Access>> = {
  read: ACCESS.read,
  list: ACCESS.list,
  write: ACCESS.write,
  'write-prefix': ACCESS.write,
};

/** Which of two accesses for one and the same name counts. */
function winner(a: Access, b: Access): Access {
  if (a === ACCESS.deny || b === ACCESS.deny) return ACCESS.deny;
  return a > b ? a : b;
}

/** What a rule says about intentions when it does not say it. */
function intentionsOf({ access, intentions }: Rule): Access {
  return intentions ?? (access === ACCESS.deny ? ACCESS.deny : ACCESS.read);
}

/** Merged so far: `intentions` is undefined until a rule says something about them. */
interface Merging {
  readonly rule: Rule;
  readonly from: readonly string[];
}

function merge({ rule: before, from }: Merging, after: Rule, source: string): Merging {
  const access = winner(before.access, after.access);
  const intentions =
    before.intentions === undefined
      ? after.intentions
      : after.intentions === undefined
        ? before.intentions
        : winner(before.intentions, after.intentions);
  const sources = [
    ...(before.access === access ? from : []),
    ...(after.access === access && !from.includes(source) ? [source] : []),
  ];
  const rule: Rule = { ...before, access, ...(intentions !== undefined && { intentions }) };
  return { rule, from: sources };
}

function mergedOf(policies: readonly NamedRules[], resource: RuledResource): NameRules {
  const byPlace = new Map<string, Merging>();
  for (const { from, rules } of policies)
    for (const rule of rules) {
      if (rule.resource !== resource) continue;
      const place = `${rule.scope} ${rule.name}`;
      const before = byPlace.get(place);
      byPlace.set(place, before === undefined ? { rule, from: [from] } : merge(before, rule, from));
    }
  const merged = Array.from(byPlace.values(), ({ rule, from }) => ({
    scope: rule.scope === 'all' ? ('prefix' as const) : rule.scope,
    name: rule.name,
    access: rule.access,
    intentions: intentionsOf(rule),
    from,
  }));
  return nameRules(merged);
}

/** What these policies say together. O(rules log rules). */
export function mergeRules(policies: readonly NamedRules[], defaultAllows: boolean): MergedRules {
  const resources = Object.keys(RESOURCES) as RuledResource[];
  const byResource = Object.fromEntries(
    resources.map((resource) => [resource, mergedOf(policies, resource)]),
  ) as Record<RuledResource, NameRules>;
  return { byResource, defaultAllows };
}

function byRule(rule: NameRule, of: RuledResource, isAllowed: boolean): Decision {
  return { isAllowed, rule, of };
}

function byDefault(of: RuledResource, { defaultAllows }: MergedRules): Decision {
  return { isAllowed: defaultAllows && RESOURCES[of].isAlwaysDenied !== true, rule: undefined, of };
}

/** Everything below a name: the rule that covers it must say write, and none at or below it may say less. */
function decideTree(merged: MergedRules, of: RuledResource, name: string): Decision {
  const rules = merged.byResource[of];
  const covering = prefixRuleFor(rules, name);
  if (covering !== undefined && covering.access !== ACCESS.write) return byRule(covering, of, false);
  for (const rule of rulesWithin(rules, name))
    if (rule.access !== ACCESS.write) return byRule(rule, of, false);
  return covering === undefined ? byDefault(of, merged) : byRule(covering, of, true);
}

/** Intentions with any destination: read if one rule gives it, write if every one does. */
function decideAnyIntention(merged: MergedRules, level: Level): Decision {
  const rules = [...rulesWithin(merged.byResource.service, '')];
  if (rules.length === 0) return byDefault('service', merged);
  if (level === 'read') {
    const giving = rules.find(({ intentions }) => intentions >= ACCESS.read);
    return giving === undefined
      ? byRule(rules[0] as NameRule, 'service', false)
      : byRule(giving, 'service', true);
  }
  const lacking = rules.find(({ intentions }) => intentions < ACCESS.write);
  return byRule(lacking ?? (rules[0] as NameRule), 'service', lacking === undefined);
}

function decideIntention(merged: MergedRules, level: Level, name: string): Decision {
  if (name === '*') return decideAnyIntention(merged, level);
  const rule = ruleFor(merged.byResource.service, name);
  if (rule === undefined) return byDefault('service', merged);
  return byRule(rule, 'service', rule.intentions >= NEEDED[level]);
}

/** What is asked for. */
export interface Question {
  readonly resource: Resource;
  readonly level: Level;
  /** '' for resources that have no names. */
  readonly name: string;
}

/** Decide, and say by which rule. O(log rules), for trees and intentions with any destination O(rules). */
export function decide(merged: MergedRules, { resource, level, name }: Question): Decision {
  if (resource === 'intention') return decideIntention(merged, level, name);
  if (level === 'write-prefix') return decideTree(merged, resource, name);
  const { shape, fallback } = RESOURCES[resource];
  const rule = ruleFor(merged.byResource[resource], shape === 'valued' ? '' : name);
  if (rule !== undefined) return byRule(rule, resource, rule.access >= NEEDED[level]);
  if (fallback !== undefined) return decide(merged, { resource: fallback, level, name });
  return byDefault(resource, merged);
}

/** Whether all names of a resource may be read. O(rules). */
export function isAllReadable(merged: MergedRules, resource: RuledResource): boolean {
  const rules = [...rulesWithin(merged.byResource[resource], '')];
  if (rules.some(({ access }) => access < ACCESS.read)) return false;
  return merged.defaultAllows || rules.some(({ scope, name }) => scope === 'prefix' && name === '');
}

/** Whether everything is allowed, whatever is asked for. O(rules). */
export function isEverythingAllowed(merged: MergedRules): boolean {
  return (Object.keys(RESOURCES) as RuledResource[]).every((resource) => {
    const { isAlwaysDenied, fallback } = RESOURCES[resource];
    const rules = [...rulesWithin(merged.byResource[resource], '')];
    const isWeaker = rules.some(
      ({ access, intentions }) =>
        access < ACCESS.write || (resource === 'service' && intentions < ACCESS.write),
    );
    if (isWeaker) return false;
    if (rules.some(({ scope, name }) => scope === 'prefix' && name === '')) return true;
    return fallback !== undefined || resource === 'identity' || (merged.defaultAllows && !isAlwaysDenied);
  });
}
