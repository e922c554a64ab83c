/**
 * What the history costs a registration: two agents of this checkout on the same disk, one without a history, asked in
 * turn, by the same load (every registration a write). Prints rate and processor time for each, and their ratios.
 *
 * `node bench/history-cost.ts [ROUNDS]`
 */
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type RunningAgent, startAgent } from '../test/support/start-agent.ts';
import { cpuMs, median } from './process-cost.ts';

const ROUNDS = Number(process.argv[2] ?? 8);
const REGISTRATIONS = 3_000;
const CONNECTIONS = 16;
const INSTANCES = 500;
const OK = Buffer.from('HTTP/1.1 200 ');

let sent = 0;

function request(): string {
  sent += 1;
  const body = JSON.stringify({ ID: `churn-${sent % INSTANCES}`, Name: 'churn', Port: 1 + (sent % 60_000) });
  return `PUT /v1/agent/service/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** One connection that sends the next request when the last one is answered. */
function connection(port: number, share: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = share;
    const socket = net.connect(port, '127.0.0.1', () => socket.write(request()));
    socket.on('error', reject).on('data', (chunk) => {
      if (!chunk.includes(OK)) return reject(new Error(chunk.toString()));
      left -= 1;
      if (left > 0) socket.write(request());
      else socket.end(() => resolve());
    });
  });
}

interface Round {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

async function round(agent: RunningAgent): Promise<Round> {
  const [cpu, startedMs] = [cpuMs(agent.pid), performance.now()];
  const share = Math.floor(REGISTRATIONS / CONNECTIONS);
  await Promise.all(Array.from({ length: CONNECTIONS }, () => connection(agent.httpPort, share)));
  const count = share * CONNECTIONS;
  const elapsedMs = performance.now() - startedMs;
  return {
    perSecond: count / (elapsedMs / 1_000),
    cpuMicroseconds: ((cpuMs(agent.pid) - cpu) * 1_000) / count,
  };
}

async function main(): Promise<void> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-history-'));
  const start = (name: string, config: object): Promise<RunningAgent> =>
    startAgent({ dataDir: path.join(dir, name), config: { log_level: 'error', ...config } });
  const without = await start('without', { history: { max_entries: 0 } });
  const withHistory = await start('with', {});
  const rounds: { readonly off: Round; readonly on: Round }[] = [];
  await round(without);
  await round(withHistory);
  for (let i = 0; i < ROUNDS; i += 1) {
    const isFirst = i % 2 === 0;
    const one = await round(isFirst ? without : withHistory);
    const other = await round(isFirst ? withHistory : without);
    rounds.push(isFirst ? { off: one, on: other } : { off: other, on: one });
  }
  await Promise.all([without.stop(), withHistory.stop()]);
  fs.rmSync(dir, { recursive: true });
  const of = (pick: (each: { off: Round; on: Round }) => number): number => median(rounds.map(pick));
  console.log(
    `without: ${of(({ off }) => off.perSecond).toFixed(0)}/s, ${of(({ off }) => off.cpuMicroseconds).toFixed(0)} us of processor`,
  );
  console.log(
    `with:    ${of(({ on }) => on.perSecond).toFixed(0)}/s, ${of(({ on }) => on.cpuMicroseconds).toFixed(0)} us of processor`,
  );
  const rate = of(({ off, on }) => on.perSecond / off.perSecond);
  const cpu = of(({ off, on }) => on.cpuMicroseconds / off.cpuMicroseconds);
  console.log(`median of ${ROUNDS} pairs: rate ${rate.toFixed(3)}, processor time ${cpu.toFixed(3)}`);
}

await main();
