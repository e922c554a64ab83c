/**
 * The auth method `jwt`: whoever brings a token that one of the configured keys has signed is who it says.
 *
 * Keys are given, or published at an address, or found by an OIDC provider's discovery. Members of a configuration that
 * are not known are refused.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { AppError } from '../../model/errors.ts';
import type { JsonObject, StringMap } from '../../model/types.ts';
import type { AuthMethod } from './auth-method.ts';
import { ALGORITHMS, isSignedBy, type Jws, parseJws } from './jws.ts';
import { type ClaimRules, claimsFault, DEFAULT_LEEWAYS, leewayMs, mappedClaims } from './jwt-claims.ts';
import type { KeySource } from './key-sets.ts';

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isTexts: Test = (value) => Array.isArray(value) && value.every(isText);
const isMap: Test = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);
const isDuration: Test = (value) => typeof value === 'number' || isText(value);

const MEMBERS: Readonly<Record<string, Test>> = {
  JWTValidationPubKeys: isTexts,
  JWKSURL: isText,
  JWKSCACert: isText,
  OIDCDiscoveryURL: isText,
  OIDCDiscoveryCACert: isText,
  JWTSupportedAlgs: isTexts,
  BoundIssuer: isText,
  BoundAudiences: isTexts,
  ClaimMappings: isMap,
  ListClaimMappings: isMap,
  ExpirationLeeway: isDuration,
  NotBeforeLeeway: isDuration,
  ClockSkewLeeway: isDuration,
};

const CLAIM_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);
const mapOf = (value: unknown): StringMap => (value ?? {}) as StringMap;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function keyOf(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

function memberProblem(config: JsonObject): string | undefined {
  for (const [name, value] of Object.entries(config)) {
    const test = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (test === undefined) return `Config has an unknown member "${name}"`;
    if (value !== null && !test(value)) return `Config member "${name}" has a wrong type`;
  }
  return undefined;
}

function keyProblem(config: JsonObject): string | undefined {
  const given = [
    textsOf(config['JWTValidationPubKeys']).length > 0,
    config['JWKSURL'],
    config['OIDCDiscoveryURL'],
  ];
  if (given.filter(Boolean).length !== 1)
    return `exactly one of 'JWTValidationPubKeys', 'JWKSURL', or 'OIDCDiscoveryURL' must be set for type "jwt"`;
  const bad = textsOf(config['JWTValidationPubKeys']).findIndex((pem) => keyOf(pem) === undefined);
  if (bad >= 0)
    return `error parsing public key JWTValidationPubKeys[${bad}]: data does not contain any valid RSA, ECDSA, or ED25519 public keys`;
  for (const name of ['JWKSURL', 'OIDCDiscoveryURL'] as const) {
    const url = textOf(config[name]);
    if (url !== '' && !/^https?:\/\/\S+$/.test(url)) return `${name} is no address of http or https`;
  }
  return undefined;
}

/** What is wrong with a configuration. */
function problem(config: JsonObject): string | undefined {
  const fault = memberProblem(config) ?? keyProblem(config);
  if (fault !== undefined) return fault;
  const unknown = textsOf(config['JWTSupportedAlgs']).find((name) => !Object.hasOwn(ALGORITHMS, name));
  if (unknown !== undefined) return `Invalid supported algorithm: ${unknown}`;
  for (const member of ['ClaimMappings', 'ListClaimMappings'])
    for (const name of Object.values(mapOf(config[member])))
      if (!CLAIM_NAME.test(name)) return `${member}: "${name}" is no name; use letters, digits and _`;
  return undefined;
}

function rulesOf(config: JsonObject): ClaimRules {
  return {
    boundIssuer: textOf(config['BoundIssuer']),
    boundAudiences: textsOf(config['BoundAudiences']),
    claimMappings: mapOf(config['ClaimMappings']),
    listClaimMappings: mapOf(config['ListClaimMappings']),
    expirationLeewayMs: leewayMs(config['ExpirationLeeway'], DEFAULT_LEEWAYS.expiration),
    notBeforeLeewayMs: leewayMs(config['NotBeforeLeeway'], DEFAULT_LEEWAYS.notBefore),
    clockSkewLeewayMs: leewayMs(config['ClockSkewLeeway'], DEFAULT_LEEWAYS.clockSkew),
  };
}

function sourceOf(config: JsonObject): KeySource {
  const url = textOf(config['JWKSURL']);
  return url === ''
    ? {
        url: textOf(config['OIDCDiscoveryURL']),
        ca: textOf(config['OIDCDiscoveryCACert']),
        isDiscovery: true,
      }
    : { url, ca: textOf(config['JWKSCACert']), isDiscovery: false };
}

function forbid(why: string, cause?: unknown): never {
  throw new AppError('forbidden', `Permission denied: ${why}`, { cause });
}

/** Refuses a token whose algorithm is not allowed before any key is looked for. */
function requireJws(bearerToken: string, config: JsonObject): Jws {
  const jws = parseJws(bearerToken);
  if (jws === undefined) return forbid('error parsing token: it is no signed JWT');
  const allowed = textsOf(config['JWTSupportedAlgs']);
  if (!(allowed.length === 0 ? ['RS256'] : allowed).includes(jws.algorithm))
    return forbid('error parsing token: its algorithm is not allowed');
  return jws;
}

const logIn: AuthMethod['logIn'] = async (config, bearerToken, { clock, keySets }) => {
  const jws = requireJws(bearerToken, config);
  const given = textsOf(config['JWTValidationPubKeys']).flatMap((pem) => keyOf(pem) ?? []);
  const keys =
    given.length > 0
      ? given
      : await keySets
          .keysFor(sourceOf(config), jws.keyId)
          .catch((cause: unknown) => forbid('the keys of the provider cannot be had', cause));
  if (!isSignedBy(jws, keys)) return forbid('no known key successfully validated the token signature');
  const rules = rulesOf(config);
  const fault = claimsFault(jws.claims, rules, clock.now());
  if (fault !== undefined) return forbid(`error validating claims: ${fault}`);
  const claims = mappedClaims(jws.claims, rules);
  return typeof claims === 'string' ? forbid(`error validating claims: ${claims}`) : claims;
};

export const jwtMethod: AuthMethod = {
  problem,
  claimNames: (config) => ({
    values: Object.values(mapOf(config['ClaimMappings'])),
    lists: Object.values(mapOf(config['ListClaimMappings'])),
  }),
  logIn,
};
