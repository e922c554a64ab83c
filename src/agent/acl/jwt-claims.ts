/**
 * What of a JWT's claims counts: who may have issued it and for whom, when it holds, and which claims become values.
 */

import type { LoginClaims } from '../../http/acl-port.ts';
import { parseDuration } from '../../lib/duration.ts';
import type { JsonObject, StringMap } from '../../model/types.ts';

/** Leeways that are not configured, in ms; a negative one is none. */
const LEEWAY_MS = 150_000;
const SKEW_MS = 60_000;

/** Members of a configuration that claims are held against. */
export interface ClaimRules {
  readonly boundIssuer: string;
  readonly boundAudiences: readonly string[];
  /** Claim, or JSON pointer to one → name. */
  readonly claimMappings: StringMap;
  readonly listClaimMappings: StringMap;
  readonly expirationLeewayMs: number;
  readonly notBeforeLeewayMs: number;
  readonly clockSkewLeewayMs: number;
}

/** A leeway as it is configured: a text or nanoseconds; 0 stands for the default, below it for none. */
export function leewayMs(value: unknown, defaultMs: number): number {
  const ms = typeof value === 'number' ? value / 1e6 : (parseDuration(String(value ?? '0')) ?? 0);
  return ms === 0 ? defaultMs : Math.max(ms, 0);
}

export const DEFAULT_LEEWAYS = { expiration: LEEWAY_MS, notBefore: LEEWAY_MS, clockSkew: SKEW_MS } as const;

const secondsOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

/** Why a token does not hold now; undefined when it does. A token must say at least one time. */
function timeFault(claims: JsonObject, rules: ClaimRules, nowMs: number): string | undefined {
  const [issued, notBefore, expires] = ['iat', 'nbf', 'exp'].map((name) => secondsOf(claims[name]));
  if (issued === undefined && notBefore === undefined && expires === undefined)
    return 'no issue time, not before time or expiration time in the token';
  const { expirationLeewayMs, notBeforeLeewayMs, clockSkewLeewayMs: skew } = rules;
  const from = notBefore ?? issued ?? (expires as number) - notBeforeLeewayMs / 1_000;
  const until = expires ?? Math.max(issued ?? 0, from) + expirationLeewayMs / 1_000;
  if (nowMs > until * 1_000 + skew) return 'the token has expired';
  return nowMs + skew < from * 1_000 ? 'the token is not valid yet' : undefined;
}

/** Why a token is not for us; undefined when it is. */
export function claimsFault(claims: JsonObject, rules: ClaimRules, nowMs: number): string | undefined {
  if (rules.boundIssuer !== '' && claims['iss'] !== rules.boundIssuer) return 'wrong issuer';
  const audiences = listOf(claims['aud']);
  if (rules.boundAudiences.length > 0 && !audiences.some((one) => rules.boundAudiences.includes(String(one))))
    return 'wrong audience';
  return timeFault(claims, rules, nowMs);
}

/** What a claim's name, or a JSON pointer, leads to. */
function claimAt(claims: JsonObject, name: string): unknown {
  if (!name.startsWith('/')) return Object.hasOwn(claims, name) ? claims[name] : undefined;
  let value: unknown = claims;
  for (const part of name.slice(1).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonObject)[key];
  }
  return value;
}

/** A text of a claim; undefined for what has none. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The values that claims are mapped to: missing ones are '', a single text counts as a list of one. */
export function mappedClaims(claims: JsonObject, rules: ClaimRules): LoginClaims | string {
  const values: Record<string, string> = {};
  for (const [claim, name] of Object.entries(rules.claimMappings)) {
    const found = claimAt(claims, claim);
    const text = found === undefined || found === null ? '' : textOf(found);
    if (text === undefined) return `error converting claim "${claim}" to string`;
    values[name] = text;
  }
  const lists: Record<string, readonly string[]> = {};
  for (const [claim, name] of Object.entries(rules.listClaimMappings)) {
    const texts = listOf(claimAt(claims, claim)).map(textOf);
    if (texts.includes(undefined)) return `claim "${claim}" is no list of texts`;
    lists[name] = texts as readonly string[];
  }
  return { values, lists };
}
