/**
 * Attacks from outside, one after the other, each against an agent of its own: how long DNS stalls, how much memory the
 * agent takes, and how much it gives back.
 *
 *     node bench/attack.ts [words of names…] [after=seconds] [threads=number] [size=share]
 *
 * Words select attacks whose names hold one of them; `after` is the wait before memory is read again (60), in which the next
 * attacks are made. "Stall" is the slowest of the DNS answers that another process asks for every 10 ms; the idle agent beside
 * it shows what of that is the machine's doing, for attacker, agents and asker share its cores.
 */
import { bodiesAttacks } from './attack/bodies-attack.ts';
import { connectionAttacks } from './attack/connections-attack.ts';
import { type Attack, type Measured, measure, type Struck } from './attack/harness.ts';
import { heapAttacks } from './attack/heap-attack.ts';
import { pipelineAttacks } from './attack/pipeline-attack.ts';
import { queryAttacks } from './attack/query-attack.ts';
import { registrationAttacks } from './attack/registration-attack.ts';
import { snapshotAttacks } from './attack/snapshot-attack.ts';
import { templateAttacks } from './attack/template-attack.ts';
import { unreadAttacks } from './attack/unread-attack.ts';

const ATTACKS: readonly Attack[] = [
  ...queryAttacks,
  ...registrationAttacks,
  ...pipelineAttacks,
  ...templateAttacks,
  ...connectionAttacks,
  ...snapshotAttacks,
  ...bodiesAttacks,
  ...unreadAttacks,
  ...heapAttacks,
];

const words = process.argv.slice(2).filter((argument) => !argument.includes('='));

function option(name: string, otherwise: number): number {
  const given = process.argv.find((argument) => argument.startsWith(`${name}=`));
  return given === undefined ? otherwise : Number(given.slice(name.length + 1));
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

function row({ name, own, idle, calm, beforeMiB, peakMiB, afterMiB, answered }: Measured): string {
  const memory = `${beforeMiB} → ${peakMiB} → ${afterMiB ?? 'gone'}`;
  const stall = `${ms(own.worstMs)} (${ms(idle.worstMs)})`;
  const p99 = `${ms(own.p99Ms)} (${ms(idle.p99Ms)}; ${ms(calm.p99Ms)})`;
  return `| ${name} | ${stall} | ${p99} | ${own.lost} | ${memory} | ${answered} |`;
}

const settings = {
  size: option('size', 1),
  afterMs: option('after', 60) * 1_000,
  dnsThreads: option('threads', 0),
};
console.log(
  '| attack | stall (idle agent) | p99 (idle agent; calm) | lost | RSS MiB: before → peak → after | answered |',
);
console.log('|---|---|---|---|---|---|');

const struck: Struck[] = [];

/** In the order in which they struck, so that a row is printed as soon as its agent was left alone for long enough. */
async function finish(isReady: (each: Struck) => boolean): Promise<void> {
  for (let first = struck[0]; first !== undefined && isReady(first); first = struck[0]) {
    struck.shift();
    console.log(row(await first.finish()));
  }
}

for (const attack of ATTACKS) {
  if (words.length > 0 && !words.some((word) => attack.name.includes(word))) continue;
  struck.push(await measure(attack, settings));
  await finish(({ isDue }) => attack.restarts === true || isDue());
}
await finish(() => true);
