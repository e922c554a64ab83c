/**
 * Starts an agent once, on free ports and a folder of its own, and ends it as soon as it answers.
 *
 * `npm ci` runs this last: the compiled code that the start leaves in node_modules/.cache makes the first start that a
 * person waits for as fast as every later one. It is a convenience, so whatever goes wrong here is passed over.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LIMIT_MS = 10_000;
const launcher = fileURLToPath(new URL('../bin/rollcall.js', import.meta.url));

/** @returns {Promise<number>} a port that nothing listens on */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  return port;
}

/** @param {string} url @param {AbortSignal} limit */
async function isAnswered(url, limit) {
  while (!limit.aborted) {
    const answer = await fetch(url, { signal: limit }).catch(() => undefined);
    if (answer?.ok) return;
    await delay(50);
  }
}

const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-first-start-'));
const [http, dns] = [await freePort(), await freePort()];
const flags = ['-server', '-data-dir', dataDir, `-http-port=${http}`, `-dns-port=${dns}`];
const agent = spawn(process.execPath, [launcher, 'agent', ...flags], { stdio: 'ignore' });
const exited = once(agent, 'exit');
await isAnswered(`http://127.0.0.1:${http}/v1/agent/self`, AbortSignal.timeout(LIMIT_MS));
agent.kill('SIGTERM');
await exited;
fs.rmSync(dataDir, { recursive: true, force: true });
