import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { queuePipelined } from '../../../../src/http/listen/pipelines.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { Turns } from '../../../../src/lib/fair-turns.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

type Handler = (url: string, response: http.ServerResponse) => void;

async function serve(handle: Handler): Promise<number> {
  const server = http.createServer((request, response) => handle(request.url ?? '', response));
  queuePipelined(server, new Turns(systemClock));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  ends.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const requests = (count: number): string =>
  Array.from({ length: count }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join('');

/** What the server has said once `isAll` holds of it. */
async function heard(socket: net.Socket, isAll: (text: string) => boolean): Promise<string> {
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (isAll(text)) break;
  }
  return text;
}

describe('requests that were sent ahead', () => {
  test('are handled one after the other and answered in their order', async () => {
    let [inWork, most] = [0, 0];
    const port = await serve((url, response) => {
      inWork += 1;
      most = Math.max(most, inWork);
      setImmediate(() => {
        inWork -= 1;
        response.end(`<${url}>`);
      });
    });
    const socket = await connect(port);
    socket.write(requests(200));
    const text = await heard(socket, (all) => all.includes('</199>'));
    const order = [...text.matchAll(/<\/(\d+)>/g)].map(([, number]) => Number(number));
    expect(order).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(most).toBe(1);
  });

  test('let others have the loop between them, however fast each is', async () => {
    const begun: number[] = [];
    let rounds = 0;
    const count = (): void => {
      rounds += 1;
      if (begun.length < 50) setImmediate(count);
    };
    const port = await serve((_url, response) => {
      if (begun.length === 0) setImmediate(count);
      begun.push(rounds);
      const until = performance.now() + 2;
      while (performance.now() < until);
      response.end('done');
    });
    const socket = await connect(port);
    socket.write(requests(50));
    await heard(socket, () => begun.length === 50);
    expect(new Set(begun).size).toBeGreaterThan(10);
  });

  test('are not begun behind an answer that nobody reads, and not at all once the client has gone', async () => {
    const begun: string[] = [];
    const port = await serve((url, response) => {
      begun.push(url);
      response.end(Buffer.alloc(32 * 1024 * 1024));
    });
    const socket = await connect(port);
    socket.pause();
    socket.write(requests(1_000));
    await expect.poll(() => begun).toEqual(['/0']);
    // Another connection is served meanwhile.
    const other = await connect(port);
    other.pause();
    other.write(requests(1));
    await expect.poll(() => begun).toEqual(['/0', '/0']);
    socket.destroy();
    other.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toHaveLength(2);
  });

  test('with bodies are all taken', async () => {
    const bodies: string[] = [];
    const server = http.createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(body);
        response.end('<end>');
      });
    });
    queuePipelined(server, new Turns(systemClock));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => server.close());
    const socket = await connect((server.address() as net.AddressInfo).port);
    const sent = Array.from({ length: 100 }, (_, i) => `${i}-`.repeat(5_000));
    for (const body of sent)
      socket.write(`PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await heard(socket, () => bodies.length === 100);
    expect(bodies).toEqual(sent);
  });
});
