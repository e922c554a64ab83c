import dgram from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { udpProbe } from '../../../../src/checks/kinds/udp-probe.ts';
import { runProbe } from '../../../support/run-probe.ts';

async function target(isAnswering: boolean): Promise<number> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (_, peer) => isAnswering && socket.send('x', peer.port, peer.address));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  return (socket.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

test('an answer passes before the time is up', async () => {
  const port = await target(true);
  const startedMs = performance.now();
  expect(await runProbe(udpProbe(), { UDP: `127.0.0.1:${port}` })).toEqual({
    status: 'passing',
    output: `UDP connect 127.0.0.1:${port}: Success`,
  });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test('silence passes when the time is up', async () => {
  const port = await target(false);
  const { status } = await runProbe(udpProbe(), { UDP: `127.0.0.1:${port}` }, { timeoutMs: 80 });
  expect(status).toBe('passing');
});

test('a port that the machine refuses is critical', async () => {
  const port = await closedPort();
  expect(await runProbe(udpProbe(), { UDP: `127.0.0.1:${port}` })).toEqual({
    status: 'critical',
    output: `read udp 127.0.0.1:${port}: read: connection refused`,
  });
});

test('an address without a port is critical', async () => {
  expect((await runProbe(udpProbe(), { UDP: 'nohost' })).output).toBe(
    'dial udp: address nohost: missing port in address',
  );
});

test('port 0 is critical', async () => {
  expect((await runProbe(udpProbe(), { UDP: '127.0.0.1:0' })).status).toBe('critical');
});
