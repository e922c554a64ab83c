/**
 * DNS over TLS (RFC 7858): what DNS over TCP is, inside of TLS, on a port of its own, with replies that are padded.
 *
 * A connection has its place (connection-table.ts) from its first packet, handshake or not, and may lose it like any other. Who
 * does not finish a handshake in time is cut off by the gate.
 */
import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SecureGate, type SecureSettings } from '../../tls/secure-gate.ts';
import { MAX_MESSAGE_BYTES } from '../../wire/constants.ts';
import { padReply } from '../../wire/padding.ts';
import type { Counters } from '../counters.ts';
import type { Place } from './connection-table.ts';
import type { Endpoint, Listener } from './endpoint.ts';
import { serveStream, type TcpParts } from './tcp.ts';

export interface DnsOverTlsParts extends TcpParts {
  readonly counters: Pick<Counters, 'dropped' | 'encrypted'>;
  readonly settings: SecureSettings;
  readonly handshakeMs: number;
  readonly onFailed: () => void;
}

export interface SecureListener extends Listener {
  /** Other certificates for connections from now on. */
  replace(settings: SecureSettings): void;
}

/** Tells the two ends of a connection apart from those of all others that are open. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: net.Socket): string {
  return `${localAddress}|${localPort}|${remoteAddress}|${remotePort}`;
}

/** Listen and answer. Rejects with the system's error when the address cannot be had. */
export async function openDnsOverTls(endpoint: Endpoint, parts: DnsOverTlsParts): Promise<SecureListener> {
  const { places, counters, config, log } = parts;
  const scratch = new Uint8Array(MAX_MESSAGE_BYTES);
  /** Connections that are open, encrypted or on the way to it. */
  const open = new Map<string, { readonly socket: net.Socket; readonly place: Place }>();

  function serveSecure(socket: TLSSocket): void {
    const place = open.get(endsOf(socket))?.place;
    if (place === undefined) return void socket.destroy(); // it has gone meanwhile
    place.use();
    socket.on('data', place.use);
    serveStream(socket, parts, scratch, (reply) => {
      counters.encrypted('tls');
      return padReply(reply);
    });
  }

  const gate = new SecureGate(parts.settings, {
    protocols: ['dot'],
    handshakeMs: parts.handshakeMs,
    onSecure: serveSecure,
    onFailed: parts.onFailed,
  });
  const server = net.createServer((socket) => {
    const ends = endsOf(socket);
    const place = places.enter(socket.remoteAddress ?? '', socket);
    open.set(ends, { socket, place });
    socket.once('close', () => {
      open.delete(ends);
      place.leave();
    });
    gate.take(socket);
    if (places.size <= config().tcpMaxConnections) return;
    counters.dropped('tcp', 'too_many');
    places.evict()?.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: endpoint.port, host: endpoint.address, ipv6Only: true }, () => {
      server.off('error', reject);
      server.on('error', (err) => log.warn({ err }, 'DNS over TLS listener'));
      resolve({
        port: (server.address() as net.AddressInfo).port,
        replace: (settings) => gate.replace(settings),
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const { socket } of open.values()) socket.destroy();
          }),
      });
    });
  });
}
