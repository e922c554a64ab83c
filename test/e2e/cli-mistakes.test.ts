/**
 * Mistakes at the command line: one line that says what is wrong and with what, status 1, and nothing done.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
const execute = promisify(execFile);
let agent: RunningAgent;
let dir = '';

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-mistakes-'));
  agent = await startAgent();
});
afterAll(async () => {
  await agent.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function rollcall(args: readonly string[], more: Record<string, string> = {}): Promise<Result> {
  const env = { ...process.env, CONSUL_HTTP_ADDR: agent.httpUrl, ...more };
  try {
    const { stdout, stderr } = await execute(process.execPath, [LAUNCHER, ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

const write = (name: string, text: string): string => {
  const file = path.join(dir, name);
  fs.writeFileSync(file, text);
  return file;
};

/** A server that sends `answer` to everybody and hangs up. */
async function serverSaying(answer: string): Promise<{ address: string; close(): void }> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return { address: `127.0.0.1:${port}`, close: () => void server.close() };
}

describe('a mistake', () => {
  it.each([
    [['members', '-token-file=/nowhere'], '/nowhere: cannot be read: no such file or directory'],
    [
      ['members', '-http-addr=https://127.0.0.1:1', '-ca-file=/'],
      '/: cannot be read: illegal operation on a directory',
    ],
    [['members', '-http-addr=https://127.0.0.1:1', '-ca-path=/nowhere'], '/nowhere: cannot be read'],
    [['members', '-http-addr=ftp://x'], '-http-addr ftp://x is no address; write HOST:PORT'],
    [['members', '-http-addr=unix:///nowhere.sock'], 'agent at unix:///nowhere.sock: no such socket'],
    [['members', '-token', 'a\nb'], 'the token holds what no token does'],
    [['kv', 'put', 'x', '@/nowhere'], 'Error! Failed to read file: no such file or directory'],
    [['snapshot', 'inspect', '/nowhere'], 'Error opening snapshot file: /nowhere: no such file or directory'],
    [
      ['snapshot', 'save', '/nowhere/x'],
      'Error writing snapshot file: /nowhere/x: no such file or directory',
    ],
    [['services', 'register', '-name=x', '-meta=bad'], 'invalid value "bad" for flag -meta: Missing "="'],
  ])('in %j is told in one line', async (args, text) => {
    const { code, out, err } = await rollcall(args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(text);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    [['leave', 'now'], '(expected 0, got 1): unexpected argument now'],
    [['catalog', 'services', 'x'], '(expected 0, got 1)'],
    [['kv', 'get', 'a', 'b'], 'Too many arguments (expected 1, got 2)'],
    [['kv', 'delete', '-recurse', 'a', 'b'], '(expected 1, got 2)'],
    [['kv', 'export', 'a', '-http-addr=x'], 'flags such as -http-addr=x come before the arguments'],
  ])('of too many arguments in %j does nothing', async (args, text) => {
    expect(await rollcall(args)).toEqual({ code: 1, out: '', err: expect.stringContaining(text) });
    expect((await fetch(`${agent.httpUrl}/health/ready`)).status).toBe(200);
  });

  it('in a definition is told with file, line and key before anything is registered', async () => {
    const file = write('bad.json', '{\n"service": { "name": "bad", "prt": 1 } }');
    const { code, err } = await rollcall(['services', 'register', file]);
    expect({ code, err }).toEqual({
      code: 1,
      err: `${file}:2: service "bad": unknown key "prt"; did you mean "port"?\n`,
    });
    expect((await rollcall(['check', 'test', file])).err).toContain('unknown key "prt"');
  });

  it('shows the commands of a group as an error, and as help when it is asked for', async () => {
    expect(await rollcall(['kv'])).toEqual({ code: 1, out: '', err: expect.stringContaining('kv export') });
    expect(await rollcall(['kv', '-h'])).toEqual({
      code: 0,
      out: expect.stringContaining('kv export'),
      err: '',
    });
  });
});

describe('a program that a command runs', () => {
  it('is read by the shell of the user', async () => {
    expect((await rollcall(['lock', 'own/shell', 'a', 'b'], { SHELL: '/bin/echo' })).out).toBe('-c a b\n');
  });

  it('is named when it cannot be started', async () => {
    const { err } = await rollcall(['lock', '-shell=false', 'own/none', '/nowhere']);
    expect(err).toBe('/nowhere: no such file or directory\nError running handler: exit status 127\n');
  });
});

describe('a registration from a file', () => {
  it('has its templates filled in, and may hold a script', async () => {
    const text = '{ "service": { "name": "tpl", "id": "tpl-{{ env \\"POD\\" }}" } }';
    const file = write('tpl.json', text);
    expect((await rollcall(['services', 'register', file], { POD: 'p1' })).code).toBe(0);
    const services = await (await fetch(`${agent.httpUrl}/v1/agent/services`)).json();
    expect(services).toHaveProperty('tpl-p1');
    const script = '{ "service": { "name": "s", "check": { "args": ["true"], "interval": "10s" } } }';
    expect((await rollcall(['services', 'register', write('s.json', script)])).err).toContain(
      'Scripts are disabled on this agent',
    );
  });
});

describe('an answer', () => {
  it('of another program, or one that breaks off, is no stack trace', async () => {
    const page = await serverSaying('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>');
    expect((await rollcall(['members'], { CONSUL_HTTP_ADDR: page.address })).err).toBe(
      'the answer is not JSON: another program listens at this address\n',
    );
    page.close();
    const broken = await serverSaying('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[');
    expect((await rollcall(['kv', 'export'], { CONSUL_HTTP_ADDR: broken.address })).err).toBe(
      `the agent at http://${broken.address} broke off in the middle of its answer\n`,
    );
    expect((await rollcall(['monitor'], { CONSUL_HTTP_ADDR: broken.address })).err).toContain(
      'Remote side ended the monitor!',
    );
    broken.close();
  });

  it('without a match is told on standard error, so that nobody counts it', async () => {
    expect(await rollcall(['catalog', 'nodes', '-service=none'])).toEqual({
      code: 0,
      out: '',
      err: 'No nodes match the given query - try expanding your search.\n',
    });
  });
});
