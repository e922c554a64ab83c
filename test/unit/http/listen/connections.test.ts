import { Server } from 'node:http';
import net from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { watchConnections } from '../../../../src/http/listen/connections.ts';
import type { Work } from '../../../../src/lib/fair-turns.ts';
import { startHttp, type TestServer } from '../../../support/http-server.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.app.close();
});

async function listen(config: Parameters<typeof startHttp>[0] = {}): Promise<number> {
  const server = await startHttp(config);
  servers.push(server);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  return (server.app.server.address() as { port: number }).port;
}

/** Everything that the server says on a connection until it closes. */
function exchange(port: number, sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(sent));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
    });
    socket.on('close', () => resolve(heard)).on('error', reject);
  });
}

const GET = 'GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

describe('connections', () => {
  test('beyond the limit of a client are a 429 and closed, and count no more once they are', async () => {
    const port = await listen({ maxConnectionsPerClient: 2 });
    const idle = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')];
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    const refused = await exchange(port, GET);
    expect(refused).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
    expect(refused).not.toContain('200 OK');
    for (const socket of idle) socket.destroy();
    await expect.poll(() => exchange(port, GET)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test('that end all at once are let go in turns, each of them in the end', async () => {
    const { parts, app } = await startHttp();
    const server = new Server();
    server.removeAllListeners('connection');
    const seen = { end: 0, close: 0 };
    server.on('connection', (socket: Duplex) => {
      for (const event of ['end', 'close'] as const)
        socket.on(event, () => {
          seen[event] += 1;
        });
    });
    const waiting: Work[] = [];
    watchConnections(server, parts, { add: (work) => waiting.push(work) });
    const sockets = Array.from({ length: 100 }, () => new PassThrough({ autoDestroy: false }));
    for (const socket of sockets) server.emit('connection', socket.resume());
    for (const socket of sockets) socket.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual({ end: 0, close: 0 });
    for (const work of waiting.splice(0, 60)) expect(work.step()).toBe(false);
    expect(seen).toEqual({ end: 60, close: 0 });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    for (const work of waiting) work.step();
    expect(seen.close).toBe(100);
    await app.close();
  });

  test('that do not speak HTTP are refused in plain text', async () => {
    const port = await listen();
    const heard = await exchange(port, 'hello there\r\n\r\n');
    expect(heard).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: text\/plain/);
    expect(heard).not.toContain('{');
  });

  test('with headers over 64 KiB are a 431', async () => {
    const port = await listen();
    const heard = await exchange(
      port,
      `GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(70_000)}\r\n\r\n`,
    );
    expect(heard).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('may carry long filters', async () => {
    const port = await listen();
    const filter = encodeURIComponent(`Node == "${'x'.repeat(12_000)}"`);
    const heard = await exchange(
      port,
      GET.replace('/v1/status/leader', `/v1/catalog/nodes?filter=${filter}`),
    );
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
