/**
 * Plays what a driver like memory or SQLite does not have: other processes that write into the same store, and a network
 * that loses what is sent. Followers are told of every write, as a store that several machines share does.
 */
import type { Follower, Persistence, Write } from '../../src/catalog/persistence.ts';
import { AppError } from '../../src/model/errors.ts';
import type { ModifyIndex } from '../../src/model/types.ts';

/** What the network does to the next commit. */
export type Fate = 'request lost' | 'reply lost' | 'rejected promise';

export interface SharedStore extends Persistence {
  /** Another process writes on top of the newest index. */
  elsewhere(write: Write): Promise<ModifyIndex>;
  /** Do this to the next commit. */
  doom(fate: Fate): void;
  /** Questions for an outcome that are not answered from now on: so many. */
  cutOff(questions: number): void;
  /** Hold commits back until the returned function is called. */
  hold(): () => void;
  /** Tell followers no more of writes; `reset` tells them of everything at once. */
  disconnect(): void;
  reset(): Promise<void>;
  /** How often followers are told of each write of their own. */
  echoes: number;
}

const noReply = (): AppError => new AppError('store_failed', 'no reply within 3 s (simulated)');

export function sharedStore(driver: Persistence): SharedStore {
  const followers = new Set<Follower>();
  let newest = 0;
  let fate: Fate | undefined;
  let unanswered = 0;
  let held: Promise<void> = Promise.resolve();
  let isConnected = true;

  function tell(batch: readonly Write[], after: ModifyIndex, times: number): void {
    newest = after + batch.length;
    for (let time = 0; isConnected && time < times; time += 1)
      for (const [i, changes] of batch.entries())
        for (const follower of followers) follower.onWrite({ index: after + 1 + i, changes });
  }

  const shared: SharedStore = {
    ...driver,
    echoes: 1,
    load: async () => {
      const stored = await driver.load();
      newest = stored.index;
      return stored;
    },
    commit: async (batch, after) => {
      const end = fate;
      fate = undefined;
      await held;
      if (end === 'request lost') return { outcome: 'unknown', reason: noReply() };
      const outcome = await driver.commit(batch, after);
      if (outcome.outcome === 'done') tell(batch, after, end === undefined ? shared.echoes : 0);
      if (end === 'rejected promise') throw noReply();
      return end === 'reply lost' ? { outcome: 'unknown', reason: noReply() } : outcome;
    },
    outcomeOf: async (batch, after) => {
      if (unanswered === 0) return driver.outcomeOf(batch, after);
      unanswered -= 1;
      return { outcome: 'unknown', reason: noReply() };
    },
    follow: (_from, follower) => {
      followers.add(follower);
      return () => void followers.delete(follower);
    },
    elsewhere: async (write) => {
      await driver.commit([write], newest);
      tell([write], newest, 1);
      return newest;
    },
    doom: (next) => {
      fate = next;
    },
    cutOff: (questions) => {
      unanswered = questions;
    },
    hold: () => {
      let release = (): void => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    disconnect: () => {
      isConnected = false;
    },
    reset: async () => {
      isConnected = true;
      const stored = await driver.load();
      for (const follower of followers) follower.onReset(stored);
    },
  };
  return shared;
}
