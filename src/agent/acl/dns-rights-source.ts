/**
 * The DNS configuration together with the rights of the token of DNS: another object whenever either changes, so that
 * answers made under other rights are dropped, here and in every DNS thread.
 */
import type { MergedRules } from '../../acl/merged-rules.ts';
import type { Applied } from '../../catalog/state.ts';
import type { View } from '../../catalog/tables.ts';
import type { DnsConfig } from '../../dns/dns-config.ts';
import type { DnsRights } from '../../dns/dns-rights.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { AccessControl } from './access-control.ts';
import type { AgentTokens } from './agent-tokens.ts';

export interface DnsRightsParts {
  readonly control: AccessControl;
  readonly tokens: AgentTokens;
  readonly view: View;
  readonly clock: Clock;
  /** The configuration of this moment, without rights. */
  readonly config: () => DnsConfig;
}

/** Tokens of other agents whose rights are kept at hand. */
const MAX_TOKENS = 16;

type Listener = (config: DnsConfig) => void;

function isSame(a: DnsRights, b: DnsRights): boolean {
  if (a.own !== b.own || a.ofQueries.size !== b.ofQueries.size) return false;
  return [...a.ofQueries].every(([secret, rules]) => b.ofQueries.get(secret) === rules);
}

export class DnsRightsSource {
  readonly #parts: DnsRightsParts;
  readonly #listeners = new Set<Listener>();
  #of: DnsConfig;
  #rights: DnsRights;
  #config: DnsConfig;
  #timer: Timer | undefined;
  readonly #ofTokens = new Map<string, () => DnsConfig>();
  readonly #unknown = this.#withRightsOf(undefined);

  constructor(parts: DnsRightsParts) {
    this.#parts = parts;
    this.#of = parts.config();
    this.#rights = this.#compute();
    this.#config = Object.freeze({ ...this.#of, rights: this.#rights });
    parts.tokens.onChanged(() => this.look());
  }

  /** The same object until it changes. Asked for every packet: whoever changes something calls `look`. */
  config(): DnsConfig {
    return this.#config;
  }

  /** Have `listener` told of each change, until the returned function is called. */
  onConfig(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** After a write: only rows of access control and queries matter. */
  onInstalled(applied: readonly Applied[]): void {
    if (applied.some(({ table }) => table.startsWith('acl') || table === 'queries')) this.look();
  }

  /** The configuration with the rights of another token, which an agent sends with what it passes on. */
  configOf(token: string): () => DnsConfig {
    const known = this.#ofTokens.get(token);
    if (known !== undefined) return known;
    if (this.#parts.control.rulesOfSecret(token) === undefined) return this.#unknown;
    const made = this.#withRightsOf(token);
    this.#ofTokens.set(token, made);
    if (this.#ofTokens.size > MAX_TOKENS) {
      const [oldest = ''] = this.#ofTokens.keys();
      this.#ofTokens.delete(oldest);
    }
    return made;
  }

  /** The same object as long as neither the configuration nor the rights change. */
  #withRightsOf(token: string | undefined): () => DnsConfig {
    let made: { readonly of: DnsConfig; readonly config: DnsConfig } | undefined;
    return () => {
      const of = this.config();
      const rules = token === undefined ? undefined : this.#parts.control.rulesOfSecret(token)?.merged;
      const own = rules ?? null;
      if (made?.of === of && made.config.rights?.own === own) return made.config;
      const { ofQueries } = this.#rights;
      made = { of, config: Object.freeze({ ...of, rights: { own, ofQueries } }) };
      return made.config;
    };
  }

  /** After a reload of the configuration, or when other rights may count. */
  look(): void {
    const rights = this.#compute();
    const of = this.#parts.config();
    if (of === this.#of && isSame(rights, this.#rights)) return;
    if (!isSame(rights, this.#rights)) this.#rights = rights;
    this.#of = of;
    this.#config = Object.freeze({ ...of, rights: this.#rights });
    for (const listener of [...this.#listeners]) listener(this.#config);
  }

  #compute(): DnsRights {
    const { control, tokens, view, clock } = this.#parts;
    let soonestMs = Number.POSITIVE_INFINITY;
    const rulesOf = (secret: string): MergedRules | undefined => {
      const known = control.rulesOfSecret(secret);
      if (known !== undefined && known.expiresAtMs !== 0) soonestMs = Math.min(soonestMs, known.expiresAtMs);
      return known?.merged;
    };
    const own = rulesOf(tokens.orDefault('dns')) ?? null;
    const ofQueries = new Map<string, MergedRules>();
    for (const { document } of view.queries.values()) {
      const rules = document.Token === '' ? undefined : rulesOf(document.Token);
      if (rules !== undefined) ofQueries.set(document.Token, rules);
    }
    this.#timer?.cancel();
    if (soonestMs !== Number.POSITIVE_INFINITY)
      this.#timer = clock.after(Math.max(soonestMs - clock.now(), 0) + 1, () => this.look());
    return { own, ofQueries };
  }
}
