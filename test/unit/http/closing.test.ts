/** The server ends whatever its clients do; on real sockets, because what hangs is a socket. */
import { once } from 'node:events';
import type net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogStream } from '../../../src/http/http-parts.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';
import { connectAndSend, listenAnywhere } from '../../support/raw-http.ts';

const CLOSING_MS = 3_000;
const BIG = 'x'.repeat(500_000);
const request = (line: string, more = ''): string => `${line} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

let server: TestServer;
let port = 0;
let clients: net.Socket[] = [];
/** How many read the log. */
let listening = 0;
/** The server's ends. */
let accepted: net.Socket[] = [];

const logStream: LogStream = {
  subscribe: () => {
    listening += 1;
    return () => {
      listening -= 1;
    };
  },
};

beforeEach(async () => {
  listening = 0;
  server = await startHttp({}, { logStream });
  port = await listenAnywhere(server.app);
  accepted = [];
  server.app.server.on('connection', (socket: net.Socket) => accepted.push(socket));
});
afterEach(() => {
  for (const client of clients) client.destroy();
  clients = [];
});

async function connect(octets: string): Promise<net.Socket> {
  const client = await connectAndSend(port, octets);
  clients.push(client);
  return client;
}

/** Everything that a client still gets until its connection is closed. */
async function restOf(client: net.Socket): Promise<string> {
  let text = '';
  for await (const chunk of client) text += String(chunk);
  return text;
}

async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

function closing(): { readonly done: Promise<void>; readonly isDone: () => boolean } {
  let isDone = false;
  const done = server.app.close().then(() => {
    isDone = true;
  });
  return { done, isDone: () => isDone };
}

describe('ends in good order, without a cut,', () => {
  test('for somebody who follows the log', async () => {
    const client = await connect(request('GET /v1/agent/monitor'));
    await once(client, 'data');
    const { done } = closing();
    expect(await restOf(client)).toMatch(/0\r\n\r\n$/);
    await done;
    expect(listening).toBe(0);
  });

  test('for a blocking query, which is answered', async () => {
    const client = await connect(request('GET /v1/catalog/nodes?index=99999&wait=5m'));
    await waitUntil(() => server.watch.parked === 1);
    const { done } = closing();
    const answer = await restOf(client);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('Connection: close');
    await done;
  });

  test('for a connection that is kept alive and idle', async () => {
    const client = await connect(request('GET /v1/status/leader'));
    await once(client, 'data');
    await closing().done;
    await restOf(client);
  });
});

describe('is cut after three seconds', () => {
  const HANGING: readonly (readonly [what: string, octets: string])[] = [
    ['nothing at all', ''],
    ['half a request line', 'GET /v1/status/le'],
    ['half of its headers', 'GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\nX-'],
    ['half of its body', request('PUT /v1/kv/a', 'Content-Length: 10\r\n').concat('abc')],
    ['half of a chunk', request('PUT /v1/kv/a', 'Transfer-Encoding: chunked\r\n').concat('ff\r\nabc')],
  ];

  test.each(HANGING)('a client that has sent %s', async (_what, octets) => {
    const client = await connect(octets);
    await waitUntil(() => accepted[0]?.bytesRead === octets.length);
    const { done, isDone } = closing();
    await server.clock.advanceAndSettle(CLOSING_MS - 1);
    expect(isDone()).toBe(false);
    await server.clock.advanceAndSettle(1);
    await done;
    await restOf(client);
    expect(server.state.view.kv.size).toBe(0);
  });

  test('one that does not read its answer', async () => {
    for (let key = 0; key < 40; key += 1) await server.put(`/v1/kv/big/${key}`, BIG);
    const client = await connect(request('GET /v1/kv/big?recurse'));
    client.pause();
    await waitUntil(() => client.bytesRead > 0 || client.readableLength > 0);
    const { done, isDone } = closing();
    await server.clock.advanceAndSettle(CLOSING_MS - 1);
    expect(isDone()).toBe(false);
    await server.clock.advanceAndSettle(1);
    await done;
  });

  test('one that follows the log and does not read', async () => {
    let write: (line: string) => void = () => {};
    const stream: LogStream = {
      subscribe: (_level, _isJson, onLine) => {
        write = onLine;
        return () => {};
      },
    };
    await server.app.close();
    server = await startHttp({}, { logStream: stream });
    port = await listenAnywhere(server.app);
    const client = await connect(request('GET /v1/agent/monitor'));
    await once(client, 'data');
    client.pause();
    for (let lines = 0; lines < 10_000; lines += 1) {
      write('x'.repeat(1_000));
      if (lines % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const { done, isDone } = closing();
    await server.clock.advanceAndSettle(CLOSING_MS - 1);
    expect(isDone()).toBe(false);
    await server.clock.advanceAndSettle(1);
    await done;
  });
});

test('a crowd of all kinds does not keep it open', async () => {
  const octets = [
    '',
    'GET /v1/sta',
    request('GET /v1/agent/monitor'),
    request('PUT /v1/kv/a', 'Content-Length: 10\r\n'),
    request('GET /v1/catalog/nodes?index=99999&wait=5m'),
    request('GET /v1/status/leader'),
  ];
  for (let round = 0; round < 20; round += 1) await Promise.all(octets.map(connect));
  await waitUntil(() => server.watch.parked === 20 && listening === 20);
  const { done } = closing();
  await server.clock.advanceAndSettle(CLOSING_MS);
  await done;
  expect(listening).toBe(0);
});
