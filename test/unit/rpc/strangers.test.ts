/** What strangers at the port for other agents may hold, and that who is a server is told by its certificate. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { RpcConnection } from '../../../src/rpc/rpc-connection.ts';
import { type RpcMethod, type RpcServerParts, startRpcServer } from '../../../src/rpc/rpc-server.ts';
import { sayStrangers } from '../../../src/rpc/strangers.ts';
import { ANY_DATACENTER, type TlsIdentity } from '../../../src/rpc/tls-identity.ts';
import { makeAuthority } from '../../support/made-certificates.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { RPC_LIMITS } from '../../support/rpc-limits.ts';
import { pem } from '../../support/test-certificates.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serving(more: Partial<RpcServerParts>) {
  const server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    identity: undefined,
    methods: {},
    limits: RPC_LIMITS,
    clock: systemClock,
    log: silentLogger,
    ...more,
  });
  closing.push(() => server.close());
  return server;
}

it('one address has no more connections than it may, another one has its own', async () => {
  const limits = { ...RPC_LIMITS, maxConnectionsPerClient: 2 };
  const server = await serving({ limits });
  const connect = (localAddress: string): net.Socket => {
    const socket = net.connect({ host: '127.0.0.1', port: server.port, localAddress });
    closing.push(() => socket.destroy());
    return socket.on('error', () => {});
  };
  const first = connect('127.0.0.1');
  connect('127.0.0.1');
  await expect.poll(() => server.connections).toBe(2);
  const tooMany = connect('127.0.0.1').resume();
  await once(tooMany, 'close');
  connect('127.0.0.2');
  await expect.poll(() => server.connections).toBe(3);
  first.destroy();
  await expect.poll(() => server.connections).toBe(2);
  connect('127.0.0.1');
  await expect.poll(() => server.connections).toBe(3);
});

it('who shows a certificate and then no proof of the secret is cut', async () => {
  const clock = manualClock();
  const files = { certificate: pem('server'), key: pem('server-key'), authorities: pem('ca') };
  const server = await serving({ clock, identity: { ...files, secret: Buffer.from('one secret') } });
  const { certificate: cert, key, authorities: ca } = files;
  const session = http2.connect(`https://127.0.0.1:${server.port}`, {
    ...{ cert, key, ca },
    checkServerIdentity: () => undefined,
  });
  closing.push(() => session.destroy());
  session.on('error', () => {});
  await once(session, 'connect');
  // It answers pings, so it does not count as silent.
  const ping = () => new Promise((resolve) => session.ping(resolve));
  for (let second = 0; second < 4; second += 1) {
    await ping();
    clock.advance(1_000);
    await ping();
  }
  expect(server.connections).toBe(1);
  clock.advance(1_000);
  await expect.poll(() => session.closed).toBe(true);
});

it('the log speaks of strangers every ten seconds, and says how many they were', () => {
  const said: unknown[] = [];
  const clock = manualClock();
  const say = sayStrangers(clock, { ...silentLogger, warn: (fields: unknown) => said.push(fields) } as never);
  for (let i = 0; i < 1_000; i += 1) say('10.0.0.1', 'another secret');
  clock.advance(10_000);
  say('10.0.0.2', 'too many connections');
  expect(said).toEqual([
    { from: '10.0.0.1', why: 'another secret', times: 1 },
    { from: '10.0.0.2', why: 'too many connections', times: 1_000 },
  ]);
});

/** Identities of agents under one authority, each with the names of its certificate. */
async function named() {
  const authority = await makeAuthority();
  return async (own: string, dnsNames: readonly string[]): Promise<TlsIdentity> => ({
    ...(await authority.sign({ dnsNames, ipAddresses: ['127.0.0.1'] })),
    authorities: authority.certificate,
    serverName: `server.${own}.consul`,
  });
}

function call(port: number, identity: TlsIdentity, datacenter?: string) {
  const address = { host: '127.0.0.1', port };
  const connection = new RpcConnection({ address, identity, datacenter, clock: systemClock });
  closing.push(() => connection.close());
  return connection.call('where', {});
}

const methods: Record<string, RpcMethod> = {
  where: async (_request, { peer }) => [
    peer.isServer(),
    peer.isServer('dc1'),
    peer.isServer('dc2'),
    peer.isServer(ANY_DATACENTER),
  ],
};

it('a server of another datacenter is reached where that one is dialled, and known as what it is', async () => {
  const sign = await named();
  const far = await serving({ methods, identity: await sign('dc2', ['server.dc2.consul']) });
  const near = await sign('dc1', ['server.dc1.consul']);
  expect(await call(far.port, near, 'DC2')).toEqual({ kind: 'answered', value: [false, true, false, true] });
  expect(await call(far.port, near, ANY_DATACENTER)).toMatchObject({ kind: 'answered' });
  expect(await call(far.port, near, 'dc3')).toMatchObject({ kind: 'unsent' });
  expect(await call(far.port, near)).toMatchObject({ kind: 'unsent' });
});

it.each([['client.dc1.consul'], ['server.dc1.example'], ['x.server.dc1.consul'], ['server.dc1']])(
  'a certificate for %s is that of no server',
  async (name) => {
    const sign = await named();
    const server = await serving({ methods, identity: await sign('dc1', ['server.dc1.consul']) });
    const posing = await serving({ methods, identity: await sign('dc1', [name]) });
    const answer = await call(server.port, await sign('dc1', [name]));
    expect(answer).toEqual({ kind: 'answered', value: [false, false, false, false] });
    const honest = await sign('dc1', ['server.dc1.consul']);
    for (const datacenter of [undefined, 'dc1', ANY_DATACENTER])
      expect(await call(posing.port, honest, datacenter)).toMatchObject({ kind: 'unsent' });
  },
);
