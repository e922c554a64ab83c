import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startHttp, type TestServer } from '../../../support/http-server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Listening {
  readonly server: TestServer;
  /** Send octets on a connection of its own; `said` is what came back so far. */
  send(text: string): { readonly socket: net.Socket; said(): string };
  held(): number;
}

async function listen(total: number): Promise<Listening> {
  const server = await startHttp({ bodies: { total, perClient: total } });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  ends.push(() => server.app.close());
  const { port } = server.app.server.address() as net.AddressInfo;
  return {
    server,
    send: (text) => {
      let said = '';
      const socket = net.connect(port, '127.0.0.1');
      socket.write(text);
      socket.on('error', () => {}).setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        said += chunk;
      });
      ends.push(() => socket.destroy());
      return { socket, said: () => said };
    },
    held: () => server.parts.metrics.collect().get('http_held_bytes')?.values[0] ?? -1,
  };
}

const put = (key: string, length: number, body: string): string =>
  `PUT /v1/kv/${key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n${body}`;

describe('bodies', () => {
  test('that never end lose their place to new ones, the oldest first, and are told so', async () => {
    const { server, send, held } = await listen(300_000);
    const first = send(put('first', 200_000, 'v'.repeat(150_000)));
    await expect.poll(held).toBeGreaterThan(140_000);
    const second = send(put('second', 200_000, 'v'.repeat(150_000)));
    await expect.poll(first.said).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n/s);
    await expect.poll(() => first.socket.destroyed).toBe(true);
    expect(second.said()).toBe('');
    second.socket.write('v'.repeat(50_000));
    await expect.poll(second.said).toMatch(/^HTTP\/1\.1 200 /);
    expect(server.state.view.kv.get('second')).toBeDefined();
    expect(server.state.view.kv.get('first')).toBeUndefined();
    await expect.poll(held).toBe(0);
  });

  test('are given back when their clients go away in the middle', async () => {
    const { send, held } = await listen(1_000_000);
    const { socket } = send(put('a', 200_000, 'v'.repeat(100_000)));
    await expect.poll(held).toBeGreaterThan(90_000);
    socket.destroy();
    await expect.poll(held).toBe(0);
  });

  test('without a length are bounded as those with one', async () => {
    const { send, held } = await listen(10_000_000);
    const head = 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = `10000\r\n${'v'.repeat(65_536)}\r\n`;
    const { said } = send(head + chunk.repeat(9));
    await expect.poll(said).toMatch(/^HTTP\/1\.1 413 /);
    await expect.poll(held).toBe(0);
  });

  test('that come octet by octet arrive whole', async () => {
    const { server, send } = await listen(1_000_000);
    const { socket, said } = send(put('slow', 300, ''));
    socket.setNoDelay(true);
    for (let i = 0; i < 300; i += 1) {
      socket.write('v');
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(said).toMatch(/^HTTP\/1\.1 200 /);
    expect((await server.get('/v1/kv/slow?raw')).text).toBe('v'.repeat(300));
  });

  test('of paths that nobody serves are thrown away', async () => {
    const { send, held } = await listen(1_000_000);
    const { said } = send(
      `PUT /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n${'v'.repeat(100_000)}`,
    );
    await expect.poll(said).toMatch(/^HTTP\/1\.1 404 /);
    expect(held()).toBe(0);
  });
});
