/**
 * Who asks and what they may do: from the secret of a request to an authorizer, by the rows of the catalog.
 *
 * A secret that does not exist is refused, never replaced by a weaker one. What a token gives is kept with its row and
 * checked again at every request, so that a deleted token, a changed policy or an expiration counts at once.
 */
import {
  type Decision,
  decide,
  isAllReadable,
  type MergedRules,
  mergeRules,
  type Question,
} from '../../acl/merged-rules.ts';
import { parseRules } from '../../acl/parse-rules.ts';
import { type Resolved, TokenResolver } from '../../acl/resolve-token.ts';
import { type Authorizer, callName } from '../../http/access/right.ts';
import { type AskedWith, sentToken } from '../../http/access/sent-token.ts';
import type { ExplainedToken } from '../../http/acl-port.ts';
import type { Logger } from '../../lib/logger.ts';
import { type AclTokenRow, ANONYMOUS_ACCESSOR, ANONYMOUS_SECRET, NO_GRANTS } from '../../model/acl-types.ts';
import { refuse } from '../../model/errors.ts';
import { UNSTAMPED } from '../../model/types.ts';
import type { AgentTokens } from './agent-tokens.ts';
import type { TokenRows } from './token-rows.ts';

export interface AccessControlParts {
  readonly rows: TokenRows;
  readonly tokens: AgentTokens;
  readonly datacenter: string;
  readonly nodeName: string;
  readonly defaultAllows: boolean;
  /** Whether a token that nobody can say anything about allows everything; the default policy when absent. */
  readonly unansweredAllows?: boolean;
  readonly log: Pick<Logger, 'warn'>;
}

/** The refusal of a secret that does not exist. */
const NOT_FOUND = 'ACL not found';
/** Texts that older versions used as tokens. */
const ROOT_TOKENS: ReadonlySet<string> = new Set(['allow', 'deny', 'manage']);

const OWN_API = '/v1/agent/';

/** Stands in for the anonymous token until the leader has written it. */
const NO_ANONYMOUS: AclTokenRow = Object.freeze({
  ...UNSTAMPED,
  accessorId: ANONYMOUS_ACCESSOR,
  secretId: ANONYMOUS_SECRET,
  description: '',
  ...NO_GRANTS,
  createdAtMs: 0,
});

/** Authorizers of a token: for requests that sent it, and for those that it stands in for. */
interface Pair {
  readonly resolved: Resolved;
  readonly sent: Authorizer;
  readonly implied: Authorizer;
}

function authorizerOfRules(merged: MergedRules, rest: Omit<Authorizer, 'allows'>): Authorizer {
  return {
    ...rest,
    allows: (right) => decide(merged, right).isAllowed,
    readsAll: (resource) => resource !== 'intention' && isAllReadable(merged, resource),
  };
}

function pairOf(token: AclTokenRow, resolved: Resolved): Pair {
  const { merged, isUnlimited, group } = resolved;
  const { accessorId } = token;
  const calledBy = callName(accessorId, accessorId === ANONYMOUS_ACCESSOR);
  return {
    resolved,
    sent: authorizerOfRules(merged, {
      isUnlimited,
      group,
      accessorId,
      calledBy,
      isToldOfFiltering: true,
    }),
    // Its answers lack a header, so they are never those of who may see everything and is told so.
    implied: authorizerOfRules(merged, {
      isUnlimited: false,
      group: `${group}?`,
      accessorId,
      calledBy,
    }),
  };
}

export class AccessControl {
  readonly #parts: AccessControlParts;
  readonly #resolver: TokenResolver;
  readonly #pairs = new WeakMap<AclTokenRow, Pair>();
  readonly #recovery: Authorizer;
  readonly #unanswered: MergedRules;
  readonly #unansweredPair: Pick<Pair, 'sent' | 'implied'>;
  #hasWarnedOfQuery = false;

  constructor(parts: AccessControlParts) {
    this.#parts = parts;
    const { rows, datacenter, defaultAllows, unansweredAllows = defaultAllows, nodeName, log } = parts;
    this.#resolver = new TokenResolver({
      linkedBy: (token) => rows.linkedBy(token),
      datacenter,
      defaultAllows,
      onUnreadable: ({ id, name }, why) =>
        log.warn(
          { policy: name, id, why },
          'the rules of a policy cannot be read; everything is denied by it',
        ),
    });
    const rules = `agent ${JSON.stringify(nodeName)} { policy = "write" } node_prefix "" { policy = "read" }`;
    const merged = mergeRules([{ from: 'agent recovery token', rules: parseRules(rules) }], false);
    this.#recovery = authorizerOfRules(merged, {
      isUnlimited: false,
      group: 'recovery',
      calledBy: 'agent recovery token',
      isToldOfFiltering: true,
    });
    this.#unanswered = mergeRules([], unansweredAllows);
    const unanswered = { isUnlimited: false, group: 'unanswered', calledBy: undefined };
    const implied = authorizerOfRules(this.#unanswered, unanswered);
    this.#unansweredPair = { sent: { ...implied, isToldOfFiltering: true }, implied };
  }

  /** The rights of whoever asks. Throws forbidden for a token that is not known. */
  authorizerOf(request: AskedWith): Authorizer {
    const sent = sentToken(request);
    if (sent === '') return this.#pairOfSecret(this.#impliedSecret(request)).implied;
    if (request.query['token'] !== undefined) this.#warnOfQuery();
    const secret = this.secretOf(request);
    return secret === undefined ? this.#recovery : this.#pairOfSecret(secret).sent;
  }

  /** The rights of a secret that somebody keeps: a captured token, one of the agent's own; '' is the anonymous one. */
  authorizerOfSecret(secret: string): Authorizer {
    return this.#pairOfSecret(secret || ANONYMOUS_SECRET).implied;
  }

  /** The token that counts for a request; undefined when none was sent and there is no default. Throws forbidden. */
  tokenOf(request: AskedWith): AclTokenRow | undefined {
    const secret = sentToken(request) || this.#ownDefault(request);
    return secret === '' ? undefined : this.#requireToken(secret);
  }

  /** What a token may do and by which rule. */
  explain(token: AclTokenRow): ExplainedToken {
    const { merged } = this.#resolver.resolve(token);
    return { token, decide: (question: Question): Decision => decide(merged, question) };
  }

  /** The rules behind a secret, '' standing for the anonymous token, and when they end; undefined for one that is not known. */
  rulesOfSecret(secret: string): { readonly merged: MergedRules; readonly expiresAtMs: number } | undefined {
    if (this.#parts.rows.isUnanswered(secret || ANONYMOUS_SECRET))
      return { merged: this.#unanswered, expiresAtMs: 0 };
    const token = this.#tokenOf(secret || ANONYMOUS_SECRET);
    return token && { merged: this.#resolver.resolve(token).merged, expiresAtMs: token.expiresAtMs };
  }

  /** The secret whose rights count for a request; undefined for the recovery token, which only this agent knows. */
  secretOf(request: AskedWith): string | undefined {
    const sent = sentToken(request);
    if (sent === '') return this.#impliedSecret(request);
    return this.#isRecovery(sent) && request.url.startsWith(OWN_API) ? undefined : sent;
  }

  #impliedSecret(request: AskedWith): string {
    return this.#ownDefault(request) || ANONYMOUS_SECRET;
  }

  /** For clients of this agent only: what another agent passed on without a token is anonymous, as in Consul. */
  #ownDefault({ isForwarded }: AskedWith): string {
    return isForwarded ? '' : this.#parts.tokens.of('default');
  }

  #isRecovery(secret: string): boolean {
    const recovery = this.#parts.tokens.of('recovery');
    return recovery !== '' && secret === recovery;
  }

  #tokenOf(secret: string): AclTokenRow | undefined {
    const token = this.#parts.rows.token(secret);
    return token ?? (secret === ANONYMOUS_SECRET ? NO_ANONYMOUS : undefined);
  }

  #requireToken(secret: string): AclTokenRow {
    const token = this.#tokenOf(secret);
    if (token !== undefined) return token;
    return refuse('forbidden', ROOT_TOKENS.has(secret) ? 'Cannot resolve root ACL' : NOT_FOUND);
  }

  #pairOfSecret(secret: string): Pick<Pair, 'sent' | 'implied'> {
    if (this.#parts.rows.isUnanswered(secret)) return this.#unansweredPair;
    const token = this.#requireToken(secret);
    const resolved = this.#resolver.resolve(token);
    const kept = this.#pairs.get(token);
    if (kept?.resolved === resolved) return kept;
    const pair = pairOf(token, resolved);
    this.#pairs.set(token, pair);
    return pair;
  }

  #warnOfQuery(): void {
    if (this.#hasWarnedOfQuery) return;
    this.#hasWarnedOfQuery = true;
    this.#parts.log.warn(
      {},
      'a token came as ?token= in a URL, where others may see it; send X-Consul-Token',
    );
  }
}
