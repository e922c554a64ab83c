/**
 * HTTPS: from connections to encrypted ones to the protocol that the client chose, HTTP/2 or HTTP/1.1.
 *
 * HTTP/1.1 is read by the very server that reads plain connections, so limits, turns and closing are the same. Who fails at the
 * handshake is counted by why, and said at debug level only: anybody can fail as often as he likes.
 */
import type { Socket } from 'node:net';
import { SecureGate, type SecureSettings } from '../../tls/secure-gate.ts';
import type { HttpParts } from '../http-parts.ts';
import type { Connections } from './connections.ts';
import type { Http2Sessions } from './http2-sessions.ts';

/** What the agent does with it. */
export interface SecureDoor {
  /** Have a connection begin its handshake. */
  take(socket: Socket): void;
  /** Other certificates, authorities or rules for connections from now on. Throws and keeps the old ones. */
  replace(settings: SecureSettings): void;
}

/** The door of a server, closed to nobody yet: `take` is given what its listeners accept. */
export function openSecureDoor(
  settings: SecureSettings,
  { connections, sessions }: { readonly connections: Connections; readonly sessions: Http2Sessions },
  { config, metrics, log }: Pick<HttpParts, 'config' | 'metrics' | 'log'>,
): SecureDoor {
  const failures = metrics.counter('tls_handshake_failures');
  const slot = failures.slot('https');
  const gate = new SecureGate(settings, {
    protocols: ['h2', 'http/1.1'],
    handshakeMs: config.httpsHandshakeMs,
    onSecure: (socket) => {
      if (socket.alpnProtocol === 'h2') sessions.take(socket);
      else connections.read(socket);
    },
    onFailed: (err, socket) => {
      failures.add(slot);
      if (log.isDebug()) log.debug({ err, from: socket.remoteAddress ?? '' }, 'a TLS handshake failed');
    },
  });
  return {
    take: (socket) => {
      if (connections.admit(socket)) gate.take(socket);
    },
    replace: (next) => gate.replace(next),
  };
}
