/**
 * The command line against a running agent: output, exit status, what goes wrong.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
let agent: RunningAgent;
let dir = '';

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-cli-'));
  agent = await startAgent();
});
afterAll(async () => {
  await agent.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

function rollcall(args: readonly string[], env: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, [LAUNCHER, ...args], {
    encoding: 'utf8',
    env: { ...process.env, CONSUL_HTTP_ADDR: agent.httpUrl, ...env },
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

function write(name: string, content: unknown): string {
  const file = path.join(dir, name);
  fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('rollcall', () => {
  it('lists its commands, and names the nearest when there is none of that name', () => {
    expect(rollcall(['help'])).toMatchObject({ code: 0, out: expect.stringContaining('catalog services') });
    expect(rollcall(['membres'])).toMatchObject({
      code: 127,
      err: expect.stringContaining('did you mean members?'),
    });
  });

  it('shows flags and examples of a command with -h', () => {
    const { code, out } = rollcall(['members', '-h']);
    expect(code).toBe(0);
    expect(out).toContain('-detailed');
    expect(out).toContain('$ rollcall members');
  });

  it('prints its version', () => {
    expect(rollcall(['version']).out).toMatch(/^rollcall v\d+\.\d+\.\d+\n/);
    expect(rollcall(['--version']).code).toBe(0);
  });

  it('lists the members as a table; status 2 when none matches', () => {
    const { code, out } = rollcall(['members']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Node {2}Address +Status {2}Type +Build +Protocol {2}DC +Partition {2}Segment\nn1 {4}127\.0\.0\.1:\d+ +alive +server/,
    );
    expect(rollcall(['members', '-status=failed'])).toEqual({ code: 2, out: '', err: '' });
  });

  it('registers a service from flags, lists it and takes it back', () => {
    const registered = rollcall([
      'services',
      'register',
      '-name=web',
      '-port',
      '80',
      '-tag=a',
      '-tag=b',
      '-meta=k=v',
    ]);
    expect(registered).toEqual({ code: 0, out: 'Registered service: web\n', err: '' });
    expect(rollcall(['catalog', 'services', '-tags']).out).toBe('consul\nweb     a,b\n');
    expect(rollcall(['catalog', 'nodes', '-service=web']).out).toMatch(/^Node {2}ID +Address +DC\nn1 /);
    expect(rollcall(['services', 'deregister', '-id=web']).out).toBe('Deregistered service: web\n');
    expect(rollcall(['catalog', 'services']).out).toBe('consul\n');
  });

  it('registers services from files in JSON and HCL', () => {
    const json = write('a.json', {
      service: { name: 'a', check: { ttl: '10s', deregister_critical_service_after: '5m' } },
    });
    const hcl = write('b.hcl', 'service {\n  name = "b"\n  enable_tag_override = true\n}\n');
    expect(rollcall(['services', 'register', json, hcl])).toMatchObject({
      code: 0,
      out: 'Registered service: a\nRegistered service: b\n',
    });
    expect(rollcall(['services', 'deregister', json, hcl]).code).toBe(0);
  });

  it('refuses flags and files together, and neither', () => {
    expect(rollcall(['services', 'register', '-name=x', 'file']).code).toBe(1);
    expect(rollcall(['services', 'register']).err).toBe(
      'Service registration requires at least one argument or flags.\n',
    );
  });

  it('finds its agent by flag before environment', () => {
    const env = { CONSUL_HTTP_ADDR: '127.0.0.1:1', ROLLCALL_HTTP_ADDR: agent.httpUrl };
    expect(rollcall(['catalog', 'datacenters'], env)).toEqual({ code: 0, out: 'dc1\n', err: '' });
    expect(
      rollcall(['catalog', 'datacenters', '-http-addr', agent.httpUrl], { ROLLCALL_HTTP_ADDR: '127.0.0.1:1' })
        .code,
    ).toBe(0);
    expect(rollcall(['catalog', 'datacenters', '-http-addr=127.0.0.1:1'])).toMatchObject({
      code: 1,
      err: 'cannot reach the agent at http://127.0.0.1:1: connection refused; is the agent running?\n',
    });
  });

  it('validates files and says where the mistake is', () => {
    const good = write('good.json', { service: { name: 'x', port: 1 } });
    const bad = write('bad.json', '{\n  "service": {\n    "name": "x",\n    "prt": 1\n  }\n}');
    expect(rollcall(['validate', good])).toEqual({ code: 0, out: 'Configuration is valid!\n', err: '' });
    expect(rollcall(['validate', bad])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${bad}:2: service "x"`),
    });
    expect(rollcall(['validate']).code).toBe(1);
  });
});

describe('rollcall agent', () => {
  it.each([
    [['-dev', '-foo'], 'flag provided but not defined: -foo'],
    [['-dev', '-nod=x'], '(did you mean -node?)'],
    [[], 'data_dir cannot be empty'],
    [['-dev', '-config-file', '/nowhere.json'], '/nowhere.json: cannot be read: no such file or directory'],
    [['-dev', '-http-port=x'], '-http-port: ports.http must be a whole number'],
    [['-dev', 'extra'], 'unexpected argument extra'],
  ])('with %j ends with one clear line and status 1', (args, line) => {
    const { code, err } = rollcall(['agent', ...args]);
    expect(code).toBe(1);
    expect(err).toContain(line);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('names the port that is in use', () => {
    const args = ['agent', '-dev', '-dns-port=-1', `-http-port=${agent.httpPort}`];
    expect(rollcall(args)).toMatchObject({
      code: 1,
      err: `ports.http: 127.0.0.1:${agent.httpPort} is in use by another program; stop it or choose another port with -http-port\n`,
    });
    const dns = ['agent', '-dev', '-http-port=-1', `-dns-port=${agent.dnsPort}`];
    expect(rollcall(dns).err).toContain(`ports.dns: 127.0.0.1:${agent.dnsPort} is in use`);
  });

  it('names file and field of a bad definition', () => {
    const file = write('web.json', { service: { name: 'web', check: { http: 'http://x' } } });
    const { code, err } = rollcall(['agent', '-dev', '-config-file', file]);
    expect(code).toBe(1);
    expect(err).toContain(`${file}:1: service "web"`);
  });

  it('leaves: out of the catalog, then out', async () => {
    const leaving = await startAgent({ config: { performance: { leave_drain_time: '100ms' } } });
    expect(rollcall(['leave'], { CONSUL_HTTP_ADDR: leaving.httpUrl })).toEqual({
      code: 0,
      out: 'Graceful leave complete\n',
      err: '',
    });
    expect(await leaving.stop()).toBe(0);
  });
});
