import http from 'node:http';
import net from 'node:net';
import { expect, test } from 'vitest';
import { refuseMalformed } from '../../../src/http/listen/connections.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { startHttp } from '../../support/http-server.ts';

test('a request that does not arrive within five minutes is given up', async () => {
  const { app } = await startHttp();
  expect(app.server.requestTimeout).toBe(300_000);
});

test('a client whose request does not arrive in time is told so', async () => {
  const server = http.createServer({
    requestTimeout: 50,
    headersTimeout: 50,
    connectionsCheckingInterval: 10,
  });
  server.on('clientError', (error, socket) => refuseMalformed(error, socket as net.Socket, systemClock));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const heard = await new Promise<string>((resolve) => {
    const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    socket.write('PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc');
    socket.once('data', (chunk) => resolve(String(chunk)));
  });
  server.close();
  expect(heard).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
});
