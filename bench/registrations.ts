/**
 * 1,000 registrations over 16 connections into SQLite, then kill -9: how many a second are acknowledged, and are all
 * of them there after a restart?
 *
 * The floor in the same run is the disk alone: one 4 KiB append and fsync after the other, in this process. Group
 * commit lets one fsync serve many registrations, so a ratio above 1 is what it is for.
 */
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { startAgent } from '../test/support/start-agent.ts';

const REGISTRATIONS = 1_000;
const CONNECTIONS = 16;
const ROUNDS = 5;

function put(agent: http.Agent, url: string, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'PUT', agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject).end(JSON.stringify(body));
  });
}

/** Registrations acknowledged per second. */
async function register(httpUrl: string, round: number): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let next = 0;
  const startedMs = performance.now();
  const connection = async (): Promise<void> => {
    while (next < REGISTRATIONS) {
      const id = `r${round}-${next++}`;
      const status = await put(agent, `${httpUrl}/v1/agent/service/register`, {
        ID: id,
        Name: 'load',
        Port: 80,
      });
      if (status !== 200) throw new Error(`${id} was answered with ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
  return REGISTRATIONS / ((performance.now() - startedMs) / 1_000);
}

/** Appends with fsync per second on the same disk. */
function fsyncsPerSecond(dir: string): number {
  const file = fs.openSync(path.join(dir, 'floor'), 'w');
  const page = Buffer.alloc(4_096, 1);
  const count = 200;
  const startedMs = performance.now();
  for (let i = 0; i < count; i += 1) {
    fs.writeSync(file, page);
    fs.fsyncSync(file);
  }
  fs.closeSync(file);
  return count / ((performance.now() - startedMs) / 1_000);
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

async function main(): Promise<void> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-registrations-'));
  const dataDir = path.join(dir, 'data');
  const agent = await startAgent({ dataDir });
  const rates: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    floors.push(fsyncsPerSecond(dir));
    rates.push(await register(agent.httpUrl, round));
  }
  await agent.kill();
  const again = await startAgent({ dataDir });
  const response = await fetch(`${again.httpUrl}/v1/catalog/service/load`);
  const found = ((await response.json()) as unknown[]).length;
  await again.stop();
  fs.rmSync(dir, { recursive: true });
  const [rate, floor] = [median(rates), median(floors)];
  console.log(`node ${process.version}, ${os.cpus()[0]?.model}, ${os.cpus().length} cores`);
  console.log(
    `registrations acknowledged: ${rate.toFixed(0)}/s (median of ${ROUNDS} rounds of ${REGISTRATIONS})`,
  );
  console.log(`floor, append + fsync:      ${floor.toFixed(0)}/s; ratio ${(rate / floor).toFixed(2)}`);
  console.log(
    `after kill -9 and restart:  ${found} of ${REGISTRATIONS * ROUNDS}, warm after ${again.readyAfterMs.toFixed(0)} ms`,
  );
  if (found !== REGISTRATIONS * ROUNDS) process.exitCode = 1;
}

await main();
