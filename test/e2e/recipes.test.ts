/**
 * docs/recipes.md with the real programs: resolvers that forward the zone, load balancers that follow it, Prometheus.
 */
import { spawnSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/needs-program.ts';
import { type RunningProgram, recipe, startProgram } from '../support/recipe.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let agent: RunningAgent;
let dir = '';
let running: RunningProgram | undefined;
const backends: http.Server[] = [];

beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-recipe-'));
  fs.chmodSync(dir, 0o777);
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  for (const server of backends.splice(0)) server.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const file = path.join(dir, name);
  fs.writeFileSync(file, text);
  return file;
}

async function put(url: string, body: object = {}): Promise<void> {
  const response = await fetch(`${agent.httpUrl}${url}`, { method: 'PUT', body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

const register = (id: string, port: number, address = '127.0.0.1') =>
  put('/v1/agent/service/register', { ID: id, Name: 'web', Address: address, Port: port, Tags: ['metrics'] });
const deregister = (id: string) => put(`/v1/agent/service/deregister/${id}`);

/** An HTTP server that answers with its name. */
async function backend(name: string, address = '127.0.0.1', port = 0): Promise<number> {
  const server = http.createServer((_request, answer) => answer.end(name));
  server.listen(port, address);
  await once(server, 'listening');
  backends.push(server);
  return (server.address() as AddressInfo).port;
}

async function until<T>(read: () => Promise<T>, isGood: (value: T) => boolean): Promise<T> {
  let last: T | undefined;
  for (let tries = 0; tries < 150; tries += 1) {
    try {
      last = await read();
      if (isGood(last)) return last;
    } catch {
      // Not up yet.
    }
    await delay(100);
  }
  throw new Error(`it never became good; last: ${JSON.stringify(last)}; program: ${running?.output()}`);
}

/** Ask a resolver until it knows web.service.consul; then change the catalog and see the answer change. */
async function expectFollows(port: number): Promise<void> {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const addresses = async () => (await resolver.resolve4('web.service.consul')).toSorted();
  await register('w1', 80, '10.0.0.1');
  await until(addresses, (found) => found.join() === '10.0.0.1');
  await register('w2', 81, '10.0.0.2');
  await until(addresses, (found) => found.join() === '10.0.0.1,10.0.0.2');
  const srv = await resolver.resolveSrv('web.service.consul');
  expect(srv.map((one) => one.port).toSorted()).toEqual([80, 81]);
  await deregister('w1');
  await until(addresses, (found) => found.join() === '10.0.0.2');
  await deregister('w2');
  await expect(resolver.resolve4('web.service.consul')).rejects.toMatchObject({ code: 'ENOTFOUND' });
}

const upstream = () => ({ '127.0.0.1#8600': `127.0.0.1#${agent.dnsPort}` });

describeWith('dnsmasq', 'dnsmasq', () => {
  it('forwards the zone and follows the catalog', async () => {
    const port = await freePort();
    const conf = write('dnsmasq.conf', recipe('dnsmasq.conf', upstream()));
    const args = ['--keep-in-foreground', '--no-resolv', '--no-hosts', '--bind-interfaces', '--user=root'];
    running = startProgram('dnsmasq', [
      ...args,
      '--listen-address=127.0.0.1',
      `--port=${port}`,
      `--conf-file=${conf}`,
    ]);
    await expectFollows(port);
  });
});

describeWith('unbound', 'unbound', () => {
  it('forwards the zone and follows the catalog', async () => {
    const port = await freePort();
    const own = `server:\n  interface: 127.0.0.1\n  port: ${port}\n  username: ""\n  chroot: ""\n  pidfile: ""\n  use-syslog: no\n  directory: "${dir}"\nremote-control:\n  control-enable: no\n`;
    const block = recipe('unbound.conf', { '127.0.0.1@8600': `127.0.0.1@${agent.dnsPort}` });
    running = startProgram('unbound', ['-d', '-c', write('unbound.conf', own + block)]);
    await expectFollows(port);
  });
});

describeWith('named', 'BIND', () => {
  it('forwards the zone and follows the catalog', async () => {
    const port = await freePort();
    const block = recipe('named.conf', {
      'port 8600': `port ${agent.dnsPort}`,
      'options {': `options {\n  directory "${dir}";\n  listen-on port ${port} { 127.0.0.1; };\n  listen-on-v6 { none; };\n  pid-file none;`,
    });
    const conf = write('named.conf', `${block}\ncontrols {};\n`);
    running = startProgram('named', ['-g', '-c', conf, '-n', '1']);
    await expectFollows(port);
  });
});

/** Runs resolved in a mount namespace of its own, so that nothing of this machine's name resolution changes. */
const RESOLVED = '/lib/systemd/systemd-resolved';
const asResolved = (conf: string): string => `set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc/systemd
mkdir -p /run/systemd/resolve /etc/systemd/resolved.conf.d
cp ${conf} /etc/systemd/resolved.conf.d/
for file in passwd group; do cp /etc/$file /run/$file; done
echo 'systemd-resolve:x:990:990::/:/usr/sbin/nologin' >> /run/passwd
echo 'systemd-resolve:x:990:' >> /run/group
for file in passwd group; do mount --bind /run/$file /etc/$file; done
chown -R 990:990 /run/systemd
exec ${RESOLVED}
`;

describeWith(RESOLVED, 'systemd-resolved', () => {
  it('forwards the zone and follows the catalog', async () => {
    const port = await freePort();
    const own = `DNSStubListenerExtra=127.0.0.1:${port}\nDNSStubListener=no\nMulticastDNS=no\nLLMNR=no\nCache=no\n`;
    const conf = write(
      'rollcall.conf',
      recipe('resolved.conf', { '127.0.0.1:8600': `127.0.0.1:${agent.dnsPort}` }) + own,
    );
    running = startProgram('unshare', ['-m', 'bash', '-c', asResolved(conf)]);
    await expectFollows(port);
  });
});

describe('rollcall as the resolver', () => {
  it('is configured as the page says', async () => {
    const config = JSON.parse(recipe('recursors.json')) as { recursors: string[] };
    const own = await startAgent({ config: { recursors: config.recursors } });
    expect(await own.stop()).toBe(0);
  });
});

describeWith('haproxy', 'HAProxy', () => {
  it('fills its slots from SRV answers as instances come and go', async () => {
    const port = await freePort();
    const conf = write(
      'haproxy.cfg',
      recipe('haproxy.cfg', {
        '127.0.0.1:8600': `127.0.0.1:${agent.dnsPort}`,
        '127.0.0.1:8080': `127.0.0.1:${port}`,
      }),
    );
    running = startProgram('haproxy', ['-db', '-f', conf]);
    const seen = async (): Promise<string> => {
      const names = new Set<string>();
      for (let i = 0; i < 6; i += 1) {
        const response = await fetch(`http://127.0.0.1:${port}/`);
        names.add(response.ok ? await response.text() : String(response.status));
      }
      return [...names].sort().join();
    };
    await register('one', await backend('one'));
    await until(seen, (names) => names === 'one');
    await register('two', await backend('two'));
    await until(seen, (names) => names === 'one,two');
    await deregister('one');
    await until(seen, (names) => names === 'two');
    await deregister('two');
  });
});

describeWith('nginx', 'nginx', () => {
  it('asks for the addresses again and again', async () => {
    const [port, backendPort] = [await freePort(), await freePort()];
    await backend('one', '127.0.0.1', backendPort);
    await backend('two', '127.0.0.2', backendPort);
    const own = `daemon off;\npid ${dir}/pid;\nerror_log ${dir}/error.log;\n`;
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${dir}/${kind};`,
    );
    const block = recipe('nginx.conf', {
      '127.0.0.1:8600': `127.0.0.1:${agent.dnsPort}`,
      '127.0.0.1:8080': `127.0.0.1:${port}`,
      ':9000': `:${backendPort}`,
      'http {': `http {\n access_log off;\n ${paths.join(' ')}`,
    });
    running = startProgram('nginx', ['-p', dir, '-c', write('nginx.conf', own + block)]);
    const answer = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
    await register('n1', backendPort, '127.0.0.1');
    await until(answer, (name) => name === 'one');
    await register('n2', backendPort, '127.0.0.2');
    await deregister('n1');
    await until(answer, (name) => name === 'two');
    await deregister('n2');
  });
});

describeWith('prometheus', 'Prometheus', () => {
  it('scrapes rollcall', async () => {
    const port = await freePort();
    const conf = write(
      'prometheus.yml',
      recipe('prometheus.yml', {
        '127.0.0.1:8500': `127.0.0.1:${agent.httpPort}`,
        'scrape_interval: 5s': 'scrape_interval: 1s',
      }),
    );
    const args = [
      `--config.file=${conf}`,
      `--storage.tsdb.path=${dir}/tsdb`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    running = startProgram('prometheus', args);
    interface Answer {
      readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
    }
    const index = async (): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=rollcall_catalog_index`);
      return Number(((await response.json()) as Answer).data.result[0]?.value[1] ?? 0);
    };
    expect(await until(index, (value) => value > 0)).toBeGreaterThan(0);
  });
});

describeWith('promtool', 'alert rules', () => {
  it('are accepted by promtool and pass their own tests', () => {
    const rules = path.resolve('deploy/prometheus');
    const check = spawnSync('promtool', ['check', 'rules', 'alerts.yml'], { cwd: rules, encoding: 'utf8' });
    expect(check.stderr + check.stdout).toContain('SUCCESS');
    const tests = spawnSync('promtool', ['test', 'rules', 'alerts.test.yml'], {
      cwd: rules,
      encoding: 'utf8',
    });
    expect(tests.status, tests.stdout + tests.stderr).toBe(0);
  });
});

describeWith('systemd-analyze', 'the systemd unit', () => {
  it('is accepted by systemd-analyze verify', () => {
    const unit = fs
      .readFileSync('deploy/systemd/rollcall.service', 'utf8')
      .replace(/^User=.*\nGroup=.*\n/m, '');
    const file = write('rollcall.service', unit);
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('leaves the service little to do harm with: an exposure of 1.6 of 10 at most', () => {
    const file = path.resolve('deploy/systemd/rollcall.service');
    const args = ['security', '--offline=true', '--threshold=16', '--no-pager', file];
    const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect(status, stdout).toBe(0);
  });
});
