/** What an agent gives back once it has come to rest. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { settlePart } from '../../../src/agent/settle-part.ts';
import { loadNativeLibrary } from '../../../src/lib/native-library.ts';
import { manualClock } from '../../support/manual-clock.ts';

const MIB = 1024 * 1024;

function makePart(heapBytes: number) {
  const clock = manualClock();
  let times = 0;
  const part = settlePart({
    clock,
    log: { debug: () => {} },
    heapBytes: () => heapBytes,
    giveBack: () => {
      times += 1;
    },
  });
  return { part, clock, times: () => times };
}

test('memory is given back some seconds after the start, and then left alone', async () => {
  const { part, clock, times } = makePart(30 * MIB);
  await part.start();
  expect(times()).toBe(0);
  clock.advance(3_600_000);
  expect(times()).toBe(3);
  expect(clock.pendingCount()).toBe(0);
});

test('a large heap is not collected at once: answers would wait for it', async () => {
  const { part, clock, times } = makePart(65 * MIB);
  await part.start();
  clock.advance(3_600_000);
  expect(times()).toBe(0);
});

test('nothing happens after the end', async () => {
  const { part, clock } = makePart(30 * MIB);
  await part.start();
  await part.stop();
  expect(clock.pendingCount()).toBe(0);
});

const MODULE = path.join(import.meta.dirname, '../../../src/agent/settle-part.ts');

/** A program that holds garbage and has run code of Node's, and tells its resident KiB before and after. */
const PROGRAM = `
import fs from 'node:fs';
import 'node:https';
import { settlePart } from ${JSON.stringify(MODULE)};
const resident = () => Number(/VmRSS:\\s+(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
let garbage = Array.from({ length: 200_000 }, (_, i) => ({ i }));
const before = resident();
garbage = null;
const clock = { monotonic: () => 0, after: (_, settle) => settle() };
await settlePart({ clock, log: { debug() {} } }).start();
const after = resident();
// What was let go is there when it is needed: code, constants, and the heap.
const made = JSON.stringify({ at: new Date(0).toISOString(), sum: [1, 2, 3].reduce((a, b) => a + b) });
console.log(JSON.stringify({ before, after, made, hasGc: typeof globalThis.gc }));
`;

for (const flags of [[], ['--use-largepages=silent']])
  test.runIf(typeof loadNativeLibrary() !== 'string')(
    `a process gives back a third and works as before ${flags.join(' ')}`,
    () => {
      const args = [...flags, '--input-type=module', '-e', PROGRAM];
      const { before, after, made, hasGc } = JSON.parse(
        execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      ) as { before: number; after: number; made: string; hasGc: string };
      expect(made).toBe('{"at":"1970-01-01T00:00:00.000Z","sum":6}');
      expect(hasGc).toBe('undefined');
      if (flags.length === 0) expect(after).toBeLessThan((before * 2) / 3);
    },
    20_000,
  );
