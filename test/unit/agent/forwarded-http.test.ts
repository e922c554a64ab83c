import http from 'node:http';
import type { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { ForwardedHttp } from '../../../src/agent/forwarded-http.ts';
import type { RpcCall } from '../../../src/rpc/rpc-server.ts';

function forwarded() {
  const server = http.createServer((request, response) => response.end(`${request.method} ${request.url}`));
  const connections: Duplex[] = [];
  server.on('connection', (socket: Duplex) => connections.push(socket));
  const messages: unknown[] = [];
  const call = {
    peer: { remoteAddress: '10.0.0.9' },
    signal: new AbortController().signal,
    send: async (message: unknown) => void messages.push(message),
  } as unknown as RpcCall;
  const { http: ask } = new ForwardedHttp(() => ({ server })).methods();
  return { ask: (request: object) => ask(request, call), connections, messages };
}

it('a request of another agent is answered as any other', async () => {
  const { ask, messages } = forwarded();
  await ask({ method: 'GET', url: '/v1/kv/a?raw', headers: { 'x-consul-token': 't' } });
  expect(messages).toMatchObject([{ status: 200, isWhole: true, body: Buffer.from('GET /v1/kv/a?raw') }]);
});

it.each([
  { method: 'G T', url: '/', headers: {} },
  { method: 'GET', url: '/a b', headers: {} },
  { method: 'GET', url: '/', headers: { 'a b': 'c' } },
  { method: 'GET', url: '/', headers: { a: 'c\nd' } },
])('what is no request of HTTP is refused, and leaves no connection behind: %j', async (request) => {
  const { ask, connections } = forwarded();
  await expect(ask(request)).rejects.toMatchObject({ code: 'bad_request' });
  expect(connections.every(({ destroyed }) => destroyed)).toBe(true);
});
