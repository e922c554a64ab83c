/**
 * How the process of an agent ends: after signals, and when it cannot start.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
let dataDir = '';

beforeEach(() => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-data-'));
});
afterEach(() => {
  fs.rmSync(dataDir, { recursive: true, force: true });
});

/** An agent that needs a second to end after SIGTERM, because it leaves. */
function startSlowToEnd(): Promise<RunningAgent> {
  return startAgent({
    dataDir,
    config: { leave_on_terminate: true, performance: { leave_drain_time: '1s' } },
  });
}

describe('signals', () => {
  it('counts a signal that comes twice at once, as Ctrl-C under npm does, as one', async () => {
    const agent = await startSlowToEnd();
    const ended = agent.stop('SIGTERM');
    await delay(50);
    process.kill(agent.pid, 'SIGTERM');
    expect(await ended).toBe(0);
    expect(agent.output()).toContain('ended');
  });

  it('ends at once on a second signal that somebody meant', async () => {
    const agent = await startSlowToEnd();
    const ended = agent.stop('SIGTERM');
    await delay(700);
    process.kill(agent.pid, 'SIGTERM');
    expect(await ended).toBe(1);
  });
});

/** Whether a process takes SIGHUP itself, from the mask that Linux shows of it. */
function takesHangup(pid: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & 1n) === 1n;
}

describe('a hangup before the agent is ready', () => {
  it('does not end it', async () => {
    const configFile = path.join(dataDir, 'late.json');
    spawnSync('mkfifo', [configFile]);
    const args = [LAUNCHER, 'agent', '-dev', '-http-port=0', '-dns-port=-1', `-config-file=${configFile}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
    });
    await vi.waitUntil(() => takesHangup(child.pid ?? 0), 5_000);
    child.kill('SIGHUP');
    // The agent waits for the other end of its configuration until now.
    const written = fs.promises.writeFile(configFile, '{"node_name": "patient"}');
    await vi.waitUntil(() => text.includes('patient'), 5_000);
    await written;
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('a service manager that waits for the agent', () => {
  it('and cannot be told is in the log', async () => {
    const args = [LAUNCHER, 'agent', '-dev', '-http-port=0', '-dns-port=0'];
    const env = { ...process.env, NOTIFY_SOCKET: path.join(dataDir, 'none') };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
    });
    for (let tries = 0; tries < 200 && !text.includes('was not told'); tries += 1) await delay(25);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(text).toContain('systemd was not told that the agent is ready');
  });
});

/** False: there is no room. */
function tryToWrite(fd: number): boolean {
  try {
    return fs.writeSync(fd, 'x'.repeat(100)) > 0;
  } catch {
    return false;
  }
}

describe('a stranger who does not cooperate', () => {
  /** How long the agent takes to end while `hold` holds it; `hold` gives what lets go. */
  async function endingMs(hold: (agent: RunningAgent) => Promise<() => void>): Promise<number> {
    const agent = await startAgent({ config: { enable_script_checks: true } });
    const release = await hold(agent);
    const begunMs = performance.now();
    const status = await agent.stop('SIGTERM');
    release();
    expect(status).toBe(0);
    return performance.now() - begunMs;
  }
  const connected = async (agent: RunningAgent, text: string): Promise<net.Socket> => {
    const socket = net.connect(agent.httpPort, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.write(text);
    await delay(200);
    return socket;
  };

  it.each([
    ['reads the log', 'GET /v1/agent/monitor HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['has sent half a body', 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf'],
    ['has sent half a request line', 'GET /v1/ag'],
  ])('and %s does not keep the agent from ending', async (_name, text) => {
    const ms = await endingMs(async (agent) => {
      const socket = await connected(agent, text);
      return () => socket.destroy();
    });
    expect(ms).toBeLessThan(9_000);
  });

  it('as a check that catches all signals does not keep the agent from ending', async () => {
    const ms = await endingMs(async (agent) => {
      const Args = ['sh', '-c', 'trap "" TERM INT HUP; while true; do sleep 1; done'];
      const body = JSON.stringify({ Name: 'stuck', Args, Interval: '1h', Timeout: '1h' });
      await fetch(`${agent.httpUrl}/v1/agent/check/register`, { method: 'PUT', body });
      await delay(500);
      return () => {};
    });
    expect(ms).toBeLessThan(9_000);
  });
});

describe('a log that nobody reads', () => {
  it('and that is full does not keep the agent from ending well', async () => {
    const pipe = path.join(dataDir, 'pipe');
    spawnSync('mkfifo', [pipe]);
    const reader = fs.openSync(pipe, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    for (let isFull = false; !isFull; ) isFull = !tryToWrite(reader);
    const writer = fs.openSync(pipe, 'w');
    const args = [LAUNCHER, 'agent', '-dev', '-http-port=0', '-dns-port=-1'];
    const agent = spawn(process.execPath, args, { stdio: ['ignore', writer, 'inherit'] });
    const ended = once(agent, 'exit');
    await vi.waitUntil(() => takesHangup(agent.pid ?? 0), 5_000);
    await delay(1_000);
    agent.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    for (const fd of [reader, writer]) fs.closeSync(fd);
  });

  it('does not keep the agent from ending', async () => {
    const args = [LAUNCHER, 'agent', '-dev', '-http-port=0', '-dns-port=0'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.stderr.destroy();
    await delay(300);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('and a disk that is full for it, end nothing', async () => {
    const full = fs.openSync('/dev/full', 'w');
    const args = [LAUNCHER, 'agent', '-dev', '-http-port=0', '-dns-port=0'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', full, 'ignore'] });
    const ended = once(child, 'exit');
    await delay(1_500);
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    fs.closeSync(full);
  });
});

describeWith('python3', 'a terminal that is stopped', () => {
  it('does not keep the agent from ending', () => {
    const script = `
import os, pty, signal, subprocess, sys, time
master, terminal = pty.openpty()
agent = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.DEVNULL)
time.sleep(1.5)
os.set_blocking(terminal, False)
try:
    while True: os.write(terminal, b"x" * 100)
except BlockingIOError: pass
agent.send_signal(signal.SIGTERM)
try: print(agent.wait(6))
except subprocess.TimeoutExpired:
    agent.kill()
    print("held")
`;
    const args = ['-c', script, process.execPath, LAUNCHER, 'agent', '-dev', '-http-port=0', '-dns-port=-1'];
    expect(spawnSync('python3', args, { encoding: 'utf8' }).stdout.trim()).toBe('0');
  });
});

describe('a data directory that cannot be used ends the process, with one line that says why', () => {
  it('because another agent has it', async () => {
    const first = await startAgent({ dataDir });
    try {
      await expect(startAgent({ dataDir })).rejects.toThrow(
        /the agent ended at once: .*in use by another process/s,
      );
    } finally {
      await first.stop();
    }
  }, 60_000);

  it('because its database was written by a newer version', async () => {
    const newer = new Database(path.join(dataDir, 'rollcall.db'));
    newer.pragma('user_version = 999');
    newer.close();
    await expect(startAgent({ dataDir })).rejects.toThrow(/the agent ended at once: .*a newer rollcall/s);
  });
});
