/**
 * How agents know each other on a connection: a certificate, its key, and the authority that signed those of the others.
 *
 * Both ends present a certificate and both check the other's. Without an identity a connection is in the clear; then
 * only loopback addresses may be listened on (the caller sees to that).
 */
import type { X509Certificate } from 'node:crypto';
import tls, { type PeerCertificate } from 'node:tls';

export interface TlsIdentity {
  /** PEM, the own certificate first. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** PEM of the authorities whose certificates are taken. */
  readonly authorities: string;
  /**
   * `server.<datacenter>.<domain>` of the own datacenter: the certificate of a server has to carry the name for its own.
   * Without it, any certificate of the authorities will do.
   */
  readonly serverName?: string | undefined;
  /** Has to be known by both ends as well (secret-proof.ts); certificates that were made from it say so already. */
  readonly secret?: Uint8Array | undefined;
  /** Have the listener told when the texts above, which are asked for at each use, have become others. */
  readonly onChange?: ((listener: () => void) => void) | undefined;
}

const COMMON = { minVersion: 'TLSv1.3', ALPNProtocols: ['h2'] } as const;

/** Options of a listener that takes only those who present a certificate of the authorities. */
export function listenOptions({ certificate, key, authorities }: TlsIdentity) {
  return { ...COMMON, cert: certificate, key, ca: authorities, requestCert: true, rejectUnauthorized: true };
}

/** Stands for any datacenter, where it is yet to be found out which one. */
export const ANY_DATACENTER = '';

/** Whether a certificate has a name of a server of `datacenter`; `subjectAltName` as Node prints it. */
function namesServerOf(datacenter: string, ownName: string, subjectAltName = ''): boolean {
  const [first, , ...domain] = ownName.split('.');
  return subjectAltName.split(', ').some((name) => {
    const [label, where, ...rest] = name.toLowerCase().split('.');
    const isThere = datacenter === ANY_DATACENTER || where === datacenter.toLowerCase();
    return label === `dns:${first}` && isThere && rest.join('.') === domain.join('.');
  });
}

/** Whether who shows `certificate` is a server of `datacenter` (undefined: the own one), as far as names are asked for. */
export function isServer(
  { serverName }: Pick<TlsIdentity, 'serverName'>,
  certificate: X509Certificate | undefined,
  datacenter?: string,
): boolean {
  if (serverName === undefined) return true;
  if (datacenter === undefined) return certificate?.checkHost(serverName) !== undefined;
  return namesServerOf(datacenter, serverName, certificate?.subjectAltName);
}

function faultOfServer(
  ownName: string,
  certificate: PeerCertificate,
  datacenter: string | undefined,
): Error | undefined {
  if (datacenter === undefined) return tls.checkServerIdentity(ownName, certificate);
  if (namesServerOf(datacenter, ownName, certificate.subjectaltname)) return undefined;
  return new Error(`its certificate is not that of a server of ${datacenter || 'any datacenter'}`);
}

/**
 * Options of a connection to a server of `datacenter`: undefined is the own one. What was dialled counts for nothing.
 */
export function dialOptions(identity: TlsIdentity, datacenter?: string): tls.ConnectionOptions {
  const { certificate, key, authorities, serverName } = identity;
  return {
    ...COMMON,
    cert: certificate,
    key,
    ca: authorities,
    rejectUnauthorized: true,
    ...(serverName !== undefined && { servername: serverName }),
    checkServerIdentity: (_host, certificateOfServer) =>
      serverName === undefined ? undefined : faultOfServer(serverName, certificateOfServer, datacenter),
  };
}
