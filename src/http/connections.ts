/**
 * Counts open connections, refuses those of a client that has too many (`limits.http_max_conns_per_client`), and
 * answers what is not HTTP.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpParts } from './parts.ts';

const PLAIN = 'Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n';

const TOO_MANY = `HTTP/1.1 429 Too Many Requests\r\n${PLAIN}Your IP is issuing too many concurrent connections, please rate limit your calls\n`;

/** Answer bytes that the parser did not take, and close. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\n${PLAIN}${status}`);
}

/** Watch over the connections of a server that does not listen yet. */
export function limitConnections(server: Server, { config, metrics }: HttpParts): void {
  const open = new Map<string, number>();
  const gauge = metrics.gauge('http_connections');
  const max = config.maxConnectionsPerClient;
  server.on('connection', (socket) => {
    const client = socket.remoteAddress ?? '';
    const count = (open.get(client) ?? 0) + 1;
    if (max > 0 && client !== '' && count > max) {
      socket.end(TOO_MANY);
      return;
    }
    open.set(client, count);
    gauge.add(0, 1);
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
      gauge.add(0, -1);
    });
  });
}
