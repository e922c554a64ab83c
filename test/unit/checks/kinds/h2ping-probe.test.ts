import { expect, test } from 'vitest';
import { createDial } from '../../../../src/checks/dial.ts';
import { h2pingProbe } from '../../../../src/checks/kinds/h2ping-probe.ts';
import { runProbe } from '../../../support/run-probe.ts';
import { closedPort, http2Target, httpTarget, tcpTarget } from '../../../support/targets.ts';

const probe = h2pingProbe(createDial());

test('an answered PING passes, with TLS unless switched off', async () => {
  const [plain, secure] = [await http2Target(false), await http2Target(true)];
  const passing = { status: 'passing', output: 'HTTP2 ping was successful' };
  expect(await runProbe(probe, { H2PING: `127.0.0.1:${plain}`, H2PingUseTLS: false })).toEqual(passing);
  expect(await runProbe(probe, { H2PING: `127.0.0.1:${secure}`, TLSSkipVerify: true })).toEqual(passing);
  expect((await runProbe(probe, { H2PING: `127.0.0.1:${secure}` })).output).toBe(
    `Failed to dial to 127.0.0.1:${secure}: x509: certificate signed by unknown authority`,
  );
});

test('what does not speak HTTP/2, does not answer, or is not there is critical', async () => {
  const ports = [await httpTarget((_, response) => response.end()), await tcpTarget(), await closedPort()];
  const results = await Promise.all(
    ports.map((port) =>
      runProbe(probe, { H2PING: `127.0.0.1:${port}`, H2PingUseTLS: false }, { timeoutMs: 200 }),
    ),
  );
  expect(results.map(({ status }) => status)).toEqual(['critical', 'critical', 'critical']);
  expect(results[1]?.output).toBe('HTTP2 ping failed: context deadline exceeded');
  expect(results[2]?.output).toBe(
    `Failed to dial to 127.0.0.1:${ports[2]}: dial tcp 127.0.0.1:${ports[2]}: connect: connection refused`,
  );
});

test('an IPv6 address ends in a result too', async () => {
  const port = await closedPort();
  const { status } = await runProbe(probe, { H2PING: `[::1]:${port}`, H2PingUseTLS: false });
  expect(status).toBe('critical');
});
