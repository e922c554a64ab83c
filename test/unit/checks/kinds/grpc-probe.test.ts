import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { expect, onTestFinished, test } from 'vitest';
import { createDial } from '../../../../src/checks/dial.ts';
import { grpcProbe, healthRequest, healthStatus } from '../../../../src/checks/kinds/grpc-probe.ts';
import { runProbe } from '../../../support/run-probe.ts';
import { closedPort, http2Target, tcpTarget } from '../../../support/targets.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../../support/tls-certificate.ts';

const probe = grpcProbe(createDial());

/** The health service of another implementation: the server and `ok` serve, `bad` does not. */
async function healthServer(isTls: boolean): Promise<number> {
  const server = new Server();
  new HealthImplementation({ '': 'SERVING', ok: 'SERVING', bad: 'NOT_SERVING' }).addToServer(server);
  const pair = { private_key: Buffer.from(TEST_KEY), cert_chain: Buffer.from(TEST_CERTIFICATE) };
  const credentials = isTls ? ServerCredentials.createSsl(null, [pair]) : ServerCredentials.createInsecure();
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port))),
  );
}

test('a server and a service that serve pass', async () => {
  const address = `127.0.0.1:${await healthServer(false)}`;
  for (const GRPC of [address, `${address}/ok`])
    expect(await runProbe(probe, { GRPC })).toEqual({
      status: 'passing',
      output: `gRPC check ${GRPC}: success`,
    });
});

test('a service that does not serve, or is not known, is critical', async () => {
  const address = `127.0.0.1:${await healthServer(false)}`;
  expect(await runProbe(probe, { GRPC: `${address}/bad` })).toEqual({
    status: 'critical',
    output: "gRPC application didn't report service healthy",
  });
  const unknown = await runProbe(probe, { GRPC: `${address}/none` });
  expect(unknown.status).toBe('critical');
  expect(unknown.output).toMatch(/^rpc error: code = NotFound desc = /);
});

test('with TLS the certificate is verified unless told otherwise', async () => {
  const tls = { GRPC: `127.0.0.1:${await healthServer(true)}`, GRPCUseTLS: true };
  expect((await runProbe(probe, { ...tls, TLSSkipVerify: true })).status).toBe('passing');
  expect((await runProbe(probe, tls)).output).toMatch(/certificate signed by unknown authority/);
});

test('a closed port is worded like Consul words it', async () => {
  const port = await closedPort();
  expect((await runProbe(probe, { GRPC: `127.0.0.1:${port}` })).output).toBe(
    `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial tcp 127.0.0.1:${port}: connect: connection refused"`,
  );
});

test('a target that does not answer costs its time limit; HTTP/2 without gRPC is critical', async () => {
  const [silent, other] = [await tcpTarget(), await http2Target(false)];
  const startedMs = performance.now();
  expect((await runProbe(probe, { GRPC: `127.0.0.1:${silent}` }, { timeoutMs: 150 })).output).toBe(
    'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
  );
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect((await runProbe(probe, { GRPC: `127.0.0.1:${other}` }, { timeoutMs: 150 })).status).toBe('critical');
});

test('a request is a prefix, and the name with its length as a varint', () => {
  expect([...healthRequest('')]).toEqual([0, 0, 0, 0, 0]);
  expect([...healthRequest('ab')]).toEqual([0, 0, 0, 0, 4, 0x0a, 2, 0x61, 0x62]);
  expect([...healthRequest('x'.repeat(300)).subarray(0, 8)]).toEqual([0, 0, 0, 1, 47, 0x0a, 0xac, 2]);
});

test('an answer that is cut, compressed or of another shape has no status', () => {
  expect(healthStatus(Buffer.from([0, 0, 0, 0, 2, 8, 1]))).toBe(1);
  for (const odd of [[], [0, 0, 0, 0, 2, 8], [1, 0, 0, 0, 2, 8, 1], [0, 0, 0, 0, 2, 9, 1], [0, 0, 0, 0, 0]])
    expect(healthStatus(Buffer.from(odd))).toBe(0);
});

test('what a target says about its failure ends in a result, however it is written', async () => {
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'grpc-status': '99', 'grpc-message': '%zz' });
    stream.end();
  });
  onTestFinished(() => void server.close());
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
  expect((await runProbe(probe, { GRPC: `127.0.0.1:${port}` })).output).toBe(
    'rpc error: code = Code(99) desc = %zz',
  );
});
