/**
 * What a client agent knows of tokens: what servers told it of those that were used here, for as long as `token_ttl`,
 * `policy_ttl` and `role_ttl` say.
 *
 * Whoever is about to ask for a right has the token made `known` first; the answer may then be read at once. A token and all
 * that it links come in one answer, so rights are never put together of what was true at different times. When no server
 * answers, `down_policy` says whether what was known goes on counting. Refusals are remembered too, in a memory of their
 * own, so that guessed secrets drive out nothing.
 */
import type { AclRows } from '../../acl/resolve-token.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { AclPolicyRow, AclRoleRow, AclTokenRow } from '../../model/acl-types.ts';
import type { DownPolicy } from './acl-settings.ts';
import type { TokenAnswer } from './token-answer.ts';
import type { TokenRows } from './token-rows.ts';

/** Tokens that are remembered. Some KiB each, of which policies are shared. */
const MAX_TOKENS = 2_000;
/** Secrets that are no tokens, or that nobody could say anything about. */
const MAX_REFUSED = 500;
/** How long it is believed that no server can be asked, ms. */
const UNANSWERED_MS = 500;
/** Time in ms between making a token known and reading it. Beyond it what is over counts for nobody. */
const GRACE_MS = 5_000;

export interface FetchedTokensParts {
  /** Ask a server; undefined when none answers. Never rejects. */
  readonly ask: (secret: string) => Promise<TokenAnswer | undefined>;
  readonly ttlsMs: { readonly token: number; readonly policy: number; readonly role: number };
  readonly downPolicy: DownPolicy;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly log: Pick<Logger, 'warn'>;
}

interface Known {
  readonly token: AclTokenRow;
  readonly policies: ReadonlyMap<string, AclPolicyRow>;
  readonly roles: ReadonlyMap<string, AclRoleRow>;
  readonly ttlMs: number;
  /** When it was told, or when nobody could be asked and it was to go on counting. */
  atMs: number;
}

interface Refused {
  readonly isUnanswered: boolean;
  readonly ttlMs: number;
  readonly atMs: number;
}

/** The same row again stays the object that it is, and what was made of it stays good. */
function sameOr<Row extends { readonly createIndex: number; readonly modifyIndex: number }>(
  fresh: Row,
  known: Row | undefined,
): Row {
  const isSame = known?.modifyIndex === fresh.modifyIndex && known.createIndex === fresh.createIndex;
  return isSame ? known : fresh;
}

/** Put behind all others; the first goes when there are too many. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  const [oldest = ''] = map.keys();
  map.delete(oldest);
}

export class FetchedTokens implements TokenRows {
  readonly #parts: FetchedTokensParts;
  readonly #known = new Map<string, Known>();
  readonly #refused = new Map<string, Refused>();
  readonly #asking = new Map<string, Promise<void>>();
  readonly #linked = new WeakMap<AclTokenRow, AclRows>();
  #isAway = false;

  constructor(parts: FetchedTokensParts) {
    this.#parts = parts;
  }

  /** Resolves once it can be said what a secret is; undefined when that is so already. Never rejects. */
  know(secret: string): Promise<void> | undefined {
    const known = this.#known.get(secret);
    const kept = known ?? this.#refused.get(secret);
    if (kept !== undefined && this.#ageMs(kept) <= kept.ttlMs) return undefined;
    const asking = this.#ask(secret);
    return known !== undefined && this.#parts.downPolicy === 'async-cache' ? undefined : asking;
  }

  token(secret: string): AclTokenRow | undefined {
    const known = this.#known.get(secret);
    if (known === undefined || this.#isOver(known)) return undefined;
    const { token } = known;
    return token.expiresAtMs !== 0 && token.expiresAtMs <= this.#parts.clock.now() ? undefined : token;
  }

  linkedBy(token: AclTokenRow): AclRows {
    return this.#linked.get(token) ?? { policy: () => undefined, role: () => undefined };
  }

  isUnanswered(secret: string): boolean {
    const refused = this.#refused.get(secret);
    return refused?.isUnanswered === true && !this.#isOver(refused);
  }

  #ageMs({ atMs }: { readonly atMs: number }): number {
    return this.#parts.clock.monotonic() - atMs;
  }

  /** Nobody has made it known lately. */
  #isOver(kept: Known | Refused): boolean {
    const isKept = 'token' in kept && this.#parts.downPolicy === 'async-cache';
    return !isKept && this.#ageMs(kept) > kept.ttlMs + GRACE_MS;
  }

  #ask(secret: string): Promise<void> {
    const before = this.#asking.get(secret);
    if (before !== undefined) return before;
    const asking = this.#parts
      .ask(secret)
      .then((answer) => (answer === undefined ? this.#goOn(secret) : this.#take(secret, answer)))
      .finally(() => this.#asking.delete(secret));
    this.#asking.set(secret, asking);
    return asking;
  }

  #take(secret: string, { token, policies, roles }: TokenAnswer): void {
    this.#isAway = false;
    const { ttlsMs, clock } = this.#parts;
    const atMs = clock.monotonic();
    const before = this.#known.get(secret);
    if (token === null) {
      this.#known.delete(secret);
      keep(this.#refused, secret, { isUnanswered: false, ttlMs: ttlsMs.token, atMs }, MAX_REFUSED);
      return;
    }
    this.#refused.delete(secret);
    const known: Known = {
      token,
      policies: new Map(policies.map((row) => [row.id, sameOr(row, before?.policies.get(row.id))])),
      roles: new Map(roles.map((row) => [row.id, sameOr(row, before?.roles.get(row.id))])),
      ttlMs: Math.min(
        ttlsMs.token,
        policies.length > 0 ? ttlsMs.policy : ttlsMs.token,
        token.roles.length > 0 ? ttlsMs.role : ttlsMs.token,
      ),
      atMs,
    };
    this.#linked.set(token, { policy: (id) => known.policies.get(id), role: (id) => known.roles.get(id) });
    keep(this.#known, secret, known, MAX_TOKENS);
  }

  /** Nobody could be asked. */
  #goOn(secret: string): void {
    const { downPolicy, clock, log } = this.#parts;
    if (!this.#isAway)
      log.warn({ downPolicy }, 'no server can be asked about tokens; acl.down_policy counts');
    this.#isAway = true;
    const known = this.#known.get(secret);
    const atMs = clock.monotonic();
    if (known !== undefined && (downPolicy === 'extend-cache' || downPolicy === 'async-cache')) {
      known.atMs = atMs;
      return;
    }
    this.#known.delete(secret);
    keep(this.#refused, secret, { isUnanswered: true, ttlMs: UNANSWERED_MS, atMs }, MAX_REFUSED);
  }
}
