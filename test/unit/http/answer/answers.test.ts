import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Right } from '../../../../src/http/access/right.ts';
import { startHttp, type TestServer } from '../../../support/http-server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Listening {
  readonly server: TestServer;
  readonly port: number;
  held(): number;
}

async function listen(answers: { total: number; perClient: number }): Promise<Listening> {
  const server = await startHttp({ answers, kvMaxValueBytes: 20_000_000 });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  ends.push(() => {
    server.app.server.closeAllConnections();
    return server.app.close();
  });
  const { port } = server.app.server.address() as net.AddressInfo;
  const held = (): number => server.parts.metrics.collect().get('http_held_bytes')?.values[1] ?? -1;
  return { server, port, held };
}

async function fill(server: TestServer, count: number, bytes: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await server.put(`/v1/kv/large/${i}`, `${i}`.padEnd(bytes, 'v'));
}

/** Ask and take nothing of the answer. */
async function askOnly(port: number, path: string): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.pause();
  ends.push(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return socket;
}

async function read(
  port: number,
  path: string,
): Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }> {
  const request = http.get({ port, path, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** Megabytes are made, and given back, as fast as the machine has time. */
const PATIENCE = { timeout: 15_000 };

const LARGE = { total: 64_000_000, perClient: 64_000_000 };

describe('a long answer', { timeout: 30_000 }, () => {
  test('is whole and kept while there is room, and streamed beyond what is worth keeping', async () => {
    const { server, port, held } = await listen(LARGE);
    await fill(server, 10, 500_000);
    const whole = await read(port, '/v1/kv/large?recurse');
    expect(Number(whole.headers['content-length'])).toBe(Buffer.byteLength(whole.text));
    await fill(server, 20, 500_000);
    const streamed = await read(port, '/v1/kv/large?recurse');
    expect(streamed.headers['content-length']).toBeUndefined();
    expect(streamed.headers['content-type']).toBe('application/json');
    expect(streamed.headers['x-consul-index']).toBeDefined();
    const keys = (JSON.parse(streamed.text) as { Key: string; Value: string }[]).map(({ Key }) => Key);
    expect(keys).toHaveLength(20);
    await expect.poll(held, PATIENCE).toBe(0);
  });

  test('that nobody reads holds no more than the budget, however many ask for it', async () => {
    const { server, port, held } = await listen({ total: 4_000_000, perClient: 4_000_000 });
    await fill(server, 12, 500_000);
    const readers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => askOnly(port, `/v1/kv/large?recurse&${i}`)),
    );
    await expect.poll(held, PATIENCE).toBeGreaterThan(1_000_000);
    expect(held()).toBeLessThan(4_000_000 + 40 * 700_000);
    for (const socket of readers) socket.destroy();
    await expect.poll(held, PATIENCE).toBe(0);
  });

  test('is counted once for all readers of the same octets, and given back with the last', async () => {
    const { server, port, held } = await listen(LARGE);
    await fill(server, 12, 500_000);
    const { text } = await read(port, '/v1/kv/large?recurse');
    const readers = await Promise.all(
      Array.from({ length: 10 }, () => askOnly(port, '/v1/kv/large?recurse')),
    );
    await expect.poll(held, PATIENCE).toBe(text.length);
    for (const socket of readers) socket.destroy();
    await expect.poll(held, PATIENCE).toBe(0);
  });

  test('is a 503 that says when to come again where there is no room for any of it', async () => {
    const { server, port, held } = await listen({ total: 20_000_000, perClient: 20_000_000 });
    await server.put('/v1/kv/one', 'v'.repeat(19_900_000));
    await server.put('/v1/kv/large/other', 'v'.repeat(200_000));
    await Promise.all([askOnly(port, '/v1/kv/one?raw'), askOnly(port, '/v1/kv/one?raw')]);
    await expect.poll(held, PATIENCE).toBeGreaterThan(19_000_000);
    for (const path of ['/v1/kv/large/other', '/v1/kv/large?recurse']) {
      const refused = await read(port, path);
      expect([refused.status, refused.headers['retry-after']], path).toEqual([503, '1']);
    }
    expect((await read(port, '/v1/status/leader')).status).toBe(200);
  });

  test('is made once for a crowd that asks for it at the same time', async () => {
    const { server, port } = await listen(LARGE);
    for (let i = 0; i < 300; i += 1)
      await server.put('/v1/catalog/register', {
        Node: `n${i}`,
        Address: '10.0.0.1',
        Service: { Service: 'web' },
      });
    const answers = await Promise.all(Array.from({ length: 20 }, () => read(port, '/v1/health/service/web')));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(JSON.parse(answers[0]?.text ?? '')).toHaveLength(300);
  });

  test('shows its asker no more than a short one, however it is made', async () => {
    const authorizer = {
      isUnlimited: false,
      group: 'some',
      allows: ({ resource, level, name }: Right) =>
        resource !== 'node' || level === 'write' || name.endsWith('7'),
    };
    const server = await startHttp({}, { authorizerOf: () => authorizer });
    for (let i = 0; i < 300; i += 1)
      await server.put('/v1/catalog/register', { Node: `node${i}`, Address: '10.0.0.1' });
    const { state } = server;
    const all = [...state.view.nodes.values()].length;
    const shown = (await server.get('/v1/catalog/nodes')).json() as { Node: string }[];
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.length).toBeLessThan(all);
    expect(shown.filter(({ Node }) => !Node.endsWith('7'))).toEqual([]);
  });
});
