/**
 * Checks in a running agent: what they find is what DNS and the API say, over a sudden end too.
 */
import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type AgentOptions, type RunningAgent, startAgent } from '../support/start-agent.ts';
import { closedPort, httpTarget } from '../support/targets.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));

/** For what takes milliseconds on a machine that has nothing else to do. */
const SOON = { timeout: 10_000 };

interface LocalCheck {
  readonly Status: string;
  readonly Output: string;
}

async function agentWith(options: AgentOptions = {}): Promise<RunningAgent> {
  const agent = await startAgent(options);
  onTestFinished(async () => void (await agent.stop()));
  return agent;
}

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-checks-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function put(agent: RunningAgent, url: string, body?: object): Promise<number> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return (await fetch(`${agent.httpUrl}${url}`, { method: 'PUT', ...sent })).status;
}

async function get<T>(agent: RunningAgent, url: string): Promise<T> {
  return (await (await fetch(`${agent.httpUrl}${url}`)).json()) as T;
}

async function statusOf(agent: RunningAgent, id: string): Promise<string | undefined> {
  return (await get<Record<string, LocalCheck>>(agent, '/v1/agent/checks'))[id]?.Status;
}

async function ports(agent: RunningAgent, name: string): Promise<number[]> {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${agent.dnsPort}`]);
  const found = await resolver.resolveSrv(`${name}.service.consul`).catch(() => []);
  return found.map(({ port }) => port).sort();
}

function service(port: number, check: object = {}): object {
  const Check = { CheckID: 'c', HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Timeout: '1s', ...check };
  return { ID: 'web', Name: 'web', Address: '127.0.0.1', Port: port, Check };
}

test('a new instance is in DNS after its first run, which comes at once, and out when its check fails', async () => {
  let code = 200;
  const port = await httpTarget((_, response) => response.writeHead(code).end());
  const agent = await agentWith();
  const startedMs = performance.now();
  await put(agent, '/v1/agent/service/register', service(port, { Interval: '60s' }));
  await expect.poll(() => ports(agent, 'web'), SOON).toEqual([port]);
  // An interval is a minute, and the first run does not wait for any part of it.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  await put(agent, '/v1/agent/service/register', service(port));
  await expect.poll(() => statusOf(agent, 'c'), SOON).toBe('passing');
  code = 500;
  await expect.poll(() => ports(agent, 'web'), SOON).toEqual([]);
});

test('after a sudden end a check has its status at once, and a TTL goes on where it was', async () => {
  const dataDir = scratch();
  const port = await httpTarget((_, response) => response.end('ok'));
  const before = await startAgent({ dataDir });
  await put(before, '/v1/agent/service/register', service(port, { Interval: '60s' }));
  await put(before, '/v1/agent/check/register', { ID: 't', Name: 't', TTL: '6s' });
  await put(before, '/v1/agent/check/pass/t?note=fine');
  await expect.poll(() => statusOf(before, 'c'), SOON).toBe('passing');
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await before.kill();
  const after = await agentWith({ dataDir });
  expect(await ports(after, 'web')).toEqual([port]);
  expect([await statusOf(after, 'c'), await statusOf(after, 't')]).toEqual(['passing', 'passing']);
  await expect.poll(() => statusOf(after, 't'), SOON).toBe('critical');
  const { Results } = await get<{ Results: LocalCheck[] }>(after, '/v1/agent/check/t/history');
  expect(Results[0]?.Output).toBe('TTL expired (last output before timeout follows): fine');
});

test('programs are refused from the API, also to be tried, while files may have them', async () => {
  const check = { id: 's', name: 's', args: ['/bin/echo', 'from a file'], interval: '1s' };
  const agent = await agentWith({ config: { enable_local_script_checks: true, checks: [check] } });
  await expect.poll(() => statusOf(agent, 's'), SOON).toBe('passing');
  const sent = { Name: 'x', Args: ['/bin/echo', 'hi'], Interval: '1s' };
  expect(await put(agent, '/v1/agent/check/register', sent)).toBe(500);
  expect(await put(agent, '/v1/agent/check/test', sent)).toBe(500);
});

test('the command line tries checks without registering them, and tells what a check said', async () => {
  const agent = await agentWith();
  const port = await httpTarget((_, response) => response.end('hello'));
  const closed = await closedPort();
  const file = path.join(scratch(), 'web.json');
  const checks = [
    { http: `http://127.0.0.1:${port}/`, interval: '1s' },
    { id: 'own', tcp: `127.0.0.1:${closed}`, interval: '1s' },
  ];
  fs.writeFileSync(file, JSON.stringify({ service: { name: 'web', port, checks } }));
  // Not the synchronous call: this process is the target too.
  const rollcall = (...args: string[]): Promise<{ status: number; stdout: string }> => {
    const env = { ...process.env, CONSUL_HTTP_ADDR: agent.httpUrl };
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [LAUNCHER, ...args], { env }, (_, stdout) =>
        resolve({ status: child.exitCode ?? -1, stdout }),
      );
    });
  };
  const tried = await rollcall('check', 'test', file);
  expect(tried.stdout).toMatch(/^service:web:1 \(http\): passing after .* ms\nHTTP GET .*Output: hello\n/);
  expect(tried.stdout).toMatch(/\nown \(tcp\): critical after .* ms\ndial tcp .*connection refused\n$/);
  expect(tried.status).toBe(2);
  expect(await get(agent, '/v1/agent/checks')).toEqual({});
  expect((await rollcall('services', 'register', file)).status).toBe(0);
  await expect.poll(() => statusOf(agent, 'service:web:1'), SOON).toBe('passing');
  const history = await rollcall('check', 'history', 'service:web:1');
  expect(history.stdout).toMatch(
    /^service:web:1: passing since \S+, changed 0 times\nTime +Status +Took +Output\n/,
  );
  expect((await rollcall('check', 'test', '-id=own')).stdout).toMatch(/^own \(tcp\): critical/);
});

test('an alias follows its service within a moment', async () => {
  const agent = await agentWith();
  await put(agent, '/v1/agent/service/register', { Name: 'db', Check: { CheckID: 'd', TTL: '60s' } });
  await put(agent, '/v1/agent/service/register', {
    Name: 'app',
    Check: { CheckID: 'a', AliasService: 'db' },
  });
  expect(await statusOf(agent, 'a')).toBe('critical');
  await put(agent, '/v1/agent/check/pass/d');
  await expect.poll(() => statusOf(agent, 'a'), SOON).toBe('passing');
  await put(agent, '/v1/agent/service/deregister/db');
  await expect.poll(() => statusOf(agent, 'a'), SOON).toBe('critical');
});

test('targets that hang, flood, redirect in circles or reset do not keep the others waiting', async () => {
  const agent = await agentWith();
  const good = await httpTarget((_, response) => response.end('ok'));
  const bad = await httpTarget((request, response) => {
    if (request.url === '/flood') {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    } else if (request.url === '/circle') response.writeHead(302, { location: '/circle' }).end();
    else if (request.url === '/reset') request.socket.resetAndDestroy();
  });
  for (let i = 0; i < 40; i += 1) {
    const HTTP = `http://127.0.0.1:${bad}/${['hang', 'flood', 'circle', 'reset'][i % 4]}`;
    await put(agent, '/v1/agent/check/register', { Name: `bad${i}`, HTTP, Interval: '1s', Timeout: '30s' });
  }
  await put(agent, '/v1/agent/check/register', {
    Name: 'good',
    HTTP: `http://127.0.0.1:${good}/`,
    Interval: '1s',
  });
  await expect.poll(() => statusOf(agent, 'good'), SOON).toBe('passing');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { Results } = await get<{ Results: unknown[] }>(agent, '/v1/agent/check/good/history');
  expect(Results.length).toBeGreaterThanOrEqual(3);
});

test('slow name lookups have threads to wait in, so that other checks get theirs', async () => {
  const agent = await agentWith();
  await put(agent, '/v1/agent/check/register', { Name: 'n', TCP: 'localhost:1', Interval: '60s' });
  const threads = (): number =>
    Number(/Threads:\s+(\d+)/.exec(fs.readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]);
  await expect.poll(threads, SOON).toBeGreaterThanOrEqual(16);
});
