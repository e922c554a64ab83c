/**
 * HTTP as octets on a real socket, for what a client library would mend before it sends it.
 */
import { once } from 'node:events';
import net from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Have a server listen on a free port of the loopback address. */
export async function listenAnywhere(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as net.AddressInfo).port;
}

/** A connection that has sent these octets. */
export async function connectAndSend(port: number, octets: string): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port });
  socket.on('error', () => {}); // a reset is an end, too
  await once(socket, 'connect');
  if (octets !== '') await new Promise((resolve) => socket.write(octets, 'latin1', resolve));
  return socket;
}

export interface RawAnswer {
  readonly status: number;
  /** Head and body as they came. */
  readonly octets: string;
}

/** Everything that the server answers to one request, whose target is sent as it stands. */
export async function rawRequest(
  port: number,
  method: string,
  target: string,
  body = '',
): Promise<RawAnswer> {
  const head = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}`;
  const socket = await connectAndSend(port, `${head}\r\n\r\n${body}`);
  let octets = '';
  for await (const chunk of socket) octets += (chunk as Buffer).toString('latin1');
  return { status: Number(octets.slice(9, 12)), octets };
}
