/** Targets that ask for a certificate, over HTTP/1.1, HTTP/2 and gRPC; the thread, and what it shows after a change. */
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type CheckIdentity, createDial } from '../../../src/checks/dial.ts';
import { grpcProbe } from '../../../src/checks/kinds/grpc-probe.ts';
import { h2pingProbe } from '../../../src/checks/kinds/h2ping-probe.ts';
import { httpProbe } from '../../../src/checks/kinds/http-probe.ts';
import { ProbeThread } from '../../../src/checks/probe-thread.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { runProbe } from '../../support/run-probe.ts';
import { pem } from '../../support/test-certificates.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const STRICT = {
  cert: pem('server'),
  key: pem('server-key'),
  ca: pem('ca'),
  requestCert: true,
  rejectUnauthorized: true,
};
const AGENT: CheckIdentity = {
  certificate: pem('client'),
  key: pem('client-key'),
  authorities: [pem('ca')],
  serverName: 'server.dc1.consul',
};
const STRANGER: CheckIdentity = { ...AGENT, certificate: pem('stranger'), key: pem('stranger-key') };

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const httpsTarget = () => listen(https.createServer(STRICT, (_, response) => response.end('ok')));

/** The health service of gRPC, which says that all is well. */
async function grpcTarget(): Promise<number> {
  const server = http2.createSecureServer({ ...STRICT, ALPNProtocols: ['h2'] });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from('00000000020801', 'hex'));
  });
  return listen(server as unknown as Server);
}

describe('checks of targets that ask for a certificate', () => {
  it('show that of the agent, where they may', async () => {
    const HTTP = `https://127.0.0.1:${await httpsTarget()}/`;
    const statusOf = async (identity?: CheckIdentity) =>
      (await runProbe(httpProbe(createDial(() => identity)), { HTTP })).status;
    expect(await statusOf(AGENT)).toBe('passing');
    expect(await statusOf(STRANGER)).toBe('critical');
    expect(await statusOf()).toBe('critical');
  });

  it('look for the name of the check before that of the agent', async () => {
    const HTTP = `https://127.0.0.1:${await httpsTarget()}/`;
    const probe = httpProbe(createDial(() => ({ ...AGENT, serverName: 'n7' })));
    expect((await runProbe(probe, { HTTP })).output).toContain(
      'x509: certificate is valid for server.dc1.consul, localhost, not n7',
    );
    expect((await runProbe(probe, { HTTP, TLSServerName: 'localhost' })).status).toBe('passing');
    expect((await runProbe(probe, { HTTP, TLSSkipVerify: true })).status).toBe('passing');
  });

  it('reach gRPC and HTTP/2 in the same way', async () => {
    const GRPC = `127.0.0.1:${await grpcTarget()}`;
    const dial = createDial(() => AGENT);
    expect(await runProbe(grpcProbe(dial), { GRPC, GRPCUseTLS: true })).toEqual({
      status: 'passing',
      output: `gRPC check ${GRPC}: success`,
    });
    expect((await runProbe(h2pingProbe(dial), { H2PING: GRPC })).status).toBe('passing');
    const none = createDial();
    expect((await runProbe(grpcProbe(none), { GRPC, GRPCUseTLS: true, TLSSkipVerify: true })).status).toBe(
      'critical',
    );
  });

  it('show what the agent has now, on their own thread', async () => {
    const url = `https://127.0.0.1:${await httpsTarget()}/`;
    const thread = new ProbeThread(silentLogger);
    closing.push(() => thread.stop());
    const tls = { skipVerify: false, serverName: '' };
    const spec = {
      kind: 'http',
      url,
      method: 'GET',
      header: {},
      body: '',
      disableRedirects: false,
      tls,
    } as const;
    const run = () =>
      thread.probes.http(spec, {
        timeoutMs: 5_000,
        outputMaxBytes: 100,
        signal: new AbortController().signal,
      });
    thread.setIdentity(STRANGER);
    expect((await run()).status).toBe('critical');
    thread.setIdentity(AGENT);
    expect((await run()).status).toBe('passing');
  });
});
