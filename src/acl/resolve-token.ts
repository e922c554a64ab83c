/**
 * A token → what its holder may do here: the rules of its policies, of its roles, and of the identities of both.
 *
 * What was compiled is kept on the rows it came from: a policy is parsed once, and tokens that link the same rows share one
 * result. What a token came to last is kept with the rows that its links led to, and holds while they lead to the same. So a
 * changed policy or role counts for the very next request, at the price of a few lookups for each. A policy whose rules
 * cannot be read gives nothing and is told to `onUnreadable`.
 */
import type { AclGrants, AclPolicyRow, AclRoleRow, AclTokenRow } from '../model/acl-types.ts';
import { AppError } from '../model/errors.ts';
import { identityPolicies } from './identities.ts';
import { isEverythingAllowed, type MergedRules, mergeRules, type NamedRules } from './merged-rules.ts';
import { parseRules } from './parse-rules.ts';
import type { Rule } from './resources.ts';

/** Where policies and roles are found. A link that leads nowhere is simply gone. */
export interface AclRows {
  policy(id: string): AclPolicyRow | undefined;
  role(id: string): AclRoleRow | undefined;
}

export interface ResolverParts {
  /** Where the links of a token lead. */
  readonly linkedBy: (token: AclTokenRow) => AclRows;
  readonly datacenter: string;
  readonly defaultAllows: boolean;
  readonly onUnreadable: (policy: AclPolicyRow, why: string) => void;
}

/** What a token comes to. The same object as long as nothing behind it changes. */
export interface Resolved {
  readonly merged: MergedRules;
  readonly isUnlimited: boolean;
  /** Different for every two that differ. */
  readonly group: string;
}

/** Results that are kept; beyond it the oldest is compiled again when it is asked for. */
const MAX_KEPT = 2_000;

interface Sources {
  readonly policies: readonly AclPolicyRow[];
  readonly grants: readonly AclGrants[];
  /** Where every link led, those among them that led nowhere. */
  readonly led: readonly Led[];
}

interface Led {
  readonly kind: 'policy' | 'role';
  readonly id: string;
  readonly to: AclPolicyRow | AclRoleRow | undefined;
}

interface Latest {
  readonly led: readonly Led[];
  readonly resolved: Resolved;
}

export class TokenResolver {
  readonly #parts: ResolverParts;
  readonly #parsed = new WeakMap<AclPolicyRow, readonly Rule[]>();
  /** By the rows and identities that they come from. */
  readonly #kept = new Map<string, Resolved>();
  readonly #latest = new WeakMap<AclTokenRow, Latest>();
  #made = 0;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** What a token gives in this datacenter now. O(links). */
  resolve(token: AclTokenRow): Resolved {
    const latest = this.#latest.get(token);
    if (latest !== undefined && this.#stillLeads(token, latest.led)) return latest.resolved;
    const sources = this.#sourcesOf(token);
    const resolved = this.#resolved(sources);
    this.#latest.set(token, { led: sources.led, resolved });
    return resolved;
  }

  #stillLeads(token: AclTokenRow, led: readonly Led[]): boolean {
    const rows = this.#parts.linkedBy(token);
    for (const { kind, id, to } of led) if (rows[kind](id) !== to) return false;
    return true;
  }

  #resolved(sources: Sources): Resolved {
    const key = keyOf(sources);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const resolved = this.#compile(sources);
    if (this.#kept.size >= MAX_KEPT) {
      const [oldest = ''] = this.#kept.keys();
      this.#kept.delete(oldest);
    }
    this.#kept.set(key, resolved);
    return resolved;
  }

  #sourcesOf(token: AclTokenRow): Sources {
    const { linkedBy, datacenter } = this.#parts;
    const rows = linkedBy(token);
    const grants: AclGrants[] = [token];
    const led: Led[] = [];
    for (const id of token.roles) {
      const role = rows.role(id);
      led.push({ kind: 'role', id, to: role });
      if (role !== undefined) grants.push(role);
    }
    const policies = new Set<AclPolicyRow>();
    for (const { policies: ids } of grants)
      for (const id of ids) {
        const policy = rows.policy(id);
        led.push({ kind: 'policy', id, to: policy });
        if (policy === undefined) continue;
        const { datacenters } = policy;
        if (datacenters.length === 0 || datacenters.includes(datacenter)) policies.add(policy);
      }
    return { policies: [...policies], grants, led };
  }

  #compile({ policies, grants }: Sources): Resolved {
    const { datacenter, defaultAllows } = this.#parts;
    const written: readonly NamedRules[] = policies.map((policy) => ({
      from: policy.name,
      rules: this.#rulesOf(policy),
    }));
    const identities = grants
      .flatMap((grant) => identityPolicies(grant, datacenter))
      .map(({ name, rules }): NamedRules => ({ from: name, rules: parseRules(rules) }));
    const merged = mergeRules([...written, ...identities], defaultAllows);
    this.#made += 1;
    return { merged, isUnlimited: isEverythingAllowed(merged), group: `acl${this.#made}` };
  }

  #rulesOf(policy: AclPolicyRow): readonly Rule[] {
    const known = this.#parsed.get(policy);
    if (known !== undefined) return known;
    const rules = this.#parse(policy);
    this.#parsed.set(policy, rules);
    return rules;
  }

  #parse(policy: AclPolicyRow): readonly Rule[] {
    try {
      return parseRules(policy.rules);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#parts.onUnreadable(policy, error.message);
      return DENY_ALL;
    }
  }
}

/** What a policy that cannot be read comes to: a reader who would have been stopped by it must not get past it. */
const DENY_ALL: readonly Rule[] = parseRules(
  ['agent', 'event', 'key', 'node', 'query', 'service', 'session']
    .map((resource) => `${resource}_prefix "" { policy = "deny" }`)
    .concat(['acl', 'keyring', 'operator'].map((resource) => `${resource} = "deny"`))
    .join('\n'),
);

/** A text that two different sources never share. */
function keyOf({ policies, grants }: Sources): string {
  const ofPolicies = policies.map(({ id, modifyIndex }) => `${id}@${modifyIndex}`).sort();
  const ofGrants = grants.map(({ serviceIdentities, nodeIdentities, templatedPolicies }) =>
    serviceIdentities.length + nodeIdentities.length + templatedPolicies.length === 0
      ? ''
      : JSON.stringify([serviceIdentities, nodeIdentities, templatedPolicies]),
  );
  return `${ofPolicies.join(' ')}|${ofGrants.filter((text) => text !== '').join('|')}`;
}
