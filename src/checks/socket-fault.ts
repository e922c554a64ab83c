/**
 * Errors of sockets in Consul's words, because people match on them.
 *
 * A new one is a row in a table; what no table knows is told as Node tells it.
 */

import net from 'node:net';
import { addressText } from '../lib/address-text.ts';
import type { HostPort } from './host-port.ts';

const DIAL_FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ETIMEDOUT: 'connect: connection timed out',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  EACCES: 'connect: permission denied',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
  EMFILE: 'socket: too many open files',
};

const UNKNOWN_AUTHORITY = 'x509: certificate signed by unknown authority';

const TLS_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'x509: certificate has expired or is not yet valid',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls: first record does not look like a TLS handshake',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls: first record does not look like a TLS handshake',
};

type SystemError = Error & {
  readonly code?: string;
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly errors?: readonly SystemError[];
  /** Of a certificate that is made out to somebody else. */
  readonly host?: string;
  readonly cert?: { readonly subjectaltname?: string };
};

/** A certificate for other names than the one that was asked for. */
function nameFault({ host = '', cert }: SystemError): string {
  const names = (cert?.subjectaltname ?? '').split(', ').filter((name) => name !== '');
  const of = (kind: string): string[] =>
    names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
  const [addresses, dnsNames] = [of('IP Address:'), of('DNS:')];
  if (net.isIP(host) !== 0 && addresses.length === 0)
    return `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  const known = (net.isIP(host) === 0 ? dnsNames : addresses).join(', ');
  return `x509: certificate is ${known === '' ? 'not valid for any names' : `valid for ${known}`}, not ${host}`;
}

/** The first failure of several addresses that were tried. */
function firstOf(error: SystemError): SystemError {
  return error.errors?.[0] ?? error;
}

/** What an error of a socket is called. `network` is tcp or udp. Never throws. */
export function socketFault(raised: unknown, target: HostPort, network = 'tcp'): string {
  const error = firstOf(raised as SystemError);
  const { code = '', syscall = '', address = target.host, port = target.port } = error;
  if (syscall === 'getaddrinfo') {
    const why = code === 'ENOTFOUND' ? 'no such host' : 'Temporary failure in name resolution';
    return `dial ${network}: lookup ${error.hostname ?? target.host}: ${why}`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return nameFault(error);
  if (code in TLS_FAULTS) return TLS_FAULTS[code] as string;
  if (syscall === 'connect' || syscall === 'socket')
    return `dial ${network} ${addressText(address, port)}: ${DIAL_FAULTS[code] ?? error.message}`;
  if (code === 'ECONNRESET' && syscall === 'read') return 'read: connection reset by peer';
  if (code === 'EPIPE') return 'write: broken pipe';
  if (code === 'ECONNRESET') return 'EOF';
  return error.message;
}
