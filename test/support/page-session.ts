/**
 * Runs the `sh` blocks of a documentation page as a reader would type them: in order, in one shell, in a folder
 * that looks like a fresh checkout.
 *
 * What differs from a reader's machine: every port 8xxx and 9xxx is replaced by a free one, in commands, files and
 * expectations alike; `npm ci` is taken as done; a command that starts the agent goes on in the background
 * and returns when the agent answers (the reader has a second terminal), after ending one that still runs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.ts';
import type { Block } from './markdown.ts';
import { readSource, repositoryDir, sourceFiles } from './source-files.ts';

const LIMIT_MS = 100_000;
const DNS_AND_HTTP = ['8500', '8600'] as const;

export interface PageRun {
  /** Output of each block, in order; missing for blocks after the one that failed. */
  readonly outputs: readonly string[];
  readonly succeeded: boolean;
  /** Translate the ports in an expectation as they were translated in the commands. */
  translate(text: string): string;
}

const PORTS = /\b[89]\d{3}\b/g;

async function translator(texts: readonly string[]): Promise<(text: string) => string> {
  const ports = new Map<string, number>();
  for (const port of new Set([...DNS_AND_HTTP, ...texts.flatMap((text) => text.match(PORTS) ?? [])])) {
    ports.set(port, await freePort());
  }
  return (text) => text.replaceAll(PORTS, (port) => String(ports.get(port) ?? port));
}

/** Shell functions that stand for what a reader's shell finds: see the header. */
function prelude(http: string, dns: string): string {
  const { scripts } = JSON.parse(readSource('package.json')) as { scripts: { start: string } };
  const startArgs = scripts.start.replace(/^.*bin\/rollcall\.js agent /, '');
  const launcher = `'${process.execPath}' '${path.join(repositoryDir, 'bin', 'rollcall.js')}'`;
  return `set -eu -o pipefail
export CONSUL_HTTP_ADDR=127.0.0.1:${http}
agent_pid=
stop_agent() { if [ -n "$agent_pid" ]; then kill "$agent_pid"; wait "$agent_pid" || true; agent_pid=; fi; }
start_agent() {
  stop_agent
  ${launcher} agent "$@" -http-port=${http} -dns-port=${dns} >>agent.log 2>&1 &
  agent_pid=$!
  for _ in $(seq 100); do
    if curl -sf -m 1 "http://127.0.0.1:${http}/v1/status/leader" 2>/dev/null | grep -q ':'; then return 0; fi
    sleep 0.1
  done
  cat agent.log; return 1
}
rollcall() { if [ "$1" = agent ]; then shift; start_agent "$@"; else ${launcher} "$@"; fi; }
npx() { shift; rollcall "$@"; }
npm() { case "$1" in ci) ;; start) shift; start_agent ${startArgs} "$@" ;; *) command npm "$@" ;; esac; }
trap stop_agent EXIT
`;
}

/** A folder with what a checkout has that a page may speak about. */
function makeCheckout(translate: (text: string) => string): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-page-'));
  for (const file of sourceFiles('config/*')) {
    fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    fs.writeFileSync(path.join(dir, file), translate(readSource(file)));
  }
  return dir;
}

const SEPARATOR = '::block::';

/** Run the blocks. Rejects only when the shell itself cannot be started. */
export async function runPage(blocks: readonly Block[]): Promise<PageRun> {
  const translate = await translator(blocks.map((block) => block.body));
  const dir = makeCheckout(translate);
  const [http, dns] = DNS_AND_HTTP.map(translate) as [string, string];
  const steps = blocks.map((block) => `echo ${SEPARATOR}\n${translate(block.body)}`);
  const child = spawn('bash', ['-c', prelude(http, dns) + steps.join('')], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  }
  const limit = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS);
  const [status] = (await once(child, 'exit')) as [number | null];
  clearTimeout(limit);
  // What the page left running in the background is in the shell's process group.
  if (child.pid !== undefined) endGroup(child.pid);
  fs.rmSync(dir, { recursive: true, force: true });
  return { outputs: chunks.join('').split(SEPARATOR).slice(1), succeeded: status === 0, translate };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing was left.
  }
}
