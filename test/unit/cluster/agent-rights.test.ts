/**
 * What a client agent without any right can have a server remember for it, and work.
 */
import { beforeEach, expect, it } from 'vitest';
import { FollowRights } from '../../../src/cluster/agent-rights.ts';
import { SubscriptionsOfAgents } from '../../../src/cluster/subscriptions-of-agents.ts';
import { startCatalog } from '../../support/catalog.ts';

/** What the agent is sent, and how often its rights were looked at. */
let sent: unknown[];
let looks: number;
let follows: FollowRights;

const names = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, i) => `service:${prefix}${i}`);

beforeEach(async () => {
  const { state } = await startCatalog();
  const turns = { add: (work: { step: () => unknown }): void => void work.step() };
  const subscriptions = new SubscriptionsOfAgents({ view: state.view, indexOf: () => 1, turns });
  [sent, looks] = [[], 0];
  // The agent reads nothing: there is never room for a second message.
  const stream = subscriptions.stream((message) => new Promise(() => void sent.push(message)));
  const rights = {
    faultOfMember: () => 'no right',
    refusedAsker: () => 'nobody',
    maySeeAll: () => {
      looks += 1;
      return false;
    },
  };
  follows = new FollowRights({ stream, rights, node: 'c1' });
});

it('is refused what nobody can follow before its rights are looked at', () => {
  for (const odd of ['kv:a', `service:${'a'.repeat(600)}`])
    expect(() => follows.follow([odd], '')).toThrow('cannot be followed');
  expect(() => follows.follow(names(8_193, 'a'), '')).toThrow('8192 names at once');
  expect([looks, sent]).toEqual([0, []]);
});

it('is looked at once for a name that it repeats', () => {
  follows.follow(
    Array.from({ length: 10_000 }, () => 'service:web'),
    '',
  );
  expect([looks, sent]).toEqual([1, [{ kind: 'closed', topics: ['service:web'] }]]);
});

it('asks for no more names once 8192 refusals wait for it to read them', () => {
  follows.follow(['service:first'], '');
  follows.follow(names(8_000, 'a'), '');
  follows.follow(names(8_000, 'a'), '');
  expect(() => follows.follow(names(8_000, 'b'), '')).toThrow('8192 names at once');
  expect(looks).toBe(16_001);
});
