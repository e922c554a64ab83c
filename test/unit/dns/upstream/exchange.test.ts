/**
 * Questions to servers that cannot be reached: told as a failure, at once, and nothing is thrown at the event loop.
 */
import { describe, expect, it } from 'vitest';
import { exchange } from '../../../../src/dns/upstream/exchange.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { systemRandom } from '../../../../src/lib/random.ts';
import { queryPacket } from '../../../support/dns-rig.ts';

const PARTS = { clock: systemClock, random: systemRandom, timeoutMs: 5_000 };

/** Connecting to it fails on every machine: to one without IPv6, to one without a route, to a broadcast address. */
const BROADCAST = { address: '255.255.255.255', port: 53 };

describe('a server that cannot be reached', () => {
  it.each(['udp', 'tcp'] as const)(
    'is a failure with the reason of the system, over %s',
    async (transport) => {
      const exchanged = await exchange(queryPacket('example.org', 'A'), transport, BROADCAST, PARTS);
      expect(exchanged).toMatchObject({ kind: 'error', why: expect.stringContaining('connect E') });
    },
  );
});
