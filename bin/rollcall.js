#!/usr/bin/env node
// @ts-check
/**
 * Starts rollcall with a Node that can run it, whichever Node the shell found first.
 *
 * A checkout has src/ and runs its TypeScript as it stands; an installed package has only dist/. Where the
 * running Node is too old for both, a Node from node_modules/.bin beside or above this package (the dev
 * dependency `node` puts one there) takes over: same arguments, same standard streams, signals and exit
 * status passed through. This file must stay plain JavaScript that an old Node can parse.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Name lookups wait in a thread each; with the usual four, four slow names would keep all other checks waiting.
process.env['UV_THREADPOOL_SIZE'] ??= '16';

/** What keeps the memory of an agent small (docs/operations.md). A process that has begun cannot take it, its child can. */
const SMALL = {
  flags: ['--max-semi-space-size=8'],
  environment: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' },
};

/** The first version that strips types without a flag; `engines` in package.json says the same. */
const OLDEST = { major: 22, minor: 18 };
const packageDir = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(packageDir, 'src', 'cli', 'main.ts');
const built = path.join(packageDir, 'dist', 'cli', 'main.js');

/** @param {string} version such as `v24.21.0` */
function isRecentEnough(version) {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}

/** The Node that npm installed for this package or for a folder around it, or undefined. */
function findLocalNode() {
  for (let dir = packageDir; ; dir = path.dirname(dir)) {
    const candidate = path.join(dir, 'node_modules', '.bin', 'node');
    if (fs.existsSync(candidate)) return candidate;
    if (dir === path.dirname(dir)) return undefined;
  }
}

/**
 * Run this same file with another Node and end as it ends.
 * @param {string} node path of the executable
 */
function handOver(node) {
  const child = spawn(node, [...SMALL.flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...SMALL.environment, ...process.env, ROLLCALL_HANDED_OVER: '1' },
  });
  // A terminal sends its Ctrl-C to both processes; passing it on as well would make two of one.
  const fromTerminal = process.stdin.isTTY === true;
  process.on('SIGINT', () => fromTerminal || child.kill('SIGINT'));
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The other side of handOver: when the launcher is killed without warning, so is the program that it stands for. */
function dieWithLauncher() {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel.unref();
}

/** @param {string} why one line for the person at the terminal */
function fail(why) {
  process.stderr.write(`rollcall: ${why}\n`);
  process.exit(1);
}

/** Keep compiled code between starts: without it most of the start-up time is parsing. */
function keepCompiledCode() {
  const cacheDir = fs.existsSync(source)
    ? path.join(packageDir, 'node_modules', '.cache', 'rollcall')
    : path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'rollcall');
  module.enableCompileCache(process.env['NODE_COMPILE_CACHE'] || cacheDir);
  // Written at exit otherwise, which a process that is killed never reaches.
  setTimeout(() => module.flushCompileCache(), 2_000).unref();
}

/**
 * What the first process of a container owes to the others: signals for the agent reach it, and processes whose parents have
 * ended (a script check that leaves something in the background) are waited for when they end. Node does only the former,
 * and a shell does both.
 */
const FIRST_PROCESS = `
"$@" <&0 &
child=$!
for signal in HUP INT QUIT TERM USR2; do trap "kill -$signal $child 2>/dev/null" $signal; done
while :; do
  wait $child
  status=$?
  kill -0 $child 2>/dev/null || exit $status
done`;
const SHELL = '/bin/sh';

/** As the first process of its namespace, become a shell that runs this same program; nothing where there is no shell. */
function stepAsideAsFirst() {
  if (process.pid !== 1 || process.execve === undefined || !fs.existsSync(SHELL)) return;
  const self = [
    process.execPath,
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    ...process.argv.slice(2),
  ];
  process.removeAllListeners('warning'); // that execve is new in Node is nobody's concern
  process.execve(SHELL, ['sh', '-c', FIRST_PROCESS, 'rollcall', ...self], process.env);
}

stepAsideAsFirst();
const wasHandedOver = process.env['ROLLCALL_HANDED_OVER'] !== undefined;
// Programs that the program starts (watches, locks, checks) may be launchers again, with nothing handed to them.
delete process.env['ROLLCALL_HANDED_OVER'];

if (isRecentEnough(process.version)) {
  if (wasHandedOver) dieWithLauncher();
  keepCompiledCode();
  const entry = [source, built].find((file) => fs.existsSync(file));
  if (entry === undefined) fail(`neither ${source} nor ${built} exists; is the package complete?`);
  else await import(pathToFileURL(entry).href);
} else {
  const local = wasHandedOver ? undefined : findLocalNode();
  if (local === undefined) {
    const remedy = fs.existsSync(source)
      ? '"npm ci" brings one along'
      : 'install one (https://nodejs.org), or "npm install node@24" beside this package';
    fail(`needs Node ${OLDEST.major}.${OLDEST.minor} or newer, this is ${process.version}; ${remedy}`);
  } else handOver(local);
}
