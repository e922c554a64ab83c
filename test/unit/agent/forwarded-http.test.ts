import http from 'node:http';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ForwardedHttp, type HttpPiece } from '../../../src/agent/forwarded-http.ts';
import type { HttpConfig } from '../../../src/http/http-parts.ts';
import type { RpcCall } from '../../../src/rpc/rpc-server.ts';
import { startHttp } from '../../support/http-server.ts';

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

/** A whole server, asked by agents at addresses. */
async function server(config: Partial<HttpConfig>) {
  const { app, get } = await startHttp(config);
  const { http: ask, 'http-piece': send } = new ForwardedHttp(() => app).methods();
  function from(remoteAddress: string, signal = new AbortController().signal) {
    const pieces: HttpPiece[] = [];
    const peer = { remoteAddress };
    const call = { peer, signal, send: async (piece: HttpPiece) => void pieces.push(piece) };
    return {
      /** Gives the status and the text of the answer. */
      ask: async (method: string, url: string, more: object = {}) => {
        pieces.length = 0;
        await ask({ method, url, headers: {}, ...more }, call as unknown as RpcCall);
        return [
          pieces[0]?.status,
          Buffer.concat(pieces.map(({ body = [] }) => Buffer.from(body))).toString(),
        ];
      },
      sendPiece: (id: string, piece: Buffer | null) => send({ id, piece }, call as unknown as RpcCall),
    };
  }
  return { from, get };
}

/** A server that takes requests and says nothing; each is asked over a connection of its own until `end`. */
function neverAnswering() {
  const { http: ask } = new ForwardedHttp(() => ({ server: http.createServer(() => {}) })).methods();
  const over = new AbortController();
  return {
    ask: (remoteAddress: string) => {
      const call = { peer: { remoteAddress }, signal: over.signal, send: async () => {} };
      return ask({ method: 'GET', url: '/', headers: {} }, call as unknown as RpcCall);
    },
    end: () => over.abort(),
  };
}

describe('what another agent passes on', () => {
  it('counts in the budgets by its address', async () => {
    const { from, get } = await server({ bodies: { total: 1_000_000, perClient: 100_000 } });
    const half = async (each: ReturnType<typeof from>, key: string) => {
      const answered = each.ask('PUT', `/v1/kv/${key}`, { uploadId: 'u' });
      await each.sendPiece('u', Buffer.alloc(60_000));
      return { answered, finish: () => each.sendPiece('u', null) };
    };
    const own = await half(from('10.0.0.9'), 'own');
    const others = await half(from('10.0.0.8'), 'others');
    const held = async (): Promise<number> =>
      Number(/http_held_bytes\{what="bodies"\} (\d+)/.exec((await get('/metrics')).text)?.[1]);
    await expect.poll(held).toBeGreaterThanOrEqual(120_000);
    const body = Buffer.alloc(60_000);
    expect(await from('10.0.0.9').ask('PUT', '/v1/kv/b', { body })).toEqual([200, 'true']);
    expect(await own.answered).toEqual([503, expect.stringContaining('Too many request bodies')]);
    await others.finish();
    expect(await others.answered).toEqual([200, 'true']);
  });

  it('was let in where it entered: the networks that may write here, and the connections of one client, are not asked again', async () => {
    const { from } = await server({ allowWriteHttpFrom: ['127.0.0.0/8'], maxConnectionsPerClient: 1 });
    const end = new AbortController();
    const waiting = from('10.0.0.9', end.signal).ask('GET', '/v1/kv/none?index=99&wait=1m');
    expect(await from('10.0.0.9').ask('PUT', '/v1/kv/a', { body: Buffer.from('1') })).toEqual([200, 'true']);
    end.abort();
    await expect(waiting).rejects.toThrow();
  });

  it('is in the history with the address of that agent', async () => {
    const { from, get } = await server({});
    await from('10.0.0.9').ask('PUT', '/v1/kv/a', { body: Buffer.from('1') });
    expect((await get('/v1/history?kind=kv')).json()).toMatchObject([{ By: { Address: '10.0.0.9' } }]);
  });

  it('is refused beyond 4,096 requests of one address at once, over however many connections; others are not', async () => {
    const { ask, end } = neverAnswering();
    const refusals: unknown[] = [];
    for (let i = 0; i < 4_096; i += 1) ask('10.0.0.9').catch((error: unknown) => refusals.push(error));
    await expect(ask('10.0.0.9')).rejects.toMatchObject({ code: 'over_budget' });
    const other = ask('10.0.0.8');
    expect(refusals).toEqual([]);
    end();
    await expect(other).rejects.not.toMatchObject({ code: 'over_budget' });
    await expect(ask('10.0.0.9')).rejects.not.toMatchObject({ code: 'over_budget' });
  });
});

it('what is near to the agent that was asked is near to its node, not to the server that answers', async () => {
  const { app, get, put } = await startHttp();
  for (const [Node, Address, x] of [
    ['far', '10.0.0.1', 0.3],
    ['near', '10.0.0.2', 0.1],
  ] as const) {
    await put('/v1/catalog/register', { Node, Address, Service: { Service: 'web' } });
    const Coord = { Vec: [x, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 0 };
    await put('/v1/coordinate/update', { Node, Coord });
  }
  const query = { Name: 'q', Service: { Service: 'web', Near: '_agent' } };
  await app.inject({ method: 'POST', url: '/v1/query', payload: query });
  const { http: ask } = new ForwardedHttp(() => app).methods();
  const passedBy = async (agent: string, url: string): Promise<unknown> => {
    const pieces: HttpPiece[] = [];
    const send = async (piece: HttpPiece) => void pieces.push(piece);
    const call = { peer: { remoteAddress: '10.0.0.9' }, signal: new AbortController().signal, send };
    const headers = { 'x-rollcall-agent': agent };
    await ask({ method: 'GET', url, headers }, call as unknown as RpcCall);
    const rows = JSON.parse(Buffer.from(pieces[0]?.body ?? []).toString()) as {
      Nodes: { Node: { Node: string } }[];
    };
    return rows.Nodes[0]?.Node.Node;
  };
  expect(await passedBy('far', '/v1/query/q/execute')).toBe('far');
  expect(await passedBy('near', '/v1/query/q/execute')).toBe('near');
  // Whoever comes over a socket of his own is no agent, whatever he says.
  const outside = (await get('/v1/query/q/execute', { 'x-rollcall-agent': 'far' })).json();
  expect(outside).toMatchObject({ Nodes: [{ Node: { Node: 'near' } }, {}] });
  await app.close();
});
