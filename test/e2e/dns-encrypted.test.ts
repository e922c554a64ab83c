/**
 * DNS over TLS and over HTTPS with clients that other people wrote: kdig, unbound as a forwarder, curl that resolves names by it.
 */
import { execFile, spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/needs-program.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';
import { certFile } from '../support/test-certificates.ts';

const run = promisify(execFile);
let agent: RunningAgent;
let [httpsPort, tlsPort] = [0, 0];

beforeAll(async () => {
  const [web, dns] = [await freePort(), await freePort()];
  [httpsPort, tlsPort] = [await freePort(), await freePort()];
  const services = Array.from({ length: 40 }, (_, i) => ({
    id: `big${i}`,
    name: 'big',
    address: `10.0.1.${i}`,
    port: 80,
  }));
  agent = await startAgent({
    ports: { http: web, dns },
    config: {
      ports: { http: web, dns, https: httpsPort, dns_tls: tlsPort },
      ca_file: certFile('ca'),
      cert_file: certFile('server'),
      key_file: certFile('server-key'),
      dns_config: { service_ttl: { '*': '10s' }, cookies: true },
      services: [{ name: 'web', address: '127.0.0.1', port: 80 }, ...services],
    },
  });
});
afterAll(() => agent.stop());

async function kdig(...args: readonly string[]): Promise<string> {
  const trust = [`+tls-ca=${certFile('ca')}`, '+tls-hostname=server.dc1.consul'];
  const { stdout } = await run('kdig', ['@127.0.0.1', ...trust, ...args]);
  return stdout;
}

describeWith('kdig', 'kdig', () => {
  it.each([
    ['TLS', () => ['-p', String(tlsPort), '+tls']],
    ['HTTPS, POST', () => ['-p', String(httpsPort), '+https']],
    ['HTTPS, GET', () => ['-p', String(httpsPort), '+https-get']],
  ])('is answered over %s, as over TCP and padded', async (_, way) => {
    const heard = await kdig(...way(), 'web.service.consul', 'SRV');
    expect(heard).toMatch(/status: NOERROR/);
    expect(heard).toMatch(/^web\.service\.consul\.\s+10\s+IN\s+SRV\s+1 1 80 7f000001\.addr\.dc1\.consul\.$/m);
    expect(heard).toMatch(/^;; PADDING: \d+ B$/m);
    expect(heard).toMatch(/^;; Received 468 B$/m);
    const big = await kdig(...way(), 'big.service.consul');
    expect(big.match(/\sIN\s+A\s+10/g)).toHaveLength(40);
    expect(await kdig(...way(), 'none.service.consul')).toMatch(/status: NXDOMAIN/);
  });

  it('asks many questions over one connection', async () => {
    const names = Array.from({ length: 20 }, () => 'web.service.consul');
    const heard = await kdig('-p', String(tlsPort), '+tls', '+keepopen', ...names);
    expect(heard.match(/status: NOERROR/g)).toHaveLength(20);
  });
});

describeWith('dig', 'dig', () => {
  it('is given a cookie that it takes for good, and brings it back', async () => {
    const dig = (...args: readonly string[]) =>
      run('dig', ['@127.0.0.1', '-p', String(agent.dnsPort), ...args, 'web.service.consul']);
    const { stdout } = await dig('+cookie=0102030405060708');
    const [, cookie = ''] = /; COOKIE: ([0-9a-f]{48}) \(good\)/.exec(stdout) ?? [];
    expect(cookie).toMatch(/^0102030405060708/);
    expect((await dig(`+cookie=${cookie}`)).stdout).toMatch(
      /; COOKIE: 0102030405060708[0-9a-f]{32} \(good\)/,
    );
  });
});

describeWith('unbound', 'unbound', () => {
  it('forwards the zone over TLS, and looks at the certificate', async () => {
    const port = await freePort();
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-unbound-'));
    const conf = path.join(dir, 'unbound.conf');
    const config = (name: string): string => `server:
  interface: 127.0.0.1
  port: ${port}
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  directory: "${dir}"
  do-not-query-localhost: no
  domain-insecure: "consul."
  tls-cert-bundle: "${certFile('ca')}"
remote-control:
  control-enable: no
forward-zone:
  name: "consul."
  forward-tls-upstream: yes
  forward-addr: 127.0.0.1@${tlsPort}#${name}
`;
    const resolver = new Resolver({ timeout: 2_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
    const resolve = () =>
      resolver.resolve4('web.service.consul').catch((error: { code: string }) => error.code);
    for (const [name, answer] of [
      ['server.dc1.consul', ['127.0.0.1']],
      ['other.example', 'ESERVFAIL'],
    ] as const) {
      fs.writeFileSync(conf, config(name));
      const unbound = spawn('unbound', ['-d', '-c', conf], { stdio: 'ignore' });
      await expect.poll(resolve, { timeout: 5_000, interval: 100 }).toEqual(answer);
      unbound.kill();
      await once(unbound, 'exit');
    }
    fs.rmSync(dir, { recursive: true, force: true });
  });
});

describeWith('curl', 'curl', () => {
  it('finds a service by DNS over HTTPS', async () => {
    const server = http.createServer((_request, response) => response.end('found')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const args = ['-sS', '--cacert', certFile('ca'), '--doh-url', `https://127.0.0.1:${httpsPort}/dns-query`];
    const { stdout } = await run('curl', [...args, `http://web.service.consul:${port}/`]);
    server.close();
    expect(stdout).toBe('found');
  });
});
