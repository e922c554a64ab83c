/**
 * Little servers on free ports for probes to look at; each ends with the test that started it.
 */
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from './tls-certificate.ts';

const TLS = { key: TEST_KEY, cert: TEST_CERTIFICATE };

/** Listen on 127.0.0.1; the port. Everything is closed when the test is over. */
async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export function httpTarget(handler: http.RequestListener): Promise<number> {
  return listen(http.createServer(handler));
}

export function httpsTarget(handler: http.RequestListener): Promise<number> {
  return listen(https.createServer(TLS, handler));
}

export function http2Target(isTls: boolean): Promise<number> {
  return listen(isTls ? (http2.createSecureServer(TLS) as net.Server) : (http2.createServer() as net.Server));
}

/** A server that does with a connection what `onConnection` does, which may be nothing. */
export function tcpTarget(onConnection: (socket: net.Socket) => void = () => {}): Promise<number> {
  return listen(net.createServer(onConnection));
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}
