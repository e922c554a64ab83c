/**
 * The signature of a JWT (RFC 7515, compact form): read it, and hold it against keys. Only what a method allows is
 * tried; `none` and shared secrets are no algorithms here. The cryptography is that of node:crypto.
 */
import { constants, type KeyObject, verify } from 'node:crypto';
import type { JsonObject } from '../../model/types.ts';

/** Characters of a token. */
const MAX_TOKEN_LENGTH = 16 * 1024;

interface Algorithm {
  readonly hash: string | null;
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  /** Of an elliptic key. */
  readonly curve?: string;
  readonly isPss?: true;
}

export const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  RS256: { hash: 'sha256', keyType: 'rsa' },
  RS384: { hash: 'sha384', keyType: 'rsa' },
  RS512: { hash: 'sha512', keyType: 'rsa' },
  PS256: { hash: 'sha256', keyType: 'rsa', isPss: true },
  PS384: { hash: 'sha384', keyType: 'rsa', isPss: true },
  PS512: { hash: 'sha512', keyType: 'rsa', isPss: true },
  ES256: { hash: 'sha256', keyType: 'ec', curve: 'prime256v1' },
  ES384: { hash: 'sha384', keyType: 'ec', curve: 'secp384r1' },
  ES512: { hash: 'sha512', keyType: 'ec', curve: 'secp521r1' },
  EdDSA: { hash: null, keyType: 'ed25519' },
};

/** A token taken apart; nothing of it is believed yet. */
export interface Jws {
  readonly algorithm: string;
  /** Which key signed it; '' when it does not say. */
  readonly keyId: string;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

function objectOf(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The parts of a token; undefined for what is none, or names extensions that have to be understood. */
export function parseJws(token: string): Jws | undefined {
  if (token.length > MAX_TOKEN_LENGTH || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  const [head = '', body = '', signature = ''] = token.split('.');
  const [header, claims] = [objectOf(head), objectOf(body)];
  if (header === undefined || claims === undefined || header['crit'] !== undefined) return undefined;
  const { alg, kid } = header;
  return {
    algorithm: typeof alg === 'string' ? alg : '',
    keyId: typeof kid === 'string' ? kid : '',
    claims,
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function fits(key: KeyObject, { keyType, curve }: Algorithm): boolean {
  if (key.asymmetricKeyType !== keyType) return false;
  return curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve;
}

/** Whether one of these keys has signed a token by an algorithm that is allowed. Never throws. */
export function isSignedBy({ algorithm: name, signed, signature }: Jws, keys: readonly KeyObject[]): boolean {
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  if (algorithm === undefined) return false;
  return keys.some((key) => {
    if (!fits(key, algorithm)) return false;
    const options = {
      key,
      ...(algorithm.keyType === 'ec' && { dsaEncoding: 'ieee-p1363' as const }),
      ...(algorithm.isPss && {
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }),
    };
    try {
      return verify(algorithm.hash, Buffer.from(signed), options, signature);
    } catch {
      return false;
    }
  });
}
