/**
 * Lives of three simulated servers under faults, thousands of them: `node bench/simulation.ts [FIRST [COUNT]]`; with
 * `clients` before the numbers they have three client agents, and it is those that suffer. A seed that fails prints what was
 * wrong and what was done, and replays exactly. Exit status 1 when one failed.
 */
import { performance } from 'node:perf_hooks';
import { runClientSeed } from '../test/support/simulation/client-life.ts';
import { runSeed } from '../test/support/simulation/run.ts';

const isOfClients = process.argv[2] === 'clients';
const [first = 1, count = first === 1 ? 1_000 : 1] = process.argv.slice(isOfClients ? 3 : 2).map(Number);
const run = isOfClients ? runClientSeed : runSeed;
const startedMs = performance.now();
const sums = { failed: 0, acknowledged: 0, terms: 0, faults: 0 };
for (let seed = first; seed < first + count; seed += 1) {
  const { violations, acknowledged, terms, faults } = await run(seed);
  sums.acknowledged += acknowledged;
  sums.terms += terms;
  sums.faults += faults.length;
  if (violations.length === 0) continue;
  sums.failed += 1;
  console.log(`seed ${seed}\n  ${violations.join('\n  ')}\n  after ${faults.join('\n        ')}`);
}
const seconds = (performance.now() - startedMs) / 1_000;
console.log(
  `${count} lives in ${seconds.toFixed(0)} s: ${sums.faults} faults, ${sums.terms} terms, ${sums.acknowledged} ${isOfClients ? 'requests of programs' : 'writes'} acknowledged, ${sums.failed} lives failed`,
);
process.exitCode = sums.failed === 0 ? 0 : 1;
