/**
 * The configurations of docs/recipes.md, and commands of other pages, so that tests run what readers copy.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fencedBlocks } from './markdown.ts';
import { repositoryDir } from './source-files.ts';

/** A block of the page by its file name, with texts replaced (ports, mostly); each of them must occur. */
export function recipe(
  name: string,
  replace: Readonly<Record<string, string>> = {},
  page = 'docs/recipes.md',
): string {
  const text = fs.readFileSync(path.join(repositoryDir, page), 'utf8');
  const block = fencedBlocks(text).find(({ markers }) => markers.get('file') === name);
  if (!block) throw new Error(`${page} has no block ${name}`);
  return Object.entries(replace).reduce((whole, [from, to]) => {
    if (!whole.includes(from)) throw new Error(`${name} does not contain ${from}`);
    return whole.replaceAll(from, to);
  }, block.body);
}

export interface RunningProgram {
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

/** Start a program in the foreground; it is killed at the end of the test if it does not end when asked. */
export function startProgram(program: string, args: readonly string[]): RunningProgram {
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      const lastResort = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await ended;
      clearTimeout(lastResort);
    },
  };
}
