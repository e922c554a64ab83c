/**
 * Loaded into an agent by bench/stretches.ts: how much processor time of the main thread each turn of the event loop takes. Told
 * by SIGWINCH, it writes the longest since the last time into the file that STRETCHES_FILE names.
 */
import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** Shorter stretches are not worth a word. */
const LEAST_MS = 1;
const TOLD = 5;

function watch(file: string): void {
  const cpuMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let stretches: number[] = [];
  let last = cpuMs();
  const turn = (): void => {
    const now = cpuMs();
    if (now - last > LEAST_MS) stretches.push(now - last);
    last = now;
    setImmediate(turn).unref();
  };
  turn();
  process.on('SIGWINCH', () => {
    const longest = stretches.sort((a, b) => b - a).slice(0, TOLD);
    stretches = [];
    fs.writeFileSync(`${file}.new`, longest.map((ms) => ms.toFixed(0)).join(' '));
    fs.renameSync(`${file}.new`, file);
  });
}

const file = process.env['STRETCHES_FILE'];
if (isMainThread && file !== undefined && process.argv.includes('agent')) watch(file);
