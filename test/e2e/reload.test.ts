/**
 * Reloading: the difference and nothing else, by each of the four ways; a mistake changes nothing.
 */
import { spawnSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
let dir = '';
let agent: RunningAgent;

const write = (name: string, content: unknown): void =>
  fs.writeFileSync(path.join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
const service = (name: string, more: object = {}) => ({ service: { name, port: 80, ...more } });

function rollcall(...args: readonly string[]) {
  const env = { ...process.env, CONSUL_HTTP_ADDR: agent.httpUrl };
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, ...args], {
    encoding: 'utf8',
    env,
  });
  return { code: status, out: stdout, err: stderr };
}

async function names(): Promise<string[]> {
  const response = await fetch(`${agent.httpUrl}/v1/catalog/services`);
  return Object.keys((await response.json()) as object).filter((name) => name !== 'consul');
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200 && !(await condition()); tries += 1) await delay(25);
  expect(await condition()).toBe(true);
}

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-reload-'));
  write('a.json', service('a', { check: { ttl: '1h' } }));
  write('b.hcl', 'service {\n  name = "b"\n}\n');
  agent = await startAgent({ args: ['-config-dir', dir, '-auto-reload-config=false'] });
});
afterEach(async () => {
  await agent.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

describe('a reload', () => {
  it('applies what was added, changed and removed, and keeps the state of what stayed', async () => {
    await fetch(`${agent.httpUrl}/v1/agent/check/pass/service:a`, { method: 'PUT' });
    const before = await (await fetch(`${agent.httpUrl}/v1/health/service/a?passing`)).text();
    fs.rmSync(path.join(dir, 'b.hcl'));
    write('c.json', service('c'));
    expect(rollcall('reload', '-dry-run').out).toBe('+ definition c\n- definition b\n');
    expect(await names()).toEqual(['a', 'b']);
    expect(rollcall('reload')).toEqual({ code: 0, out: 'Configuration reload triggered\n', err: '' });
    expect(await names()).toEqual(['a', 'c']);
    expect(await (await fetch(`${agent.httpUrl}/v1/health/service/a?passing`)).text()).toBe(before);
    expect(rollcall('reload', '-dry-run').out).toBe('A reload would change nothing.\n');
  });

  it('happens on SIGHUP', async () => {
    write('c.json', service('c'));
    process.kill(agent.pid, 'SIGHUP');
    await until(async () => (await names()).includes('c'));
  });

  it('changes nothing when a file has a mistake, and says which', async () => {
    write('c.json', service('c'));
    write('d.json', '{ "service": { "name": "d", "prt": 1 } }');
    const { code, err } = rollcall('reload');
    expect(code).toBe(1);
    expect(err).toContain('d.json:1: service "d": unknown key "prt"');
    expect(await names()).toEqual(['a', 'b']);
    expect(agent.output()).toContain('configuration not reloaded');
  });

  it('changes the metadata of the node and the headers of answers at once', async () => {
    write('z.json', { node_meta: { rack: 'r2' }, http_config: { response_headers: { 'X-Site': 'north' } } });
    expect(rollcall('reload', '-dry-run').out).toBe(
      '~ option node_meta\n~ option http_config.response_headers\n',
    );
    expect(rollcall('reload').code).toBe(0);
    const nodes = await fetch(`${agent.httpUrl}/v1/catalog/nodes?node-meta=rack:r2`);
    expect(nodes.headers.get('x-site')).toBe('north');
    expect(await nodes.json()).toMatchObject([{ Node: 'n1' }]);
    const self = await (await fetch(`${agent.httpUrl}/v1/agent/self`)).json();
    expect(self).toMatchObject({ Meta: { rack: 'r2' }, DebugConfig: { node_meta: { rack: 'r2' } } });
    fs.rmSync(path.join(dir, 'z.json'));
    expect(rollcall('reload').code).toBe(0);
    const again = await fetch(`${agent.httpUrl}/v1/catalog/nodes`);
    expect(again.headers.get('x-site')).toBeNull();
    expect(await again.json()).toMatchObject([{ Meta: { 'consul-network-segment': '' } }]);
  });

  it('says once what it accepts without doing it', async () => {
    const count = (): number => agent.output().split('is below the least one').length - 1;
    write('c.json', service('c', { check: { tcp: '127.0.0.1:1', interval: '50ms' } }));
    rollcall('reload');
    rollcall('reload');
    await until(async () => count() > 0);
    expect(count()).toBe(1);
  });

  it('names options that wait for a restart, and applies those that do not', async () => {
    write('z.json', { dns_config: { node_ttl: '7s' }, datacenter: 'dc9' });
    expect(rollcall('reload', '-dry-run').out).toBe(
      '~ option dns_config.node_ttl\n! option (needs a restart) datacenter\n',
    );
    expect(rollcall('reload').code).toBe(0);
    const resolver = new Resolver({ timeout: 1_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${agent.dnsPort}`]);
    expect(await resolver.resolve4('n1.node.consul', { ttl: true })).toEqual([
      { address: '127.0.0.1', ttl: 7 },
    ]);
    expect(await resolver.resolve4('n1.node.dc1.consul')).toEqual(['127.0.0.1']);
    expect(rollcall('reload', '-dry-run').out).toBe('! option (needs a restart) datacenter\n');
  });
});

describe('auto_reload_config', () => {
  it('reloads by itself when a file appears', async () => {
    await agent.stop();
    agent = await startAgent({ args: ['-config-dir', dir, '-auto-reload-config'] });
    write('c.json', service('c'));
    await until(async () => (await names()).includes('c'));
  });
});
