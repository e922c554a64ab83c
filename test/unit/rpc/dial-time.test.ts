import net from 'node:net';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { dialTimeMs } from '../../../src/rpc/dial-time.ts';
import { startRpcServer } from '../../../src/rpc/rpc-server.ts';
import { identityFromSecret } from '../../../src/rpc/shared-secret.ts';
import { freePort } from '../../support/free-port.ts';
import { RPC_LIMITS } from '../../support/rpc-limits.ts';

/** A server that agents know by a secret, and what it says of strangers. */
async function serving() {
  const refused: unknown[] = [];
  const server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    identity: await identityFromSecret(Buffer.from('secret'), [{ type: 'dns', value: 'agent' }]),
    methods: {},
    limits: RPC_LIMITS,
    clock: systemClock,
    log: { ...silentLogger, warn: (fields) => void refused.push(fields) },
  });
  return { server, refused };
}

it('tells how long a connection takes, and who measures is no stranger worth a line in the log', async () => {
  const { server, refused } = await serving();
  const address = { host: '127.0.0.1', port: server.port };
  for (let i = 0; i < 20; i += 1) {
    const tookMs = await dialTimeMs(address, systemClock);
    expect(tookMs).toBeGreaterThan(0);
    expect(tookMs).toBeLessThan(1_000);
  }
  // Their ends have arrived by the time that a later connection is read.
  expect(refused).toEqual([]);
  // Somebody who says something that is no handshake is one.
  const stranger = net.connect(address);
  stranger.on('error', () => {});
  stranger.write('hello\n');
  await expect.poll(() => refused.length, { timeout: 10_000 }).toBe(1);
  expect(refused).toMatchObject([{ times: 1 }]);
  await server.close();
});

it('is nothing where nobody answers', async () => {
  expect(await dialTimeMs({ host: '127.0.0.1', port: await freePort() }, systemClock)).toBeUndefined();
});
