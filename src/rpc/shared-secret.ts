/**
 * A TLS identity from a shared secret (`encrypt`, as `keygen` makes it): whoever knows the secret is let in.
 *
 * The secret gives the key of an authority that is the same on every agent, so each can sign a certificate for itself
 * that all others take; nobody else can. No cryptography of our own: HKDF makes the key, a library the certificates, TLS
 * the rest. The certificates do not expire, because it is the secret that admits and not they. Loaded when there is a
 * secret: the library costs a start some 100 ms.
 */
import { createECDH, hkdfSync, webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { TlsIdentity } from './tls-identity.ts';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const AUTHORITY_NAME = 'CN=rollcall agents with one secret';
/** Order of the curve P-256 (SEC 2, secp256r1). */
const CURVE_ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
/** So that the remainder below is as good as evenly spread (FIPS 186-5 A.4.1: 64 bits more than the order). */
const DERIVED_BYTES = 40;
const NOT_BEFORE = new Date('2000-01-01T00:00:00Z');
const NOT_AFTER = new Date('2100-01-01T00:00:00Z');

interface KeyPair {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

/** The private number of the authority: the secret stretched, and brought into the range of the curve. */
function scalarOf(secret: Uint8Array): Buffer {
  const derived = hkdfSync('sha256', secret, 'rollcall', 'key of the authority of agents', DERIVED_BYTES);
  const wide = BigInt(`0x${Buffer.from(derived).toString('hex')}`);
  const scalar = (wide % (CURVE_ORDER - 1n)) + 1n;
  return Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
}

async function authorityKeys(secret: Uint8Array): Promise<KeyPair> {
  const scalar = scalarOf(secret);
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  const point = curve.getPublicKey(); // 4, x, y
  const part = (from: number, to: number): string => point.subarray(from, to).toString('base64url');
  const open = { kty: 'EC', crv: 'P-256', x: part(1, 33), y: part(33, 65) };
  const closed = { ...open, d: scalar.toString('base64url') };
  const { subtle } = webcrypto;
  return {
    privateKey: await subtle.importKey('jwk', closed, CURVE, true, ['sign']),
    publicKey: await subtle.importKey('jwk', open, CURVE, true, ['verify']),
  };
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  const octets = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(octets, 'PRIVATE KEY');
}

/** An identity for the agent that goes by these names (host names and IP addresses). */
export async function identityFromSecret(
  secret: Uint8Array,
  names: readonly { readonly type: 'dns' | 'ip'; readonly value: string }[],
): Promise<TlsIdentity> {
  const authority = await authorityKeys(secret);
  const validity = { notBefore: NOT_BEFORE, notAfter: NOT_AFTER, signingAlgorithm: SIGNING };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: AUTHORITY_NAME,
    keys: authority,
    serialNumber: '01',
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const own = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: 'CN=rollcall agent',
    issuer: AUTHORITY_NAME,
    publicKey: own.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([...names]),
    ],
  });
  return {
    certificate: certificate.toString('pem'),
    key: await pemOfKey(own.privateKey),
    authorities: root.toString('pem'),
  };
}
