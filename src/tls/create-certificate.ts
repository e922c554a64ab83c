/**
 * Makes certificates: an authority that signs itself, and certificates for agents that it signs.
 *
 * Keys are on the curve P-256, as Consul's are. An authority that was made elsewhere (RSA or another curve, PKCS #1, #8 or
 * SEC 1) signs as well. A library makes the certificates; it is loaded by who makes one, not by every agent.
 */
import { createPrivateKey, KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Random } from '../lib/random.ts';
import { refuse } from '../model/errors.ts';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SERIAL_BYTES = 16;
/** The curves that WebCrypto has, by OpenSSL's names. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};
const NAME_CONSTRAINTS = '2.5.29.30';
/** Tags of DER (X.690): SEQUENCE, and the two of NameConstraints and GeneralName (RFC 5280 §4.2.1.10, §4.2.1.6). */
const [SEQUENCE, PERMITTED, DNS_NAME] = [0x30, 0xa0, 0x82];

/** PEM of a certificate and its key. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

export interface AuthorityRequest {
  readonly random: Random;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Names below which it may certify; none is all. */
  readonly permittedNames: readonly string[];
}

export interface CertificateRequest {
  readonly random: Random;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** For both ends of a connection; without it no use is named. */
  readonly isForAgents: boolean;
}

/** Positive, and no shorter than it looks: the first octet is 0x40 to 0x7f. */
function serialNumber(random: Random): string {
  const octets = Buffer.from(random.bytes(SERIAL_BYTES));
  octets[0] = ((octets[0] as number) & 0x3f) | 0x40;
  return octets.toString('hex');
}

function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >>> 8, length & 0xff];
  return Uint8Array.from([...head, ...content]);
}

function nameConstraints(names: readonly string[]): x509.Extension {
  const subtrees = names.map((name) => der(SEQUENCE, der(DNS_NAME, Buffer.from(name, 'ascii'))));
  const value = der(SEQUENCE, der(PERMITTED, Buffer.concat(subtrees)));
  return new x509.Extension(NAME_CONSTRAINTS, true, value);
}

function makeKeys() {
  return webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
}

function pemOfKey(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'sec1', format: 'pem' }) as string;
}

/** An authority that signs itself. */
export async function createAuthority(request: AuthorityRequest): Promise<CertificateAndKey> {
  const { notBefore, notAfter, permittedNames } = request;
  const keys = await makeKeys();
  const serial = serialNumber(request.random);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    notBefore,
    notAfter,
    serialNumber: serial,
    name: `O=rollcall, CN=Agent CA ${serial}`,
    keys,
    signingAlgorithm: { ...CURVE, hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ...(permittedNames.length > 0 ? [nameConstraints(permittedNames)] : []),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: pemOfKey(keys.privateKey) };
}

interface Signer {
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: webcrypto.EcdsaParams | { readonly name: string; readonly hash: string };
}

/** The key of an authority, ready to sign. Throws bad_request for one that cannot. */
async function signerOf(pem: string): Promise<Signer> {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    return refuse('bad_request', 'the key of the CA cannot be read', { cause });
  }
  const octets = key.export({ type: 'pkcs8', format: 'der' });
  const { namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const curve = CURVES[namedCurve];
  const hash = 'SHA-256';
  const algorithm =
    key.asymmetricKeyType === 'rsa'
      ? { name: 'RSASSA-PKCS1-v1_5', hash }
      : key.asymmetricKeyType === 'ec' && curve !== undefined
        ? { name: 'ECDSA', namedCurve: curve, hash }
        : refuse(
            'bad_request',
            `the key of the CA is of a kind that cannot sign here: ${key.asymmetricKeyType}`,
          );
  return { key: await webcrypto.subtle.importKey('pkcs8', octets, algorithm, false, ['sign']), algorithm };
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    return refuse('bad_request', 'the certificate of the CA cannot be read', { cause });
  }
}

/** A certificate for an agent, signed by an authority. Rejects with bad_request when that one cannot be used. */
export async function createCertificate(
  request: CertificateRequest,
  authority: CertificateAndKey,
): Promise<CertificateAndKey> {
  const { notBefore, notAfter, commonName, dnsNames, ipAddresses, isForAgents } = request;
  const signer = await signerOf(authority.key);
  const signing = readCertificate(authority.certificate);
  if (!signing.ca) return refuse('bad_request', 'the certificate of the CA is not one of a CA');
  if (!signing.checkPrivateKey(createPrivateKey(authority.key)))
    return refuse('bad_request', 'the key does not belong to the certificate of the CA');
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await makeKeys();
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    notBefore,
    notAfter,
    serialNumber: serialNumber(request.random),
    subject: `CN=${commonName}`,
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: signer.key,
    signingAlgorithm: signer.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      ...(isForAgents ? [new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth])] : []),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: pemOfKey(keys.privateKey) };
}
