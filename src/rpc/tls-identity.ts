/**
 * How agents know each other on a connection: a certificate, its key, and the authority that signed those of the others.
 *
 * Both ends present a certificate and both check the other's. Without an identity a connection is in the clear; then
 * only loopback addresses may be listened on (the caller sees to that).
 */
import tls from 'node:tls';

export interface TlsIdentity {
  /** PEM, the own certificate first. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** PEM of the authorities whose certificates are taken. */
  readonly authorities: string;
  /** The name that a server's certificate has to carry; without it, any certificate of the authorities will do. */
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

/** Options of a connection to a server; `host` is what was dialled and counts for nothing here. */
export function dialOptions(identity: TlsIdentity): tls.ConnectionOptions {
  const { certificate, key, authorities, serverName } = identity;
  return {
    ...COMMON,
    cert: certificate,
    key,
    ca: authorities,
    rejectUnauthorized: true,
    ...(serverName !== undefined && { servername: serverName }),
    checkServerIdentity: (_host, certificateOfServer) =>
      serverName === undefined ? undefined : tls.checkServerIdentity(serverName, certificateOfServer),
  };
}
