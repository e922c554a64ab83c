/**
 * Where TCP connections become TLS connections, by settings that may be replaced while others are open.
 *
 * Every set of settings has a `tls.Server` of its own that listens nowhere: it is handed connections. So what was begun under
 * old settings goes on under them, and tickets of old sessions are worth nothing under new ones. Who does not finish a
 * handshake in time, or shows no certificate where one is required, is cut off and counted.
 */
import type net from 'node:net';
import tls from 'node:tls';
import { cipherList, type TlsVersion } from './cipher-suites.ts';
import type { KeyMaterial } from './key-files.ts';

export interface SecureSettings {
  readonly material: KeyMaterial;
  /** Only clients with a certificate of the authorities come in. */
  readonly verifyIncoming: boolean;
  readonly minVersion: TlsVersion;
  /** IANA names, '' for the pinned ones. */
  readonly cipherSuites: string;
}

export interface GateParts {
  /** What is spoken inside, the preferred one first (ALPN, RFC 7301). */
  readonly protocols: readonly string[];
  readonly handshakeMs: number;
  readonly onSecure: (socket: tls.TLSSocket) => void;
  readonly onFailed: (error: Error, socket: tls.TLSSocket) => void;
}

/** Options for Node of settings that have been looked at. Throws config_invalid for cipher suites that do not exist. */
function serverOptions(settings: SecureSettings, { protocols, handshakeMs }: GateParts): tls.TlsOptions {
  const { material, verifyIncoming, minVersion, cipherSuites } = settings;
  return {
    cert: material.certificate,
    key: material.key,
    // Without any, those that Node brings would do; who may come in is for the operator to say.
    ca: [...material.authorities],
    requestCert: verifyIncoming,
    rejectUnauthorized: verifyIncoming,
    minVersion,
    maxVersion: 'TLSv1.3',
    ciphers: cipherList(cipherSuites, minVersion),
    honorCipherOrder: true,
    ALPNProtocols: [...protocols],
    handshakeTimeout: handshakeMs,
  };
}

export class SecureGate {
  readonly #parts: GateParts;
  #server: tls.Server;

  constructor(settings: SecureSettings, parts: GateParts) {
    this.#parts = parts;
    this.#server = this.#serverFor(settings);
  }

  #serverFor(settings: SecureSettings): tls.Server {
    const { onSecure, onFailed } = this.#parts;
    const server = tls.createServer(serverOptions(settings, this.#parts));
    server.on('secureConnection', onSecure);
    server.on('tlsClientError', (error, socket) => {
      onFailed(error, socket);
      socket.destroy();
    });
    return server;
  }

  /** Take connections by other settings from now on. Throws and keeps the old ones when they cannot be used. */
  replace(settings: SecureSettings): void {
    this.#server = this.#serverFor(settings);
  }

  /** Have a connection begin its handshake. */
  take(socket: net.Socket): void {
    this.#server.emit('connection', socket);
  }
}
