import { describe, expect, it } from 'vitest';
import { readCookie } from '../../../src/dns/cookies.ts';
import type { ServiceId } from '../../../src/model/types.ts';
import { type Asked, dnsRig, nodeRow, queryPacket, serviceRow } from '../../support/dns-rig.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const OWN = '0102030405060708';
const STRANGER = '8.8.8.8';
const SECRET = Buffer.alloc(32, 9);

function rig(config: object = {}) {
  const made = dnsRig({ config: { cookieSecret: SECRET, ...config } });
  made.put(nodeRow('n1', '10.0.0.1'));
  for (let i = 0; i < 300; i += 1)
    made.put(serviceRow('n1', 'web', { id: `w${i}` as ServiceId, address: `10.1.${i >> 8}.${i & 255}` }));
  return made;
}

const optionOf = (hex: string): Uint8Array => {
  const data = Buffer.from(hex, 'hex');
  return Buffer.concat([Buffer.from([0, 10, 0, data.length]), data]);
};

/** The cookie of a reply, hex; '' for none. */
function cookieIn({ edns }: Asked): string {
  const options = Buffer.from(edns?.options ?? []);
  for (let at = 0; at < options.length; at += 4 + options.readUInt16BE(at + 2))
    if (options.readUInt16BE(at) === 10)
      return options.subarray(at + 4, at + 4 + options.readUInt16BE(at + 2)).toString('hex');
  return '';
}

const asking = (cookie: string, client = STRANGER) => ({ edns: 8_192, options: optionOf(cookie), client });

describe('a cookie', () => {
  it('is given to who brings half of one, in answers of every kind, and only where it is switched on', async () => {
    const on = rig();
    for (const name of [
      'web.service.consul',
      'web.service.consul',
      'none.service.consul',
      'consul',
      'example.org',
    ]) {
      const cookie = cookieIn(await on.ask(name, 'A', asking(OWN)));
      expect(cookie, name).toMatch(name === 'example.org' ? /^$/ : new RegExp(`^${OWN}[0-9a-f]{32}$`));
    }
    expect(cookieIn(await on.ask('web.service.consul', 'A', { edns: 4_096, client: STRANGER }))).toBe('');
    const off = rig({ cookieSecret: null });
    expect(cookieIn(await off.ask('web.service.consul', 'A', asking(OWN)))).toBe('');
    const tcp = { ...asking(OWN), tcp: true };
    expect(cookieIn(await on.ask('web.service.consul', 'A', tcp))).toBe('');
  });

  it('that comes back from the same address takes the limit of size away', async () => {
    const on = rig();
    const first = await on.ask('web.service.consul', 'A', asking(OWN));
    expect(first.bytes).toBeLessThanOrEqual(1_232);
    const cookie = cookieIn(first);
    expect((await on.ask('web.service.consul', 'A', asking(cookie))).bytes).toBeGreaterThan(4_000);
    expect((await on.ask('web.service.consul', 'A', asking(cookie, '8.8.4.4'))).bytes).toBeLessThanOrEqual(
      1_232,
    );
    const other = `ff${cookie.slice(2)}`;
    expect((await on.ask('web.service.consul', 'A', asking(other))).bytes).toBeLessThanOrEqual(1_232);
  });

  it('that comes back takes the limit of rate away, and no other does', async () => {
    const on = rig({ responseRate: { perSecond: 2, slip: 0 } });
    const question = (cookie: string) =>
      on.send(queryPacket('n1.node.consul', 'A', asking(cookie)), asking(cookie));
    const cookie = cookieIn((await question(OWN)) as Asked);
    for (let i = 0; i < 20; i += 1) expect(await question(cookie)).toBeDefined();
    const replies = await Promise.all(Array.from({ length: 20 }, () => question(OWN)));
    expect(replies.filter((reply) => reply !== undefined).length).toBeLessThan(3);
  });

  it('is worth something for an hour, over a wrap of the clock too, and nothing from the future', async () => {
    const on = rig();
    const isProven = async (cookie: string) =>
      (await on.ask('web.service.consul', 'A', asking(cookie))).bytes > 4_000;
    on.clock.jumpWallTime(2 ** 32 * 1_000 - on.clock.now() - 60_000);
    const cookie = cookieIn(await on.ask('web.service.consul', 'A', asking(OWN)));
    on.clock.jumpWallTime(3_590_000);
    expect(await isProven(cookie)).toBe(true);
    on.clock.jumpWallTime(20_000);
    expect(await isProven(cookie)).toBe(false);
    const young = cookieIn(await on.ask('web.service.consul', 'A', asking(OWN)));
    on.clock.jumpWallTime(-301_000);
    expect(await isProven(young)).toBe(false);
  });

  it.each(['', '01020304050607', `${OWN}01`, `${OWN}${'00'.repeat(33)}`])(
    'of a length that none has is a malformed question: %s',
    async (cookie) => {
      const on = rig();
      const reply = await on.ask('n1.node.consul', 'A', asking(cookie));
      expect([reply.rcode, reply.answer]).toEqual(['FORMERR', []]);
    },
  );

  it('of another server is answered as half of one', async () => {
    const reply = await rig().ask('n1.node.consul', 'A', asking(`${OWN}${'ab'.repeat(8)}`));
    expect(cookieIn(reply)).toMatch(new RegExp(`^${OWN}`));
    expect(reply.answer).toHaveLength(1);
  });

  it('is looked for in any octets without harm', () => {
    const random = seededRandom(5);
    const whole = queryPacket('n1.node.consul', 'A', asking(OWN));
    for (let i = 0; i < 5_000; i += 1) {
      const packet = Uint8Array.from(whole);
      packet[12 + (i % (packet.length - 12))] = random.below(256);
      readCookie(packet.subarray(0, 12 + random.below(packet.length - 11)));
    }
  });
});
