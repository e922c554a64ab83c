import { describe, expect, it } from 'vitest';
import { Ending } from '../../../src/agent/ending.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { AppError } from '../../../src/model/errors.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';

interface Rig {
  readonly ending: Ending;
  readonly clock: ManualClock;
  readonly did: string[];
  /** What taking the node out does from now on. */
  deregister: () => Promise<void>;
}

function rig(): Rig {
  const clock = manualClock();
  const did: string[] = [];
  const made: Omit<Rig, 'ending'> = { clock, did, deregister: async () => void did.push('out') };
  const ending = new Ending({
    local: { stop: async () => void did.push('pause'), resume: async () => void did.push('resume') },
    deregister: () => made.deregister(),
    drainMs: 5_000,
    clock,
    log: silentLogger,
  });
  ending.begin(async () => void did.push('stop'));
  return Object.assign(made, { ending });
}

const fullDisk = (): Promise<void> => Promise.reject(new AppError('store_failed', 'disk is full'));

describe('leaving', () => {
  it('takes the node out, answers for the drain time and stops, however many ask', async () => {
    const { ending, clock, did } = rig();
    await Promise.all([ending.leave(), ending.leave()]);
    expect([did, ending.hasBegun]).toEqual([['pause', 'out'], true]);
    await clock.advanceAndSettle(5_000);
    await ending.ended;
    expect(did).toEqual(['pause', 'out', 'stop']);
  });

  it('that failed is over: the agent is ready again, keeps its rows, and the next one is tried', async () => {
    const agent = rig();
    agent.deregister = fullDisk;
    await expect(agent.ending.leave()).rejects.toThrow('disk is full');
    expect([agent.ending.hasBegun, agent.did]).toEqual([false, ['pause', 'resume']]);
    agent.deregister = async () => void agent.did.push('out');
    await agent.ending.leave();
    expect([agent.ending.hasBegun, agent.did]).toEqual([true, ['pause', 'resume', 'pause', 'out']]);
  });

  it('does not wait for a store that does not answer', async () => {
    const agent = rig();
    agent.deregister = () => new Promise(() => {});
    const left = agent.ending.leave();
    const refused = expect(left).rejects.toThrow('did not take the node out of the catalog in time');
    await agent.clock.advanceAndSettle(15_000);
    await refused;
    expect(agent.ending.hasBegun).toBe(false);
  });
});

describe('a signal to leave', () => {
  it('ends the agent also when the node cannot be taken out', async () => {
    const agent = rig();
    agent.deregister = fullDisk;
    await agent.ending.leaveOrStop();
    await agent.ending.ended;
    expect(agent.did.at(-1)).toBe('stop');
  });
});
