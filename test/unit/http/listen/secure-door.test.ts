import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ALLOW_ALL } from '../../../../src/http/access/right.ts';
import type { SecureDoor } from '../../../../src/http/listen/secure-door.ts';
import { startHttp, type TestServer } from '../../../support/http-server.ts';
import { pem, secureSettings } from '../../../support/test-certificates.ts';

interface Listening {
  readonly server: TestServer;
  readonly door: SecureDoor;
  readonly port: number;
}

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function listen(
  config: Parameters<typeof startHttp>[0] = {},
  settings = secureSettings(),
  own: Parameters<typeof startHttp>[1] = {},
): Promise<Listening> {
  const server = await startHttp(config, own);
  const door = server.openSecureDoor(settings);
  const listener = net.createServer((socket) => door.take(socket)).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  toClose.push(
    () => server.app.close(),
    () => void listener.close(),
  );
  return { server, door, port: (listener.address() as net.AddressInfo).port };
}

function connect(port: number): http2.ClientHttp2Session {
  const session = http2.connect(`https://localhost:${port}`, { ca: pem('ca'), lookup: toLoopback });
  session.on('error', () => {});
  toClose.push(() => session.destroy());
  return session;
}

const toLoopback: net.LookupFunction = (_name, { all }, callback) =>
  all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

interface Heard {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly text: string;
}

function ask(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'GET', ...headers }, { endStream: body === undefined });
    let text = '';
    let heard: http2.IncomingHttpHeaders = {};
    stream.on('response', (response) => {
      heard = response;
    });
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('error', reject);
    stream.on('close', () => resolve({ status: Number(heard[':status']), headers: heard, text }));
    if (body !== undefined) stream.end(body);
  });
}

describe('HTTPS', () => {
  it('offers HTTP/2 and HTTP/1.1, the first where the client knows both', async () => {
    const { port } = await listen();
    const chosen = async (...ALPNProtocols: string[]) => {
      const socket = tls.connect({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: pem('ca'),
        ALPNProtocols,
      });
      await once(socket, 'secureConnect');
      socket.destroy();
      return socket.alpnProtocol;
    };
    expect(await chosen('http/1.1', 'h2')).toBe('h2');
    expect(await chosen('http/1.1')).toBe('http/1.1');
  });

  it('answers over HTTP/1.1 as the plain port does', async () => {
    const { port } = await listen();
    const text = await new Promise<string>((resolve, reject) => {
      https
        .get(
          { port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca'), path: '/v1/status/leader' },
          (response) => {
            response.setEncoding('utf8').on('data', resolve);
          },
        )
        .on('error', reject);
    });
    expect(text).toBe('"127.0.0.1:8300"');
  });

  it('cuts off who does not finish a handshake, and counts it', async () => {
    const { server, port } = await listen({ httpsHandshakeMs: 50 });
    const socket = net.connect(port, '127.0.0.1');
    await once(
      socket.on('error', () => {}),
      'close',
    );
    expect(server.parts.metrics.collect().get('tls_handshake_failures')?.valueOf('https')).toBe(1);
  });

  it('counts a connection from before its handshake to its end', async () => {
    const { port } = await listen({ maxConnectionsPerClient: 1 });
    const held = net.connect(port, '127.0.0.1');
    await once(held, 'connect');
    const refused = net.connect(port, '127.0.0.1').on('error', () => {});
    await once(refused, 'close');
    held.destroy();
    const leader = { ':path': '/v1/status/leader' };
    await expect
      .poll(() =>
        ask(connect(port), leader).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it('takes other certificates while a connection stays', async () => {
    const { port, door } = await listen();
    const session = connect(port);
    expect((await ask(session, { ':path': '/v1/status/leader' })).status).toBe(200);
    door.replace(secureSettings({}, 'server-n1'));
    expect((await ask(session, { ':path': '/v1/status/leader' })).status).toBe(200);
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca') });
    await once(socket, 'secureConnect');
    expect(socket.getPeerCertificate().subjectaltname).toContain('n1.server.dc1.consul');
    socket.destroy();
  });
});

describe('HTTP/2', () => {
  it('carries bodies of known and of unknown length', async () => {
    const { port } = await listen();
    const session = connect(port);
    const put = { ':method': 'PUT', ':path': '/v1/kv/a' };
    expect((await ask(session, put, 'one')).text).toBe('true');
    expect((await ask(session, { ':path': '/v1/kv/a?raw' })).text).toBe('one');
    await ask(session, { ...put, 'content-length': 3 }, 'two');
    expect((await ask(session, { ':path': '/v1/kv/a?raw' })).text).toBe('two');
    expect((await ask(session, put)).text).toBe('true');
    expect((await ask(session, { ':path': '/v1/kv/a?raw' })).text).toBe('');
  });

  it('lets a reader wait beside others on one connection, and go away', async () => {
    const { port, server } = await listen();
    const session = connect(port);
    const { headers } = await ask(session, { ':path': '/v1/kv/a?keys' });
    const index = Number(headers['x-consul-index']);
    const parked = ask(session, { ':path': `/v1/kv/a?index=${index}&wait=60s` });
    const leaving = session.request({ ':path': `/v1/kv/a?index=${index}&wait=60s` });
    await expect.poll(() => server.parts.watch.parked).toBe(2);
    leaving.close(8);
    await expect.poll(() => server.parts.watch.parked).toBe(1);
    await ask(session, { ':method': 'PUT', ':path': '/v1/kv/a' }, 'x');
    expect((await parked).status).toBe(200);
  });

  it('is asked by the name that stands in :authority', async () => {
    const { port } = await listen();
    const answer = await ask(connect(port), { ':path': '/v1/status/leader', ':authority': 'evil.example' });
    expect(answer.status).toBe(403);
    const write = { ':method': 'PUT', ':path': '/v1/kv/a', origin: 'https://evil.example' };
    expect((await ask(connect(port), write, 'x')).status).toBe(403);
  });

  it('has headers as HTTP/1.1 has them, so that others can be asked with them', async () => {
    const seen: object[] = [];
    const { port } = await listen({}, secureSettings(), {
      authorizerOf: ({ headers }) => {
        seen.push({ ...headers });
        return ALLOW_ALL;
      },
    });
    const session = connect(port);
    await ask(session, { ':method': 'PUT', ':path': '/v1/kv/a', 'x-consul-token': 't' }, 'x');
    expect(seen[0]).toEqual({
      host: `localhost:${port}`,
      'transfer-encoding': 'chunked',
      'x-consul-token': 't',
    });
    await ask(session, { ':path': '/v1/kv/a' });
    expect(seen.at(-1)).toEqual({ host: `localhost:${port}` });
  });

  it('refuses what a client asks for beyond what it may ask at once', async () => {
    const { port } = await listen();
    const sessions = Array.from({ length: 9 }, () => connect(port));
    const path = { ':path': '/v1/kv/none?index=1&wait=60s' };
    const answers = sessions.flatMap((session) =>
      Array.from({ length: 230 }, () =>
        ask(session, path).then(
          ({ status }) => status,
          () => 0,
        ),
      ),
    );
    expect(await Promise.race(answers)).toBe(429);
    for (const session of sessions) session.destroy();
    await Promise.all(answers);
    expect((await ask(connect(port), { ':path': '/v1/status/leader' })).status).toBe(200);
  });

  it('counts answers of any size that their reader leaves with us', async () => {
    const { port } = await listen({ answers: { total: 1_000_000, perClient: 100_000 } });
    const writer = connect(port);
    for (let i = 0; i < 8; i += 1)
      await ask(writer, { ':method': 'PUT', ':path': `/v1/kv/${i}` }, 'x'.repeat(30_000));
    const session = http2.connect(`https://localhost:${port}`, {
      ca: pem('ca'),
      lookup: toLoopback,
      settings: { initialWindowSize: 0 },
    });
    toClose.push(() => session.destroy());
    const statuses = Array.from({ length: 8 }, (_, i) => {
      const stream = session.request({ ':path': `/v1/kv/${i}?raw` });
      return once(stream, 'response').then(([headers]) => (headers as http2.IncomingHttpHeaders)[':status']);
    });
    expect(await Promise.all(statuses)).toContain(503);
  });

  it('need not be sent the rest of a body that was refused', async () => {
    const { port } = await listen({ kvMaxValueBytes: 1_000 });
    const session = connect(port);
    const stream = session.request({ ':method': 'PUT', ':path': '/v1/kv/a' }, { endStream: false });
    stream.on('error', () => {});
    stream.write(Buffer.alloc(50_000));
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(413);
    stream.resume();
    await once(stream, 'close');
    expect((await ask(session, { ':path': '/v1/status/leader' })).status).toBe(200);
  });

  it('answers who waits when the server closes, and does not wait for who keeps his connection', async () => {
    const { port, server } = await listen();
    const session = connect(port);
    const parked = ask(session, { ':path': '/v1/kv/a?index=1&wait=60s' });
    await expect.poll(() => server.parts.watch.parked).toBe(1);
    const began = performance.now();
    const closing = server.app.close();
    expect((await parked).status).toBe(404);
    await closing;
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
