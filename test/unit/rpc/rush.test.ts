/** Agents whose server has gone come to another one all at once. */
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { startRpcServer } from '../../../src/rpc/rpc-server.ts';
import { RPC_LIMITS } from '../../support/rpc-limits.ts';

const MANY = 1_200;

/** What the system lets wait for any listener. */
function systemLimit(): number {
  try {
    return Number(fs.readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  } catch {
    return 0;
  }
}

test.runIf(systemLimit() >= MANY)('nobody of many who come at once has to knock twice', async () => {
  const server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    identity: undefined,
    methods: {},
    limits: { ...RPC_LIMITS, maxConnectionsPerClient: 0 },
    clock: systemClock,
    log: silentLogger,
  });
  // All connect before the server takes the first: they share this thread.
  const sockets = Array.from({ length: MANY }, () => net.connect(server.port, '127.0.0.1'));
  const tookMs = await Promise.all(
    sockets.map(async (socket) => {
      const fromMs = performance.now();
      await once(socket, 'connect');
      return performance.now() - fromMs;
    }),
  );
  // The system sends again after a second what nobody had room for: then there are two groups with such a gap between them.
  tookMs.sort((a, b) => a - b);
  const gaps = tookMs.slice(1).map((ms, i) => ms - (tookMs[i] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(700);
  for (const socket of sockets) socket.destroy();
  await server.close();
});
