import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { scriptProbe } from '../../../../src/checks/kinds/script-probe.ts';
import { runProbe } from '../../../support/run-probe.ts';

const probe = scriptProbe();
const shell = (line: string): { Args: string[] } => ({ Args: ['/bin/sh', '-c', line] });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test.each([
  [0, 'passing'],
  [1, 'warning'],
  [2, 'critical'],
  [127, 'critical'],
])('exit code %i is %s, with both outputs', async (code, status) => {
  const result = await runProbe(probe, shell(`echo out; echo err >&2; exit ${code}`));
  expect(result.status).toBe(status);
  expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out']);
});

test('a program that a signal ends is critical', async () => {
  expect(await runProbe(probe, shell('kill -9 $$'))).toEqual({ status: 'critical', output: '' });
});

test.each([
  [['/no/such/program'], 'fork/exec /no/such/program: no such file or directory'],
  [['nosuchprogram'], 'exec: "nosuchprogram": executable file not found in $PATH'],
  [['/tmp'], 'fork/exec /tmp: permission denied'],
])('%j is critical with the reason', async (Args, output) => {
  expect(await runProbe(probe, { Args })).toEqual({ status: 'critical', output });
});

test('keeps the end of a long output and says how much there was', async () => {
  const { output } = await runProbe(probe, shell('seq 1 5000'), { outputMaxBytes: 10 });
  expect(output).toBe('Captured 10 of 23893 bytes\n...\n4999\n5000\n');
});

test('when the time is up the whole process group is killed', async () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-script-')), 'pids');
  onTestFinished(() => fs.rmSync(path.dirname(file), { recursive: true }));
  const line = `echo started; sleep 100 & echo $$ $! > ${file}; wait`;
  const startedMs = performance.now();
  expect(await runProbe(probe, shell(line), { timeoutMs: 300 })).toEqual({
    status: 'critical',
    output: 'Timed out (300ms) running check\n\nstarted\n',
  });
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  const pids = fs.readFileSync(file, 'utf8').trim().split(' ').map(Number);
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
});

test('a child that outlives the program and holds its output open delays nothing', async () => {
  const startedMs = performance.now();
  const { status, output } = await runProbe(probe, shell('sleep 3 & echo done'));
  expect([status, output]).toEqual(['passing', 'done\n']);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test('a program sees the documented part of the environment and an empty standard input', async () => {
  vi.stubEnv('CONSUL_HTTP_TOKEN', 'secret');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { output } = await runProbe(probe, { Args: ['/usr/bin/env'] });
  const names = output.split('\n').flatMap((line) => line.split('=')[0] || []);
  const documented = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
  expect(names.filter((name) => !documented.includes(name))).toEqual([]);
  expect(names).toContain('PATH');
  expect((await runProbe(probe, { Args: ['/bin/cat'] })).output).toBe('');
});

test('arguments are not read by a shell', async () => {
  const { output } = await runProbe(probe, { Args: ['/bin/echo', '$HOME; exit 2', '`id`'] });
  expect(output).toBe('$HOME; exit 2 `id`\n');
});
