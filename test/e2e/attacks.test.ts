/**
 * The short version of bench/attack.ts: some attacks at a part of their size. What must hold on any machine: the agent is
 * there afterwards, no DNS question is lost, memory stays far below what was asked for.
 */
import { describe, expect, test } from 'vitest';
import { bodiesAttacks } from '../../bench/attack/bodies-attack.ts';
import { type Attack, type Measured, measure } from '../../bench/attack/harness.ts';
import { heapAttacks } from '../../bench/attack/heap-attack.ts';
import { pipelineAttacks } from '../../bench/attack/pipeline-attack.ts';
import { registrationAttacks } from '../../bench/attack/registration-attack.ts';
import { snapshotAttacks } from '../../bench/attack/snapshot-attack.ts';
import { unreadAttacks } from '../../bench/attack/unread-attack.ts';

const ATTACKS: readonly Attack[] = [
  ...bodiesAttacks,
  ...heapAttacks,
  ...pipelineAttacks,
  ...registrationAttacks,
  ...snapshotAttacks,
  ...unreadAttacks,
];

async function run(name: string, size: number): Promise<Measured> {
  const attack = ATTACKS.find((each) => each.name.includes(name));
  if (attack === undefined) throw new Error(`there is no attack ${name}`);
  const struck = await measure(attack, { size, afterMs: 200, dnsThreads: 0 });
  return struck.finish();
}

describe('an attack leaves the agent alive, DNS answering and memory bounded', () => {
  test.each([
    // name, part of its size, what may be held in MiB, what is answered
    ['190 half values of one address', 1, 150, /503/],
    ['8 half snapshot bodies', 0.25, 150, /503/],
    ['150 readers, each with a URL of its own', 0.4, 300, /newcomer waits \d+ ms for 200/],
    ['1,000 pipelined GETs', 0.3, 250, /^200 × 300$/],
    ['4 MB registration of checks', 1, 150, /^413/],
    ['700 MB of one letter', 0.1, 200, /^500 failed to decompress snapshot/],
    ['KV filled with 500 KB values', 0.05, 250, /^200 × 75; read 200, delete 200; starts again$/],
  ] as const)('%s', async (name, size, maxGrowthMiB, answered) => {
    const { own, beforeMiB, peakMiB, afterMiB, answered: told } = await run(name, size);
    expect(told).toMatch(answered);
    expect(own.lost).toBe(0);
    expect(own.asked).toBeGreaterThan(0);
    expect(afterMiB).toBeDefined();
    expect(peakMiB - beforeMiB).toBeLessThan(maxGrowthMiB);
  });
});
