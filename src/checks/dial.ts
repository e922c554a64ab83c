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

/** What the agent shows to those who are checked, where it is to show anything, and whom it trusts then. */
export interface CheckIdentity {
  /** PEM; '' for none. */
  readonly certificate: string;
  readonly key: string;
  /** Authorities that are trusted instead of those of the machine; none changes nothing. */
  readonly authorities: readonly string[];
  /** The name that certificates are for where a check names none. */
  readonly serverName: string;
}

/** Opens a socket; errors come as its 'error' event. */
export type Dial = (target: HostPort, options: DialOptions) => net.Socket;

/** Whom probes trust: the authorities that Node brings and those that this machine's administrator added. */
function machineAuthorities(): readonly string[] {
  return [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])];
}

function contextFor(identity: CheckIdentity | undefined): tls.SecureContext {
  const own = identity?.authorities ?? [];
  return tls.createSecureContext({
    ca: [...(own.length > 0 ? own : machineAuthorities())],
    ...(identity !== undefined &&
      identity.certificate !== '' && { cert: identity.certificate, key: identity.key }),
  });
}

/** The dialer that all probes of an agent share. `identityNow` gives another object when it has changed. */
export function createDial(identityNow: () => CheckIdentity | undefined = () => undefined): Dial {
  const lookup = pendingLookups();
  /** Made once for an identity, because it takes some ten milliseconds. */
  let made: { readonly of: CheckIdentity | undefined; readonly context: tls.SecureContext } | undefined;
  const contextNow = (): tls.SecureContext => {
    const of = identityNow();
    if (made === undefined || made.of !== of) made = { of, context: contextFor(of) };
    return made.context;
  };
  return ({ host, port }, { tls: security, alpn }) => {
    // With all addresses in hand, Node tries them in turn until one answers (RFC 8305).
    const options = { host, port, lookup, autoSelectFamily: true };
    if (security === undefined) return net.connect(options);
    const serverName = security.serverName || identityNow()?.serverName || host;
    return tls.connect({
      ...options,
      secureContext: contextNow(),
      rejectUnauthorized: !security.skipVerify,
      // An IP address cannot be a server name (RFC 6066 §3).
      ...(net.isIP(serverName) === 0 ? { servername: serverName } : {}),
      ...(alpn ? { ALPNProtocols: [...alpn] } : {}),
      // With a name of its own the certificate is checked against that one, not against the address.
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(serverName, certificate),
    });
  };
}
