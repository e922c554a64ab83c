/**
 * Connections of probes: one socket for one probe.
 *
 * Nothing is kept alive or shared but name lookups that are under way (a thousand checks of one name ask for it once)
 * and the list of trusted authorities.
 */
import { type LookupAddress, lookup as lookupName } from 'node:dns';
import net from 'node:net';
import tls from 'node:tls';
import type { ProbeTls } from '../model/types.ts';
import type { HostPort } from './host-port.ts';

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

/**
 * Whom probes trust: the authorities that Node brings and those that this machine's administrator added. Made once,
 * because it takes some ten milliseconds.
 */
function trustedAuthorities(): tls.SecureContext {
  const ca = new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')]);
  return tls.createSecureContext({ ca: [...ca] });
}

/** The dialer that all probes of an agent share. */
export function createDial(): Dial {
  const lookup = pendingLookups();
  let secureContext: tls.SecureContext | undefined;
  return ({ host, port }, { tls: security, alpn }) => {
    // With all addresses in hand, Node tries them in turn until one answers (RFC 8305).
    const options = { host, port, lookup, autoSelectFamily: true };
    if (security === undefined) return net.connect(options);
    const serverName = security.serverName || host;
    secureContext ??= trustedAuthorities();
    return tls.connect({
      ...options,
      secureContext,
      rejectUnauthorized: !security.skipVerify,
      // An IP address cannot be a server name (RFC 6066 §3).
      ...(net.isIP(serverName) === 0 ? { servername: serverName } : {}),
      ...(alpn ? { ALPNProtocols: [...alpn] } : {}),
      // With a name of its own the certificate is checked against that one, not against the address.
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(serverName, certificate),
    });
  };
}
