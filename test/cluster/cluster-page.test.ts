/**
 * docs/cluster.md is true: its commands are run in order, in one shell, against real servers on addresses of this test.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fencedBlocks } from '../support/markdown.ts';
import { describeWith } from '../support/needs-program.ts';
import { readSource, repositoryDir } from '../support/source-files.ts';

const LIMIT_MS = 200_000;
const blocks = fencedBlocks(readSource('docs/cluster.md')).filter(({ language }) => language === 'sh');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-cluster-page-'));

/** A program `rollcall` that is this checkout's, first in PATH. */
function installedAs(): string {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  const launcher = path.join(repositoryDir, 'bin', 'rollcall.js');
  const script = `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`;
  fs.writeFileSync(path.join(bin, 'rollcall'), script, { mode: 0o755 });
  return bin;
}

interface Run {
  readonly status: number | null;
  /** Of each block, in order. */
  readonly outputs: readonly string[];
}

async function runAll(): Promise<Run> {
  const subnet = `127.12.${1 + Math.floor(Math.random() * 250)}.`;
  const steps = blocks.map(({ body }) => `echo ::block::\n${body.replaceAll('127.0.0.', subnet)}`);
  const child = spawn('bash', ['-c', `set -eu -o pipefail\n${steps.join('\n')}`], {
    cwd: folder,
    detached: true,
    env: { ...process.env, PATH: `${installedAs()}:${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  const limit = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS);
  const [status] = (await once(child, 'exit')) as [number | null];
  clearTimeout(limit);
  // What the page left running is in the shell's process group, and etcd ends with its agent.
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  return { status, outputs: chunks.join('').split('::block::\n').slice(1) };
}

afterAll(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

describeWith('etcd', 'the page about several servers', () => {
  test('does what it says', async () => {
    const { status, outputs } = await runAll();
    expect([status, outputs.length], outputs.at(-1)).toEqual([0, blocks.length]);
    const [begun, everywhere, broken, handedOver, beside, left, moved] = outputs;
    expect(begun?.match(/ leader /g)).toHaveLength(1);
    expect(begun?.match(/ follower /g)).toHaveLength(2);
    expect(everywhere).toContain('hello\n');
    expect(everywhere).toMatch(/^1 1 8300 \S+\.$/m);
    expect(broken?.match(/still here/g)).toHaveLength(2);
    expect(handedOver).toMatch(/^Success$/m);
    expect(beside).toMatch(/^1 1 80 \S+\.$/m);
    expect(beside).toMatch(/^1 1 81 \S+\.$/m);
    for (const each of [beside, left]) expect(each).toContain('Graceful leave complete');
    expect(moved).toContain('Restored snapshot');
    expect(moved).toMatch(/^yes$/m);
  });
});
