/**
 * Connections of probes: one socket for one probe, and what to say when it does not come about.
 *
 * Texts are the reference's, because people match on them. Nothing is kept alive or shared but name lookups that are
 * under way: a thousand checks of one name ask for it once.
 */
import { type LookupAddress, lookup as lookupName } from 'node:dns';
import net from 'node:net';
import tls from 'node:tls';
import type { ProbeTls } from '../model/types.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Host and port of "host:port" or "[v6]:port"; a text says what is wrong with it. Empty hosts mean this machine. */
export function splitHostPort(address: string): HostPort | { readonly fault: string } {
  const bracketed = /^\[([^\]]*)\]:(.*)$/u.exec(address);
  const colon = address.lastIndexOf(':');
  if (!bracketed && colon < 0) return { fault: `address ${address}: missing port in address` };
  const host = bracketed ? (bracketed[1] as string) : address.slice(0, colon);
  const portText = bracketed ? (bracketed[2] as string) : address.slice(colon + 1);
  if (!bracketed && host.includes(':')) return { fault: `address ${address}: too many colons in address` };
  const port = /^\d+$/u.test(portText) ? Number(portText) : Number.NaN;
  if (Number.isNaN(port)) return { fault: `lookup tcp/${portText}: unknown port` };
  if (port > 65_535) return { fault: `address ${portText}: invalid port` };
  return { host: host === '' ? '127.0.0.1' : host, port };
}

/** How an address and port are written in error texts. */
export function joinHostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

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
};

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
  if (code in TLS_FAULTS) return TLS_FAULTS[code] as string;
  if (syscall === 'connect' || syscall === 'socket')
    return `dial ${network} ${joinHostPort(address, port)}: ${DIAL_FAULTS[code] ?? error.message}`;
  if (code === 'ECONNRESET' && syscall === 'read') return 'read: connection reset by peer';
  if (code === 'EPIPE') return 'write: broken pipe';
  if (code === 'ECONNRESET') return 'EOF';
  return error.message;
}

type Lookup = NonNullable<net.TcpSocketConnectOpts['lookup']>;

const pendingLookups = (): Lookup => {
  const waiting = new Map<string, Parameters<Lookup>[2][]>();
  return (hostname, options, callback) => {
    const key = `${hostname} ${String(options.family ?? 0)}`;
    const others = waiting.get(key);
    if (others) {
      others.push(callback);
      return;
    }
    const callbacks = [callback];
    waiting.set(key, callbacks);
    lookupName(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      waiting.delete(key);
      for (const answer of callbacks) answer(error, addresses);
    });
  };
};

export interface DialOptions {
  /** Undefined for a connection without TLS. */
  readonly tls: ProbeTls | undefined;
  readonly alpn?: readonly string[];
}

/** Opens a socket; errors come as its 'error' event. */
export type Dial = (target: HostPort, options: DialOptions) => net.Socket;

/** The dialer that all probes of an agent share. */
export function createDial(): Dial {
  const lookup = pendingLookups();
  return ({ host, port }, { tls: security, alpn }) => {
    // With all addresses in hand, Node tries them in turn until one answers (RFC 8305).
    const options = { host, port, lookup, autoSelectFamily: true };
    if (security === undefined) return net.connect(options);
    const serverName = security.serverName || host;
    return tls.connect({
      ...options,
      rejectUnauthorized: !security.skipVerify,
      // An IP address cannot be a server name (RFC 6066 §3).
      ...(net.isIP(serverName) === 0 ? { servername: serverName } : {}),
      ...(alpn ? { ALPNProtocols: [...alpn] } : {}),
      // With a name of its own the certificate is checked against that one, not against the address.
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(serverName, certificate),
    });
  };
}
