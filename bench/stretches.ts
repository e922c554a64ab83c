/**
 * How long attacks hold the main thread in one stretch, in processor time: `node bench/stretches.ts [words of names…]`.
 *
 * bench/attack.ts says what clients notice, which on a machine that others use is mostly what these do. Processor time of a
 * single turn of the event loop is the agent's own doing, whatever else runs. Each attack is made three times on one agent.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startAgent } from '../test/support/start-agent.ts';
import { connectionAttacks } from './attack/connections-attack.ts';
import type { Attack } from './attack/harness.ts';
import { pipelineAttacks } from './attack/pipeline-attack.ts';
import { queryAttacks } from './attack/query-attack.ts';
import { registrationAttacks } from './attack/registration-attack.ts';

const ATTACKS: readonly Attack[] = [
  ...connectionAttacks,
  ...registrationAttacks,
  ...pipelineAttacks,
  ...queryAttacks,
];
const TIMES = 3;
/** What an attack has left is over by then. */
const AFTERWARDS_MS = 2_500;
/** What only the start needed is given back twice by then. */
const SETTLED_MS = 13_000;

const PROBE = new URL('./attack/stretch-probe.ts', import.meta.url).href;

async function run(attack: Attack): Promise<void> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-stretches-'));
  const file = path.join(dataDir, 'stretches');
  const env = { NODE_OPTIONS: `--import ${PROBE} --max-semi-space-size=8`, STRETCHES_FILE: file };
  const config = { ...attack.config, log_level: 'ERR' };
  const agent = await startAgent({ dataDir, config, env, args: ['-bind', '127.0.0.1'] });
  const longest = async (): Promise<string> => {
    process.kill(agent.pid, 'SIGWINCH');
    await delay(500);
    return fs.readFileSync(file, 'utf8');
  };
  try {
    await attack.prepare?.(agent, 1);
    await delay(SETTLED_MS);
    await longest();
    for (let time = 0; time < TIMES; time += 1) {
      const ends: (() => void)[] = [];
      await attack.strike(agent, 1, (end) => void ends.push(end));
      for (const end of ends) end();
      await delay(AFTERWARDS_MS);
      console.log(`| ${attack.name} | ${await longest()} |`);
    }
  } finally {
    await agent.kill();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

const words = process.argv.slice(2);
console.log('| attack | longest stretches, ms of processor time |\n|---|---|');
for (const attack of ATTACKS)
  if (words.length === 0 || words.some((word) => attack.name.includes(word))) await run(attack);
