import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startHttp, type TestServer } from '../../../support/http-server.ts';
import { listenAnywhere } from '../../../support/raw-http.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const MIB = 1024 * 1024;

/** Far beyond what a value of a key may have. */
const TOO_LARGE = 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000000\r\n\r\n';
const TOO_LARGE_IN_CHUNKS = `PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n${'v'.repeat(MIB)}\r\n`;

interface Refused {
  readonly server: TestServer;
  readonly said: string;
  readonly socket: net.Socket;
  /** Send; resolves when the kernel has taken it. Rejects when the connection is gone. */
  send(octets: string | Buffer): Promise<void>;
}

/** A client that has read its whole answer, and that its server says no more, and still sends. */
async function refused(request: string, config: Parameters<typeof startHttp>[0] = {}): Promise<Refused> {
  const server = await startHttp(config);
  const port = await listenAnywhere(server.app);
  ends.push(() => server.app.close());
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  ends.push(() => socket.destroy());
  let said = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    said += piece;
  });
  socket.on('error', () => {});
  socket.write(request);
  await once(socket, 'end');
  const send: Refused['send'] = (octets) =>
    new Promise((resolve, reject) => {
      socket.write(octets, (error) => (error ? reject(error) : resolve()));
    });
  return { server, said, socket, send };
}

/** Octets as clients send them that read nothing before they have sent all. */
async function sendMany({ send }: Refused, mib: number): Promise<void> {
  for (let i = 0; i < mib; i += 1) await send(Buffer.alloc(MIB, 'v'));
}

describe('a client that still sends when it is refused', () => {
  test.each([
    ['a body whose length is too much', TOO_LARGE, /^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/is],
    ['a body that becomes too much', TOO_LARGE_IN_CHUNKS, /^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/is],
    ['headers that are too much', `GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}\r\n`, /^HTTP\/1\.1 431 /],
    ['what is not HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
  ])('reads why, and its connection takes what is left: %s', async (_, request, answer) => {
    const client = await refused(request);
    expect(client.said).toMatch(answer);
    await sendMany(client, 20);
    expect(client.socket.destroyed).toBe(false);
    client.socket.end();
    await once(client.socket, 'close');
  });

  test('is cut off after some seconds', async () => {
    const client = await refused(TOO_LARGE);
    client.server.clock.advance(3_000);
    await expect(sendMany(client, 20)).rejects.toThrow(/EPIPE|ECONNRESET/);
  });

  test('is cut off after some octets', async () => {
    const client = await refused(TOO_LARGE);
    await expect(sendMany(client, 64)).rejects.toThrow(/EPIPE|ECONNRESET/);
  });

  test('has no request done that it sends behind the refused one', async () => {
    const client = await refused(TOO_LARGE_IN_CHUNKS);
    await client.send('0\r\n\r\nPUT /v1/kv/behind HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv');
    client.socket.end();
    await once(client.socket, 'close');
    expect(client.server.state.view.kv.get('behind')).toBeUndefined();
  });
});
