/** What goes over UDP to addresses that anybody can write into a packet. */
import { describe, expect, it } from 'vitest';
import { isNearby, networkOf } from '../../../src/dns/client-network.ts';
import { RateLimit } from '../../../src/dns/rate-limit.ts';
import type { ServiceId } from '../../../src/model/types.ts';
import { FLAG } from '../../../src/wire/constants.ts';
import { dnsRig, nodeRow, queryPacket, type RigOptions, serviceRow } from '../../support/dns-rig.ts';
import { manualClock } from '../../support/manual-clock.ts';

function rigWithMany(options: RigOptions = {}) {
  const rig = dnsRig(options);
  rig.put(nodeRow('n1', '10.0.0.1'));
  for (let i = 0; i < 300; i += 1) {
    const address = `10.1.${i >> 8}.${i & 255}`;
    rig.put(serviceRow('n1', 'web', { id: `w${i}` as ServiceId, address }));
  }
  return rig;
}

const STRANGERS = [
  '8.8.8.8',
  '172.32.0.1',
  '192.169.0.1',
  '100.128.0.1',
  '2001:db8::1',
  '::ffff:8.8.8.8',
  '',
];
const NEIGHBOURS = [
  '127.0.0.9',
  '10.9.9.9',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.1.1',
  '::1',
  'fd00::1',
];

describe('addresses', () => {
  it('are nearby in loopback, private and link ranges', () => {
    expect(STRANGERS.filter(isNearby)).toEqual([]);
    expect(NEIGHBOURS.filter((address) => !isNearby(address))).toEqual([]);
    expect(isNearby('fe80::1%eth0') && isNearby('::ffff:10.0.0.1')).toBe(true);
  });

  it('belong to one network as a site has it', () => {
    expect(networkOf('8.8.8.8')).toBe(networkOf('8.8.8.200'));
    expect(networkOf('8.8.8.8')).not.toBe(networkOf('8.8.9.8'));
    expect(networkOf('2001:db8:0:12::1')).toBe(networkOf('2001:db8:0:ff::2'));
    expect(networkOf('2001:db8:0:12::1')).not.toBe(networkOf('2001:db8:0:112::1'));
  });
});

describe('the size of a reply', () => {
  it('is what the client offers for neighbours, and 1,232 octets at most for strangers, asked again or not', async () => {
    const rig = rigWithMany();
    for (const type of ['A', 'SRV']) {
      for (const client of [...STRANGERS, ...STRANGERS]) {
        const { bytes } = await rig.ask('web.service.consul', type, { edns: 65_535, client });
        expect(bytes, client).toBeGreaterThan(1_000);
        expect(bytes, client).toBeLessThanOrEqual(1_232);
      }
      for (const client of NEIGHBOURS)
        expect((await rig.ask('web.service.consul', type, { edns: 8_192, client })).bytes).toBeGreaterThan(
          4_000,
        );
      const { bytes } = await rig.ask('web.service.consul', type, { tcp: true, client: '8.8.8.8' });
      expect(bytes).toBeGreaterThan(4_000);
    }
  });

  it('is bounded for replies of recursors too', async () => {
    const large = new Uint8Array(3_000);
    large.set(queryPacket('example.org', 'TXT'));
    large[2] = FLAG.QR >>> 8;
    const upstream = {
      forward: async () => ({ kind: 'reply', reply: large }) as const,
      addressesOf: async () => [],
    };
    const rig = dnsRig({ config: { recursors: [{ address: '192.0.2.1', port: 53 }] }, upstream });
    const ask = (client: string) => rig.ask('example.org', 'TXT', { edns: 4_096, client });
    expect((await ask('10.0.0.9')).bytes).toBe(3_000);
    const { bytes, flags } = await ask('8.8.8.8');
    expect(bytes).toBeLessThan(100);
    expect(flags).toContain('tc');
  });
});

describe('the rate of replies', () => {
  const config = { responseRate: { perSecond: 10, slip: 2 } };

  it('is bounded for one network, and every second refused question is sent to TCP', async () => {
    const rig = rigWithMany({ config });
    const packet = queryPacket('web.service.consul', 'A', { edns: 1_232 });
    const ask = (client: string) => rig.send(packet, { client });
    const replies = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(`8.8.8.${i}`)));
    expect(replies.filter((reply) => (reply?.answer.length ?? 0) > 0)).toHaveLength(10);
    const slips = replies.filter((reply) => reply?.answer.length === 0);
    expect(slips).toHaveLength(10);
    expect(slips[0]).toMatchObject({ flags: 'qr tc rd', question: 'web.service.consul.' });
    expect(slips[0]?.bytes).toBeLessThan(packet.length);
    expect((await ask('9.9.9.9'))?.answer.length).toBeGreaterThan(0);
    expect((await ask('10.0.0.9'))?.answer.length).toBeGreaterThan(0);
    rig.clock.advance(1_000);
    expect((await ask('8.8.8.1'))?.answer.length).toBeGreaterThan(0);
    const limited = rig.metrics.collect().get('dns_rate_limited');
    expect(limited?.values).toEqual([10, 10]);
  });

  it('is not bounded over TCP, nor by default', async () => {
    const rig = rigWithMany({ config });
    for (let i = 0; i < 30; i += 1)
      expect((await rig.ask('web.service.consul', 'A', { tcp: true, client: '8.8.8.8' })).rcode).toBe(
        'NOERROR',
      );
    const open = rigWithMany();
    for (let i = 0; i < 30; i += 1)
      expect((await open.ask('web.service.consul', 'A', { client: '8.8.8.8' })).rcode).toBe('NOERROR');
  });

  it('is remembered for a bounded number of networks, the others begin anew', () => {
    const limit = new RateLimit(manualClock());
    const rule = { perSecond: 1, slip: 0 };
    expect([limit.take('8.8.8.8', rule), limit.take('8.8.8.8', rule)]).toEqual(['reply', 'nothing']);
    for (let i = 0; i < 32_768; i += 1) limit.take(`20.${i >> 8}.${i & 255}.1`, rule);
    expect(limit.take('8.8.8.8', rule)).toBe('reply');
  });
});
