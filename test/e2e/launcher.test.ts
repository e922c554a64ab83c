/**
 * bin/rollcall.js in a package of its own whose program only says what it got, run by each Node of this machine:
 * the pinned one, and the system's, which may be too old and then has to hand over.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { repositoryDir } from '../support/source-files.ts';

const PROGRAM = `
import { spawnSync } from 'node:child_process';
const [command = '', status = '0']: string[] = process.argv.slice(2);
process.on('SIGTERM', () => process.exit(41));
process.on('SIGINT', () => process.exit(42));
console.log(command, process.pid, process.version, process.execArgv.join(), process.env['MALLOC_ARENA_MAX'], process.env['MALLOC_MMAP_THRESHOLD_']);
if (command === 'wait') setInterval(() => {}, 1_000);
else if (command === 'nested') {
  process.exit(spawnSync(status, [process.argv[1] ?? '', 'end', '5'], { stdio: 'inherit' }).status ?? 1);
}
else process.exit(Number(status));
`;

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-launcher-'));
const launcher = path.join(dir, 'bin', 'rollcall.js');
fs.cpSync(path.join(repositoryDir, 'bin'), path.join(dir, 'bin'), { recursive: true });
fs.mkdirSync(path.join(dir, 'src', 'cli'), { recursive: true });
fs.writeFileSync(path.join(dir, 'src', 'cli', 'main.ts'), PROGRAM);
fs.writeFileSync(path.join(dir, 'package.json'), '{ "type": "module" }');
fs.mkdirSync(path.join(dir, 'node_modules', '.bin'), { recursive: true });
fs.symlinkSync(process.execPath, path.join(dir, 'node_modules', '.bin', 'node'));
afterAll(() => fs.rmSync(dir, { recursive: true }));

/** Executables called node on the PATH, each once. */
function allNodes(): string[] {
  const found = (process.env['PATH'] ?? '').split(':').map((folder) => path.join(folder, 'node'));
  return [
    ...new Set([process.execPath, ...found].filter(fs.existsSync).map((file) => fs.realpathSync(file))),
  ];
}

interface Waiting {
  readonly child: ChildProcess;
  /** Process id of the program itself, which is not the launcher's where that handed over. */
  readonly programPid: number;
}

async function startWaiting(node: string): Promise<Waiting> {
  const child = spawn(node, [launcher, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, programPid: Number(said.toString().split(' ')[1]) };
}

async function statusAfter(child: ChildProcess, signal: NodeJS.Signals): Promise<number | string | null> {
  child.kill(signal);
  const [code, ending] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? ending;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.each(allNodes())('started by %s', (node) => {
  test('runs the program on a recent Node and ends with its status', () => {
    const result = spawnSync(node, [launcher, 'end', '3'], { encoding: 'utf8' });
    expect(result.stdout).toContain(process.version);
    expect(result.status).toBe(3);
  });

  test('keeps memory small where it starts another Node anyway', () => {
    const { stdout } = spawnSync(node, [launcher, 'end'], { encoding: 'utf8' });
    const isHandedOver = fs.realpathSync(node) !== fs.realpathSync(process.execPath);
    expect(stdout.includes('--max-semi-space-size=8 2 131072\n')).toBe(isHandedOver);
  });

  test.each([
    ['SIGTERM', 41],
    ['SIGINT', 42],
    ['SIGHUP', 'SIGHUP'],
  ] as const)('passes %s on and ends as the program ends', async (signal, ending) => {
    const { child } = await startWaiting(node);
    expect(await statusAfter(child, signal)).toBe(ending);
  });

  test('can be started by the program that it started', () => {
    expect(spawnSync(node, [launcher, 'nested', node]).status).toBe(5);
  });

  test('leaves no program behind when it is killed', async () => {
    const { child, programPid } = await startWaiting(node);
    expect(await statusAfter(child, 'SIGKILL')).toBe('SIGKILL');
    for (let i = 0; i < 100 && isAlive(programPid); i++) await delay(20);
    expect(isAlive(programPid)).toBe(false);
  });
});

test('a folder that holds no program is named', () => {
  const empty = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-launcher-'));
  fs.cpSync(path.join(repositoryDir, 'bin'), path.join(empty, 'bin'), { recursive: true });
  fs.writeFileSync(path.join(empty, 'package.json'), '{ "type": "module" }');
  const result = spawnSync(process.execPath, [path.join(empty, 'bin', 'rollcall.js')], { encoding: 'utf8' });
  fs.rmSync(empty, { recursive: true });
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/^rollcall: neither .*main\.ts nor .*main\.js exists/);
});
