/** Real threads: what counts is that they start, answer, give up and come back. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { ProbeLimits } from '../../../src/checks/check.ts';
import { ProbeThread } from '../../../src/checks/probe-thread.ts';
import { type Logger, silentLogger } from '../../../src/lib/logger.ts';

// Starting a thread takes long on a machine that has much else to do.
vi.setConfig({ testTimeout: 30_000 });

const threads: ProbeThread[] = [];

afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.stop();
});

function startThread(log: Logger = silentLogger, file?: URL, onDied?: () => void): ProbeThread {
  const thread = new ProbeThread(log, onDied, file);
  threads.push(thread);
  return thread;
}

const limits = (signal = new AbortController().signal): ProbeLimits => ({
  timeoutMs: 1_000,
  outputMaxBytes: 4_096,
  signal,
});

/** Whether a process does anything still: one that was killed stays listed until its parent asks for its end. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout !== '' && !stdout.startsWith('Z');
}

const script = (...args: string[]) => ({ kind: 'script', args }) as const;

test('a probe runs on the thread and its result comes back as from the probe itself', async () => {
  const server = http.createServer((_, response) => response.end('fine')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
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
  const { probes } = startThread();
  await expect(probes.http(spec, limits())).resolves.toEqual({
    status: 'passing',
    output: `HTTP GET ${url}: 200 OK Output: fine`,
  });
  server.close();
});

test('runs that are under way together each get their own result', async () => {
  const { probes } = startThread();
  const all = Array.from({ length: 20 }, (_, i) => probes.script(script('echo', `number ${i}`), limits()));
  const outputs = (await Promise.all(all)).map(({ output }) => output.trim());
  expect(outputs).toEqual(Array.from({ length: 20 }, (_, i) => `number ${i}`));
});

test('an aborted run settles at once', async () => {
  const { probes } = startThread();
  const controller = new AbortController();
  const run = probes.script(script('sleep', '60'), limits(controller.signal));
  controller.abort();
  await expect(run).resolves.toMatchObject({ status: 'critical' });
});

test('a signal that was aborted before the run is not missed', async () => {
  const { probes } = startThread();
  const run = probes.script(script('sleep', '60'), limits(AbortSignal.abort()));
  await expect(run).resolves.toMatchObject({ status: 'critical' });
});

/** A thread that dies of `die`, and of `die once` as long as the file is not there. */
function mortal(marker: string): URL {
  const source = `
    import fs from 'node:fs';
    import { parentPort } from 'node:worker_threads';
    const die = () => { throw new Error('out of luck'); };
    const dieOnce = (file) => {
      if (fs.existsSync(file)) return;
      fs.writeFileSync(file, '');
      die();
    };
    parentPort.on('message', (messages) => {
      for (const { kind, id, spec } of messages) {
        if (kind === 'abort') {
          parentPort.postMessage([{ id, result: { status: 'critical', output: 'given up' } }]);
          continue;
        }
        if (spec.args[0] === 'die') die();
        if (spec.args[0] === 'die once') dieOnce(${JSON.stringify(marker)});
        if (spec.args[1] === 'never end') continue;
        parentPort.postMessage([{ id, result: { status: 'passing', output: spec.args[0] } }]);
      }
    });`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

test('a thread that dies is replaced, and what it was at is run once more', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-probe-'));
  const errors: string[] = [];
  const log: Logger = { ...silentLogger, error: (_, message) => void errors.push(message) };
  let deaths = 0;
  const onDied = (): void => {
    deaths += 1;
  };
  const { probes } = startThread(log, mortal(path.join(dir, 'died')), onDied);
  const died = 'the probe thread died; another takes its place';
  await expect(probes.script(script('die once'), limits())).resolves.toMatchObject({ output: 'die once' });
  expect(errors).toEqual([died]);
  await expect(probes.script(script('die'), limits())).rejects.toThrow('the probe thread ended');
  expect(errors).toEqual([died, died, died]);
  expect(deaths).toBe(3);
  await expect(probes.script(script('live'), limits())).resolves.toMatchObject({ output: 'live' });
  fs.rmSync(dir, { recursive: true });
});

test('a run that was given up before its thread died is given up on the next one too', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-probe-'));
  const { probes } = startThread(silentLogger, mortal(path.join(dir, 'died')));
  const controller = new AbortController();
  const run = probes.script(script('die once', 'never end'), limits(controller.signal));
  controller.abort();
  await expect(run).resolves.toMatchObject({ output: 'given up' });
  fs.rmSync(dir, { recursive: true });
});

test('stopping ends programs that still run', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-probe-'));
  const pidFile = path.join(dir, 'pid');
  const thread = new ProbeThread(silentLogger);
  const run = thread.probes.script(script('sh', '-c', `echo $$ > ${pidFile}; exec sleep 60`), limits());
  const failed = expect(run).rejects.toThrow('the probe thread ended');
  const pid = await vi.waitUntil(
    () => fs.existsSync(pidFile) && Number(fs.readFileSync(pidFile, 'utf8')),
    5_000,
  );
  await thread.stop();
  await failed;
  await vi.waitUntil(() => !isRunning(pid), 20_000);
  fs.rmSync(dir, { recursive: true });
});
