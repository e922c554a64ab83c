import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Handler } from '../../../src/dns/handle.ts';
import { dnsRig, nodeRow, queryPacket, serviceRow } from '../../support/dns-rig.ts';

const CLIENT = { transport: 'udp', address: () => '127.0.0.1' } as const;

/** A handler whose prepared queries take 2 ms each. */
function slowRig() {
  const rig: ReturnType<typeof dnsRig> = dnsRig({
    executeQuery: () => {
      rig.clock.advance(2);
      return undefined;
    },
  });
  rig.put(nodeRow('n1', '10.0.0.1'), serviceRow('n1', 'web', { address: '10.1.0.1' }));
  return rig;
}

function ask(handler: Handler, name: string) {
  return handler.handle(queryPacket(name, 'A'), CLIENT, new Uint8Array(65_535));
}

it('questions never seen before wait for their turn, those whose answers are known do not', async () => {
  const { handler } = slowRig();
  expect(ask(handler, 'web.service.consul')).toBeGreaterThan(0);
  const flood = Array.from({ length: 100 }, (_, i) => ask(handler, `new-${i}.query.consul`));
  expect(flood.filter((handled) => typeof handled === 'number')).toHaveLength(1);
  expect(ask(handler, 'web.service.consul')).toBeGreaterThan(0);
  const late = await Promise.all(flood.map((handled) => Promise.resolve(handled)));
  expect(late.slice(1).every((reply) => reply instanceof Uint8Array && reply.length > 0)).toBe(true);
});

it('the loop turns between those that wait, and they are answered in their order', async () => {
  const { handler, clock } = slowRig();
  const answered: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    const handled = ask(handler, `new-${i}.query.consul`);
    if (typeof handled !== 'number') void handled.then(() => answered.push(i));
  }
  const begunMs = clock.monotonic();
  await turn();
  expect(clock.monotonic() - begunMs).toBeLessThanOrEqual(6);
  expect(answered.length).toBeLessThan(11);
  for (let turns = 0; turns < 12; turns += 1) await turn();
  expect(answered).toEqual(Array.from({ length: 11 }, (_, i) => i + 1));
});

it('more than a bounded number get no answer, and are counted', () => {
  const { handler, metrics } = slowRig();
  const handled = Array.from({ length: 4_100 }, (_, i) => ask(handler, `new-${i}.query.consul`));
  expect(handled.filter((each) => each === 0)).toHaveLength(99);
  const dropped = metrics.collect().get('dns_dropped');
  const slot = dropped?.labelSets.findIndex((labels) => labels.join(' ') === 'udp too_many') ?? -1;
  expect(dropped?.values[slot]).toBe(99);
});
