/**
 * `rollcall migrate` between two agents: everything that the API shows arrives, nothing else is touched, changes follow; and
 * with a real Consul as either side.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { consulProgram, hasConsul, startConsul } from '../support/consul-server.ts';
import { fillCatalog, shownCatalog } from '../support/filled-catalog.ts';
import { recipe } from '../support/recipe.ts';
import { repositoryDir } from '../support/source-files.ts';
import { startAgent } from '../support/start-agent.ts';

const LAUNCHER = path.join(repositoryDir, 'bin/rollcall.js');

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function rollcall(name: string, config: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const agent = await startAgent({ config: { node_name: name, ...config } });
  ends.push(() => agent.stop());
  return agent.httpUrl;
}

async function consul(): Promise<string> {
  const server = await startConsul();
  ends.push(server.stop);
  return server.httpUrl;
}

interface Running {
  output(): string;
  interrupt(): Promise<unknown>;
  readonly ended: Promise<unknown>;
}

function start(from: string, to: string, ...flags: readonly string[]): Running {
  const args = [LAUNCHER, 'migrate', `-from=${from}`, `-http-addr=${to}`, ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = once(child, 'close').then(([code]) => code as unknown);
  ends.push(async () => child.kill('SIGKILL'));
  return {
    output: () => said,
    ended,
    interrupt: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

async function migrate(from: string, to: string, ...flags: readonly string[]): Promise<string> {
  const running = start(from, to, '-only=nodes,queries,keys', ...flags);
  expect([await running.ended, running.output()]).toEqual([0, expect.any(String)]);
  return running.output();
}

const put = async (url: string, key: string, value: string): Promise<void> => {
  const response = await fetch(`${url}/v1/kv/${key}`, { method: 'PUT', body: value });
  expect(response.status).toBe(200);
};

/** What stays behind: sessions with the locks that they hold, and ids. */
function comparable(shown: Readonly<Record<string, unknown>>): unknown {
  const kept = Object.entries(shown).filter(([url]) => !url.startsWith('/v1/session/'));
  return JSON.parse(JSON.stringify(Object.fromEntries(kept)), (name, value: unknown) => {
    if (name === 'LockIndex' || name === 'Session') return undefined;
    if (name === 'ID' && typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value)) return 'an id';
    return value;
  });
}

describe('rollcall migrate', () => {
  test('says what it would do, does it, and has nothing to do the second time', async () => {
    const [from, to] = [await rollcall('source'), await rollcall('target')];
    await fillCatalog(from);
    await put(to, 'own', 'stays');
    const plan = await migrate(from, to, '-dry-run');
    expect(plan).toMatch(/nothing is written/);
    expect(plan).toMatch(/^keys +5 +0 +0 +0$/m);
    expect((await fetch(`${to}/v1/kv/plain`)).status).toBe(404);
    const done = await migrate(from, to);
    expect(done).toMatch(/^nodes without an agent +1 +0 +0 +0$/m);
    expect(done).toMatch(/^prepared queries +2 +0 +0 +0$/m);
    expect(done).toMatch(/^left out: 1 nodes with an agent: .*\(source\)$/m);
    expect(done).toMatch(/^left out: 1 sessions: /m);
    await expect((await fetch(`${to}/v1/kv/own?raw`)).text()).resolves.toBe('stays');
    await fetch(`${to}/v1/kv/own`, { method: 'DELETE' });
    expect(comparable(await shownCatalog(to))).toEqual(comparable(await shownCatalog(from)));
    const again = await migrate(from, to);
    expect(again).toMatch(/^keys +0 +0 +5 +0$/m);
    expect(again).toMatch(/^nodes without an agent +0 +0 +1 +0$/m);
    expect(again).toMatch(/^prepared queries +0 +0 +2 +0$/m);
  });

  test('copies policies, roles and tokens, which keep their secrets', { timeout: 30_000 }, async () => {
    const management = '11111111-1111-1111-1111-111111111111';
    const secret = '22222222-2222-2222-2222-222222222222';
    const acl = { enabled: true, default_policy: 'deny', tokens: { initial_management: management } };
    const [from, to] = [await rollcall('source', { acl }), await rollcall('target', { acl })];
    const write = async (what: string, body: object): Promise<void> => {
      const init = { method: 'PUT', headers: { 'X-Consul-Token': management }, body: JSON.stringify(body) };
      expect([what, (await fetch(`${from}/v1/acl/${what}`, init)).status]).toEqual([what, 200]);
    };
    await write('policy', { Name: 'p1', Rules: 'key_prefix "a/" { policy = "read" }' });
    await write('role', { Name: 'r1', Policies: [{ Name: 'p1' }] });
    await write('token', {
      SecretID: secret,
      Description: 'of a user',
      Roles: [{ Name: 'r1' }],
      ExpirationTTL: '1h',
    });
    const copy = async (): Promise<string> => {
      const running = start(from, to, `-from-token=${management}`, `-token=${management}`, '-only=acl');
      expect([await running.ended, running.output()]).toEqual([0, expect.any(String)]);
      return running.output();
    };
    const done = await copy();
    for (const what of ['policies', 'roles', 'tokens'])
      expect(done).toMatch(new RegExp(`^ACL ${what} +1 `, 'm'));
    const headers = { 'X-Consul-Token': secret };
    expect((await fetch(`${to}/v1/kv/a/x`, { headers })).status).toBe(404);
    expect((await fetch(`${to}/v1/kv/b/x`, { headers })).status).toBe(403);
    expect(await copy()).toMatch(/^ACL tokens +0 +0 +2 +0$/m);
  });

  test('-follow copies changes and removals until it is interrupted', { timeout: 30_000 }, async () => {
    const [from, to] = [await rollcall('source'), await rollcall('target')];
    await put(from, 'app/first', '1');
    await put(from, 'gone', 'x');
    await put(to, 'own', 'stays');
    const running = start(from, to, '-only=keys', '-follow');
    await expect.poll(running.output, { timeout: 15_000 }).toContain('following');
    await put(from, 'app/second', '2');
    await put(from, 'app/first', '3');
    await fetch(`${from}/v1/kv/gone`, { method: 'DELETE' });
    const keys = async (): Promise<unknown> => (await fetch(`${to}/v1/kv/?keys`)).json();
    await expect.poll(keys, { timeout: 15_000 }).toEqual(['app/first', 'app/second', 'own']);
    const first = async (): Promise<string> => (await fetch(`${to}/v1/kv/app/first?raw`)).text();
    await expect.poll(first, { timeout: 15_000 }).toBe('3');
    expect(await running.interrupt()).toBe(0);
    expect(running.output()).toMatch(/^keys: .*1 removed/m);
  });

  test('refuses to copy an agent to itself, and says what it cannot reach', async () => {
    const url = await rollcall('only');
    const same = start(url, url);
    expect(await same.ended).toBe(1);
    expect(same.output()).toContain('are the same agent');
    const none = start('http://127.0.0.1:1', url);
    expect(await none.ended).toBe(1);
    expect(none.output()).toContain('cannot reach the agent at http://127.0.0.1:1');
  });
});

describe.skipIf(!hasConsul)('rollcall migrate with a real Consul', () => {
  test('brings everything here, and back to another Consul', { timeout: 60_000 }, async () => {
    const [from, here] = [await consul(), await rollcall('target')];
    await fillCatalog(from);
    expect(await migrate(from, here)).toMatch(/^keys +5 +0 +0 +0$/m);
    expect(comparable(await shownCatalog(here))).toEqual(comparable(await shownCatalog(from)));
    expect(await migrate(from, here)).toMatch(/^nodes without an agent +0 +0 +1 +0$/m);
    const back = await consul();
    await migrate(here, back);
    expect(comparable(await shownCatalog(back))).toEqual(comparable(await shownCatalog(from)));
  });

  test('the commands of docs/coming-from-consul.md do what it says', { timeout: 60_000 }, async () => {
    const [from, here] = [await consul(), await rollcall('target')];
    await fillCatalog(from);
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-migrate-'));
    ends.push(async () => fs.rmSync(dir, { recursive: true }));
    const programs = `rollcall() { '${process.execPath}' '${LAUNCHER}' "$@"; }; consul() { ${consulProgram} "$@"; }`;
    const env = { ...process.env, CONSUL: from, ROLLCALL: here };
    const page = (block: string): string => {
      const script = `set -e; ${programs}; cd '${dir}'\n${recipe(block, {}, 'docs/coming-from-consul.md')}`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8', env });
    };
    expect(page('copy')).toMatch(/nothing is written[\s\S]*^keys +5 +0 +0 +0$/m);
    expect(comparable(await shownCatalog(here))).toEqual(comparable(await shownCatalog(from)));
    expect(page('snapshot')).toMatch(/^keys +5 [\s\S]*^Restored snapshot$/m);
    expect(await shownCatalog(here)).toEqual(await shownCatalog(from));
    expect(page('back')).toMatch(/^keys +0 +0 +5 +0$/m);
  });
});
