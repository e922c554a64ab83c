import { expect, test } from 'vitest';
import { createDial } from '../../../../src/checks/dial.ts';
import { tcpProbe } from '../../../../src/checks/kinds/tcp-probe.ts';
import { runProbe } from '../../../support/run-probe.ts';
import { closedPort, httpsTarget, tcpTarget } from '../../../support/targets.ts';

const probe = tcpProbe(createDial());

test('a connection passes, by address and by name, and is closed again', async () => {
  let ended = 0;
  const port = await tcpTarget((socket) => socket.resume().once('close', () => (ended += 1)));
  expect(await runProbe(probe, { TCP: `127.0.0.1:${port}` })).toEqual({
    status: 'passing',
    output: `TCP connect 127.0.0.1:${port}: Success`,
  });
  expect((await runProbe(probe, { TCP: `localhost:${port}` })).status).toBe('passing');
  await expect.poll(() => ended).toBe(2);
});

test('a closed port is critical', async () => {
  const port = await closedPort();
  expect(await runProbe(probe, { TCP: `127.0.0.1:${port}` })).toEqual({
    status: 'critical',
    output: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
  });
});

test.each([
  ['nohost', 'dial tcp: address nohost: missing port in address'],
  ['127.0.0.1:99999', 'dial tcp: address 99999: invalid port'],
  ['a::b:1', 'dial tcp: address a::b:1: too many colons in address'],
  ['[::1]:x', 'dial tcp: lookup tcp/x: unknown port'],
  [
    'nosuch.invalid:5',
    /^dial tcp: lookup nosuch\.invalid: (no such host|Temporary failure in name resolution)$/,
  ],
])('the address %s is critical with the reason', async (TCP, output) => {
  const result = await runProbe(probe, { TCP });
  expect(result.status).toBe('critical');
  expect(result.output).toMatch(output);
});

test('with TLS the handshake counts: it must end in time, and the certificate must be trusted', async () => {
  const port = await httpsTarget(() => {});
  const silent = await tcpTarget();
  const tls = { TCP: `127.0.0.1:${port}`, TCPUseTLS: true };
  expect((await runProbe(probe, tls)).output).toBe('x509: certificate signed by unknown authority');
  expect((await runProbe(probe, { ...tls, TLSSkipVerify: true })).status).toBe('passing');
  const waiting = { TCP: `127.0.0.1:${silent}`, TCPUseTLS: true };
  expect((await runProbe(probe, waiting, { timeoutMs: 100 })).output).toBe(
    `dial tcp 127.0.0.1:${silent}: i/o timeout`,
  );
});
