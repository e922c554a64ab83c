import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { AppError } from '../../../src/model/errors.ts';
import { messageFrame } from '../../../src/rpc/message-codec.ts';
import { RpcConnection } from '../../../src/rpc/rpc-connection.ts';
import { type RpcCall, type RpcMethod, type RpcServer, startRpcServer } from '../../../src/rpc/rpc-server.ts';
import { serversOnly } from '../../../src/rpc/servers-only.ts';
import { identityFromSecret } from '../../../src/rpc/shared-secret.ts';
import type { TlsIdentity } from '../../../src/rpc/tls-identity.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { RPC_LIMITS } from '../../support/rpc-limits.ts';
import { pem } from '../../support/test-certificates.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serving(
  methods: Record<string, RpcMethod>,
  identity?: TlsIdentity,
  clock = systemClock,
): Promise<RpcServer> {
  const server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    identity,
    methods,
    limits: RPC_LIMITS,
    clock,
    log: silentLogger,
  });
  closing.push(() => server.close());
  return server;
}

function connectionTo(port: number, identity?: TlsIdentity, clock = systemClock): RpcConnection {
  const connection = new RpcConnection({ address: { host: '127.0.0.1', port }, identity, clock });
  closing.push(() => connection.close());
  return connection;
}

const secretOf = (text: string) => identityFromSecret(Buffer.from(text), [{ type: 'dns', value: 'agent' }]);

describe('a call', () => {
  it('that is larger than the other side takes is refused before it is sent, and the next one goes through', async () => {
    const { port } = await serving({ length: async (request) => String(request).length });
    const connection = connectionTo(port);
    const end = await connection.call('length', 'x'.repeat(8 * 1024 * 1024));
    expect(end).toMatchObject({ kind: 'refused', error: { code: 'too_large' } });
    expect(await connection.call('length', 'xy')).toEqual({ kind: 'answered', value: 2 });
  });

  it('is answered with what the method gives, octets included', async () => {
    const { port } = await serving({ double: async (request) => [request, request] });
    const request = { key: 'a', value: Buffer.from([0, 200]) };
    expect(await connectionTo(port).call('double', request)).toEqual({
      kind: 'answered',
      value: [request, request],
    });
  });

  it('of many at once keeps its own answer', async () => {
    const { port } = await serving({ echo: async (request) => request });
    const connection = connectionTo(port);
    const ends = await Promise.all(Array.from({ length: 500 }, (_, i) => connection.call('echo', i)));
    expect(ends.map((end) => end.kind === 'answered' && end.value)).toEqual([...Array(500).keys()]);
  });

  it('that is refused has the error of the other agent', async () => {
    const refuse = async () => {
      throw new AppError('forbidden', 'not for you');
    };
    const { port } = await serving({ refuse });
    const end = await connectionTo(port).call('refuse', {});
    expect(end).toMatchObject({ kind: 'refused', error: { code: 'forbidden', message: 'not for you' } });
  });

  it('of a method that breaks tells nothing of the inside', async () => {
    const { port } = await serving({
      bug: async () => {
        throw new Error('secret detail');
      },
    });
    const end = await connectionTo(port).call('bug', {});
    expect(end).toMatchObject({ kind: 'refused', error: { message: 'internal error' } });
  });

  it.each(['nothing', 'toString', '__proto__'])('of the unknown method %s is refused', async (method) => {
    const { port } = await serving({});
    const end = await connectionTo(port).call(method, {});
    expect(end).toMatchObject({ kind: 'refused', error: { code: 'unsupported' } });
  });

  it('to nobody is unsent', async () => {
    const { port, close } = await serving({});
    await close();
    expect(await connectionTo(port).call('echo', 1)).toMatchObject({ kind: 'unsent' });
  });

  it('whose answer does not come in time is unknown, and the method learns it', async () => {
    const clock = manualClock();
    let given: RpcCall | undefined;
    const wait: RpcMethod = (_request, call) => {
      given = call;
      return new Promise((_, reject) =>
        call.signal.addEventListener('abort', () => reject(call.signal.reason)),
      );
    };
    const { port } = await serving({ wait });
    const connection = connectionTo(port, undefined, clock);
    await connection.connect();
    const end = connection.call('wait', {}, { timeoutMs: 500 });
    await expect.poll(() => given).toBeDefined();
    clock.advance(500);
    expect(await end).toMatchObject({ kind: 'unknown' });
    await expect.poll(() => given?.signal.aborted).toBe(true);
  });

  it('on a connection that breaks is unknown, and the next one is made on a new connection', async () => {
    const { port } = await serving({
      cut: async (_request, { peer }) => peer.cut(),
      echo: async (request) => request,
    });
    const connection = connectionTo(port);
    expect(await connection.call('cut', {})).toMatchObject({ kind: 'unknown' });
    expect(await connection.call('echo', 1)).toEqual({ kind: 'answered', value: 1 });
  });

  it('that is too large is refused, whatever its sender thinks of it', async () => {
    const { port } = await serving({ echo: async (request) => request });
    const session = http2.connect(`http://127.0.0.1:${port}`);
    closing.push(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/echo' });
    const header = Buffer.from([1, 0, 0, 0, 0]);
    header.writeUInt32BE(9 * 1024 * 1024, 1);
    stream.write(header);
    const [answer] = (await once(stream, 'data')) as [Buffer];
    expect(String(answer)).toContain('"code":"bad_request"');
  });

  it('that goes on after its request is not kept, whether it was taken or refused', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { port } = await serving({ wait: () => new Promise(() => {}) });
    const session = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } });
    closing.push(() => session.destroy());
    const send = async (path: string, head: Buffer, pieces: number): Promise<void> => {
      const stream = session.request({ ':method': 'POST', ':path': path });
      stream.on('error', () => {});
      stream.write(head);
      for (let i = 0; i < pieces && stream.writable; i += 1)
        await new Promise((resolve) => stream.write(piece, resolve));
    };
    const tooLong = Buffer.from([1, 0xff, 0, 0, 0]);
    const whole = Buffer.concat([messageFrame({}), Buffer.from([1, 0, 0x70, 0, 0])]);
    const piece = Buffer.alloc(1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    await send('/wait', tooLong, 64);
    for (let i = 0; i < 10; i += 1) await send('/wait', whole, 7);
    // What is still on its way between the two ends, which are one process here, is read first.
    const kept = (): number => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers - before;
    };
    await expect.poll(kept, { timeout: 10_000 }).toBeLessThan(40 * 1024 * 1024);
  });
});

describe('a subscription', () => {
  it('gets messages as they are sent, at the pace of the reader, until it is given up', async () => {
    let hasEnded = false;
    const count: RpcMethod = async (_request, call) => {
      try {
        for (let i = 0; ; i += 1) await call.send({ i, filling: 'x'.repeat(10_000) });
      } finally {
        hasEnded = true;
      }
    };
    const { port } = await serving({ count });
    const seen: number[] = [];
    const stop = new AbortController();
    const end = await connectionTo(port).call(
      'count',
      {},
      {
        signal: stop.signal,
        onMessage: (message) => {
          seen.push((message as { i: number }).i);
          if (seen.length === 1_000) stop.abort();
        },
      },
    );
    expect(end.kind).toBe('unknown');
    expect(seen.slice(0, 1_000)).toEqual([...Array(1_000).keys()]);
    await expect.poll(() => hasEnded).toBe(true);
  });
});

describe('with a secret', () => {
  it('whoever has the same is let in, though each made its certificate for itself', async () => {
    const { port } = await serving({ echo: async (request) => request }, await secretOf('one secret'));
    const connection = connectionTo(port, await secretOf('one secret'));
    expect(await connection.call('echo', 1)).toEqual({ kind: 'answered', value: 1 });
  });

  it('a stranger with another, or with none, learns nothing', async () => {
    const { port } = await serving({ echo: async () => 'inside' }, await secretOf('one secret'));
    const other = await connectionTo(port, await secretOf('another')).call('echo', 1);
    const none = await connectionTo(port).call('echo', 1);
    expect([other.kind, none.kind].every((kind) => kind === 'unsent' || kind === 'unknown')).toBe(true);
  });

  it('a server with another is not talked to', async () => {
    let asked = 0;
    const methods = { echo: async () => (asked += 1) };
    const { port } = await serving(methods, await secretOf('an impostor'));
    const end = await connectionTo(port, await secretOf('one secret')).call('echo', 'a password');
    expect(end).toMatchObject({ kind: 'unsent' });
    expect(asked).toBe(0);
  });
});

describe('with certificates of files and a secret', () => {
  const files = (secret: string, more: Partial<TlsIdentity> = {}): TlsIdentity => ({
    certificate: pem('server'),
    key: pem('server-key'),
    authorities: pem('ca'),
    secret: Buffer.from(secret),
    ...more,
  });

  it('whoever has both is let in, on every call of a connection and on the next connection', async () => {
    const { port } = await serving({ echo: async (request) => request }, files('one secret'));
    for (let i = 0; i < 2; i += 1) {
      const connection = connectionTo(port, files('one secret'));
      const ends = await Promise.all([1, 2, 3].map((request) => connection.call('echo', request)));
      expect(ends).toEqual([1, 2, 3].map((value) => ({ kind: 'answered', value })));
    }
  });

  it('whoever has one of them only is told nothing and runs nothing', async () => {
    let asked = 0;
    const methods = { echo: async () => (asked += 1) };
    const { port } = await serving(methods, files('one secret'));
    const stranger = { certificate: pem('stranger'), key: pem('stranger-key') };
    const identities = [files('another'), files('', { secret: undefined }), files('one secret', stranger)];
    for (const identity of identities) {
      const end = await connectionTo(port, identity).call('echo', 1);
      expect(['unsent', 'unknown']).toContain(end.kind);
    }
    expect(asked).toBe(0);
  });

  it('a server that does not know the secret is told nothing', async () => {
    let asked = 0;
    const methods = { echo: async () => (asked += 1), ':proof': async () => (asked += 1) };
    for (const identity of [files('another'), files('', { secret: undefined })]) {
      const { port } = await serving(methods, identity);
      const end = await connectionTo(port, files('one secret')).call('echo', 'a password');
      expect(end).toMatchObject({ kind: 'unsent' });
    }
    expect(asked).toBe(0);
  });

  it('a server has to be the one that its certificate is asked for', async () => {
    const { port } = await serving({ echo: async () => 'inside' }, files('s'));
    const named = (serverName: string) => connectionTo(port, files('s', { serverName })).call('echo', 1);
    expect(await named('server.dc1.consul')).toMatchObject({ kind: 'answered' });
    expect(await named('server.dc2.consul')).toMatchObject({ kind: 'unsent' });
  });

  it('what servers ask of each other is refused to whoever has no certificate of a server', async () => {
    let ran = 0;
    const methods = { ...serversOnly({ submit: async () => (ran += 1) }), attend: async () => 'welcome' };
    const named = { serverName: 'n1.server.dc1.consul' };
    const ofServer = { certificate: pem('server-n1'), key: pem('server-n1-key') };
    const { port } = await serving(methods, files('s', { ...named, ...ofServer }));
    const agent = connectionTo(port, files('s', named));
    expect(await agent.call('submit', 1)).toMatchObject({ kind: 'refused', error: { code: 'forbidden' } });
    expect(await agent.call('attend', 1)).toEqual({ kind: 'answered', value: 'welcome' });
    expect(ran).toBe(0);
    const server = connectionTo(port, files('s', { ...named, ...ofServer }));
    expect(await server.call('submit', 1)).toEqual({ kind: 'answered', value: 1 });
  });

  it('other certificates are shown as soon as there are some', async () => {
    let [current, tell] = ['server', (): void => {}];
    const changing: TlsIdentity = {
      get certificate() {
        return pem(current);
      },
      get key() {
        return pem(`${current}-key`);
      },
      authorities: pem('ca'),
      onChange: (listener) => {
        tell = listener;
      },
    };
    const { port } = await serving({ echo: async (request) => request }, changing);
    const open = connectionTo(port, files('', { secret: undefined }));
    const strict = () =>
      connectionTo(port, files('', { secret: undefined, serverName: 'n1.server.dc1.consul' })).call(
        'echo',
        1,
      );
    await open.call('echo', 1);
    expect((await strict()).kind).toBe('unsent');
    current = 'server-n1';
    tell();
    expect((await strict()).kind).toBe('answered');
    expect((await open.call('echo', 1)).kind).toBe('answered');
  });
});

describe('the other end', () => {
  it('that stays silent for three seconds is given up', async () => {
    const silent = net.createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closing.push(() => silent.close());
    silent.on('connection', (socket) => closing.push(() => socket.destroy()));
    const clock = manualClock();
    const { port } = silent.address() as net.AddressInfo;
    const connection = connectionTo(port, undefined, clock);
    await connection.connect();
    const end = connection.call('echo', 1);
    await clock.advanceAndSettle(0); // the call is on its way
    await clock.advanceAndSettle(4_000);
    expect(await end).toMatchObject({ kind: 'unknown' });
    await expect.poll(() => connection.isUp).toBe(false);
  });

  it('that answers pings is kept, though nobody asks it anything', async () => {
    const clock = manualClock();
    const { port } = await serving({ echo: async (request) => request });
    const connection = connectionTo(port, undefined, clock);
    await connection.call('echo', 1);
    for (let second = 0; second < 10; second += 1) {
      clock.advance(1_000);
      await connection.call('echo', second); // the pong is here before the answer
    }
    expect(connection.isUp).toBe(true);
  });

  it('that closes lets calls under way end, then cuts what lasts', async () => {
    const clock = manualClock();
    let release: (() => void) | undefined;
    const server = await serving(
      {
        slow: () => new Promise((resolve) => (release = () => resolve('done'))),
        lasting: (_request, call) =>
          new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason))),
      },
      undefined,
      clock,
    );
    const connection = connectionTo(server.port);
    const slow = connection.call('slow', {});
    const lasting = connection.call('lasting', {});
    await expect.poll(() => server.connections).toBe(1);
    await expect.poll(() => release).toBeDefined();
    const closed = server.close();
    release?.();
    expect(await slow).toEqual({ kind: 'answered', value: 'done' });
    clock.advance(1_000);
    expect(await lasting).toMatchObject({ kind: 'unknown' });
    await closed;
  });
});
