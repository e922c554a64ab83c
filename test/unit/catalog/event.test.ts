import { describe, expect, test } from 'vitest';
import { type EventRequest, EventRing, indexOfEvents, type UserEvent } from '../../../src/catalog/event.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const AUDIENCE = { node: 'n1', services: [{ name: 'web', tags: ['blue'] }] };

/** `Event.IDToIndex` of Consul's Go client. */
function goIndexOf(id: string): bigint {
  const lower = id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18);
  const upper = id.slice(19, 23) + id.slice(24, 36);
  return BigInt(`0x${lower}`) ^ BigInt(`0x${upper}`);
}

function start() {
  let wakes = 0;
  const ring = new EventRing({ nowMs: () => 0, random: seededRandom(3), wake: () => (wakes += 1) });
  const fire = (name: string, fields: Partial<EventRequest> = {}) =>
    ring.fire(
      { name, payload: new Uint8Array(), nodeFilter: '', serviceFilter: '', tagFilter: '', ...fields },
      AUDIENCE,
    );
  return { ring, fire, wakes: () => wakes, names: () => ring.list('').map(({ name }) => name) };
}

describe('events', () => {
  test('are kept in order, with a time that rises, and wake who waits', () => {
    const { ring, fire, wakes } = start();
    for (const name of ['a', 'b', 'a']) fire(name);
    expect(ring.list('').map(({ name, lamportTime }) => [name, lamportTime])).toEqual([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]);
    expect(ring.list('b')).toHaveLength(1);
    expect(wakes()).toBe(3);
  });

  test('are forgotten beyond the newest 256', () => {
    const { fire, names } = start();
    for (let n = 0; n < 300; n += 1) fire(String(n));
    expect(names()).toHaveLength(256);
    expect(names()[0]).toBe('44');
  });

  test('for others are fired, but not kept here', () => {
    const { fire, names } = start();
    for (const filter of ['n1', '^n.$', '']) fire('mine', { nodeFilter: filter });
    fire('other-node', { nodeFilter: '^x' });
    fire('other-service', { serviceFilter: 'db' });
    fire('other-tag', { serviceFilter: 'web', tagFilter: 'green' });
    fire('mine', { serviceFilter: 'we', tagFilter: '^bl' });
    expect(names()).toEqual(['mine', 'mine', 'mine', 'mine']);
  });

  test('have an index of their own, that is never 0 and differs with each event', () => {
    const { ring, fire } = start();
    expect(indexOfEvents(ring.list(''))).toBe(1);
    const seen = new Set<number>();
    for (let n = 0; n < 50; n += 1) {
      fire('e');
      seen.add(indexOfEvents(ring.list('')));
    }
    expect(seen.size).toBe(50);
    expect([...seen].every((index) => Number.isSafeInteger(index) && index > 1)).toBe(true);
  });

  test('that a Go client has not seen are found by the index that it was told', () => {
    const { ring, fire } = start();
    for (let n = 0; n < 40; n += 1) {
      const { id } = fire(String(n));
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const index = indexOfEvents(ring.list(''));
      fire('later');
      const events = ring.list('');
      const seen = events.findIndex((event) => goIndexOf(event.id) === BigInt(index));
      expect(events.slice(seen + 1).map(({ name }) => name)).toEqual(['later']);
      expect(index).toBeLessThan(2 ** 48);
    }
  });

  test('are refused with a bad filter, a lone tag, or too much to carry', () => {
    const { fire, names } = start();
    expect(() => fire('e', { nodeFilter: '(' })).toThrow(
      'Invalid node filter: error parsing regexp: missing',
    );
    expect(() => fire('e', { serviceFilter: 'x', tagFilter: '(' })).toThrow('Invalid tag filter');
    expect(() => fire('e', { tagFilter: 'x' })).toThrow('Cannot provide tag filter without service filter');
    expect(() => fire('e', { payload: new Uint8Array(420) })).toThrow('limit of 512 bytes after encoding');
    expect(() => fire('e', { payload: new Uint8Array(600) })).toThrow('limit of 512 bytes before encoding');
    expect(() => fire('e', { payload: new Uint8Array(410) })).not.toThrow();
    expect(names()).toEqual(['e']);
  });
});

describe('an event of another agent', () => {
  const told: UserEvent[] = [];
  const from = new EventRing({
    nowMs: () => 0,
    random: seededRandom(5),
    wake: () => {},
    spread: (event) => told.push(event),
  });
  const FIRED: EventRequest = {
    name: 'deploy',
    payload: new Uint8Array(),
    nodeFilter: '',
    serviceFilter: 'web',
    tagFilter: '',
  };

  test('is told as it was fired, also when it is not for the agent that fired it', () => {
    const event = from.fire(FIRED, { node: 'n2', services: [] });
    expect([told, from.list('')]).toEqual([[event], []]);
  });

  test('is kept once, however often it arrives, by those whom it is for, with the time when they learned of it', () => {
    const ring = new EventRing({ nowMs: () => 7_000, random: seededRandom(6), wake: () => {} });
    const [event] = told as [UserEvent];
    for (const audience of [{ node: 'n1', services: [] }, AUDIENCE, AUDIENCE]) ring.receive(event, audience);
    expect(ring.list('deploy')).toEqual([{ ...event, seenMs: 7_000 }]);
  });

  test('moves the time of later ones: they are newer than it', () => {
    const ring = new EventRing({ nowMs: () => 0, random: seededRandom(7), wake: () => {} });
    ring.receive({ ...(told[0] as UserEvent), lamportTime: 41 }, AUDIENCE);
    expect(ring.fire(FIRED, AUDIENCE).lamportTime).toBe(42);
  });
});
