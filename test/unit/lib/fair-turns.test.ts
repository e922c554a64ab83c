import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/lib/fair-turns.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** Work of `count` steps that each take `stepMs`; says in `done` whose step it was. */
function worker(name: string, count: number, context: { done: string[]; spend: () => void }) {
  let left = count;
  return {
    step: () => {
      if (left === 0) return false;
      left -= 1;
      context.spend();
      context.done.push(name);
      return true;
    },
  };
}

describe('turns', () => {
  it('end after a few milliseconds, whatever is left', async () => {
    const clock = manualClock();
    const done: string[] = [];
    const turns = new Turns(clock);
    turns.add(worker('a', 5, { done, spend: () => clock.advance(3) }));
    await turn();
    expect(done).toHaveLength(2);
    await turn();
    expect(done).toHaveLength(4);
    await turn();
    expect(done).toHaveLength(5);
  });

  it('go on with the one whose turn it is', async () => {
    const clock = manualClock();
    const done: string[] = [];
    const turns = new Turns(clock);
    const spend = () => clock.advance(10);
    turns.add(worker('a', 3, { done, spend }));
    turns.add(worker('b', 2, { done, spend }));
    for (let turnsLeft = 0; turnsLeft < 6; turnsLeft += 1) await turn();
    expect(done).toEqual(['a', 'b', 'a', 'b', 'a']);
  });

  it('let one with much to do step aside for the others', async () => {
    const done: string[] = [];
    const turns = new Turns(manualClock());
    turns.add(worker('a', 40, { done, spend: () => {} }));
    turns.add(worker('b', 1, { done, spend: () => {} }));
    await turn();
    expect(done.indexOf('b')).toBe(16);
    expect(done).toHaveLength(41);
  });
});
