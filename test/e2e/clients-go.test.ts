/**
 * Consul's Go client, unchanged, against a real agent: its command line is made of it, so its commands are run.
 * Debian ships it no more, so these tests skip visibly where it is missing, in continuous integration too.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

function goTests(): void {
  let agent: RunningAgent;
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-go-'));

  beforeAll(async () => {
    agent = await startAgent();
  });
  afterAll(async () => {
    await agent.stop();
    fs.rmSync(scratch, { recursive: true, force: true });
  });

  /** Run a command; its output and exit status. */
  function run(...args: string[]): { out: string; status: number | null } {
    const env = { ...process.env, CONSUL_HTTP_ADDR: agent.httpUrl.replace('http://', '') };
    const { stdout, stderr, status } = spawnSync('consul', args, { encoding: 'utf8', env });
    return { out: stdout + stderr, status };
  }

  test('members, info and catalog', () => {
    expect(run('members').out).toMatch(/n1\s+127\.0\.0\.1:\d+\s+alive\s+server/);
    expect(run('info').out).toContain('leader = true');
    expect(run('catalog', 'datacenters').out.trim()).toBe('dc1');
    expect(run('catalog', 'services').out.trim()).toBe('consul');
    expect(run('catalog', 'nodes', '-detailed').out).toContain('n1');
  });

  test('services register and deregister', () => {
    const file = path.join(scratch, 'web.json');
    const service = { Name: 'web', Port: 80, Tags: ['v1'], Check: { TTL: '30s' } };
    fs.writeFileSync(file, JSON.stringify({ Service: service }));
    expect(run('services', 'register', file)).toEqual({ out: 'Registered service: web\n', status: 0 });
    expect(run('catalog', 'services', '-tags').out).toMatch(/web\s+v1/);
    expect(run('services', 'deregister', '-id', 'web')).toEqual({
      out: 'Deregistered service: web\n',
      status: 0,
    });
  });

  test('kv put, get, export, import and delete', () => {
    expect(run('kv', 'put', 'a/b', 'one').out).toBe('Success! Data written to: a/b\n');
    expect(run('kv', 'put', '-flags=42', 'a/c', 'two').status).toBe(0);
    expect(run('kv', 'get', 'a/b').out).toBe('one\n');
    expect(run('kv', 'get', '-detailed', 'a/c').out).toMatch(/Flags\s+42/);
    expect(run('kv', 'get', '-keys', '-separator=', 'a').out).toBe('a/b\na/c\n');
    expect(run('kv', 'put', '-cas', '-modify-index=1', 'a/b', 'x').status).toBe(1);
    const exported = run('kv', 'export', 'a').out;
    expect(run('kv', 'delete', '-recurse', 'a').status).toBe(0);
    expect(run('kv', 'get', 'a/b').status).toBe(1);
    expect(run('kv', 'import', exported).out).toContain('Imported: a/b');
    expect(run('kv', 'get', 'a/c').out).toBe('two\n');
  });

  test('lock runs its child while it holds the lock', () => {
    const { out, status } = run('lock', 'leader', 'echo held');
    expect([out, status]).toEqual(['held\n', 0]);
    expect(run('lock', '-n=2', 'group', 'echo among them').out).toBe('among them\n');
  });

  test('maint takes the node out and back in', () => {
    expect(run('maint', '-enable', '-reason=work').out).toBe('Node maintenance is now enabled\n');
    expect(run('maint').out).toContain('work');
    expect(run('maint', '-disable').out).toBe('Node maintenance is now disabled\n');
  });

  test('event, rtt, operator and reload', () => {
    expect(run('event', '-name=deploy').out).toMatch(/^Event ID: [0-9a-f-]{36}\n$/);
    expect(run('operator', 'raft', 'list-peers').out).toMatch(/n1\s+\S+\s+\S+\s+leader\s+true/);
    expect(run('reload')).toEqual({ out: 'Configuration reload triggered\n', status: 0 });
  });

  test('snapshot save and restore', () => {
    const file = path.join(scratch, 'backup.snap');
    run('kv', 'put', 'kept', 'yes');
    expect(run('snapshot', 'save', file).status).toBe(0);
    run('kv', 'delete', 'kept');
    expect(run('snapshot', 'restore', file)).toEqual({ out: 'Restored snapshot\n', status: 0 });
    expect(run('kv', 'get', 'kept').out).toBe('yes\n');
  });

  test('snapshot of ours is inspected', () => {
    const file = path.join(scratch, 'foreign.snap');
    expect(run('snapshot', 'save', file).status).toBe(0);
    expect(run('snapshot', 'inspect', file).out).toMatch(/Version\s+1\n/);
  });

  test('watch gives every event to its program once', async () => {
    const env = { ...process.env, CONSUL_HTTP_ADDR: agent.httpUrl.replace('http://', '') };
    const child = spawn('consul', ['watch', '-type=event', 'cat'], { env });
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    const names = (): readonly string[] =>
      Array.from(seen.matchAll(/"Name":"([^"]+)"/g), ([, name]) => name ?? '');
    for (const name of ['one', 'two', 'three']) {
      run('event', `-name=${name}`);
      await expect.poll(names, { timeout: 10_000 }).toContain(name);
    }
    const once = [...new Set(names())];
    expect(names()).toEqual(once);
    expect(once.slice(-3)).toEqual(['one', 'two', 'three']);
    child.kill();
  });

  test('watch calls its program at the start and with every change', async () => {
    const env = { ...process.env, CONSUL_HTTP_ADDR: agent.httpUrl.replace('http://', '') };
    const child = spawn('consul', ['watch', '-type=key', '-key=watched', 'cat'], { env });
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    await expect.poll(() => seen, { timeout: 10_000 }).toContain('null');
    run('kv', 'put', 'watched', 'now');
    await expect.poll(() => seen, { timeout: 10_000 }).toContain('"Key":"watched"');
    child.kill();
  });
}

if (spawnSync('consul', ['version'], { stdio: 'ignore' }).status === 0) describe('the Go client', goTests);
else describe.skip('the Go client [skipped: consul is not installed]', goTests);
