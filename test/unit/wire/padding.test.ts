import { describe, expect, it } from 'vitest';
import { padReply } from '../../../src/wire/padding.ts';
import { freshSeconds, recordsOf } from '../../../src/wire/record-walk.ts';
import { decoded, dnsRig, nodeRow, queryPacket } from '../../support/dns-rig.ts';
import { seededRandom } from '../../support/seeded-random.ts';

async function replyTo(name: string, edns?: number, config = {}): Promise<Uint8Array> {
  const rig = dnsRig({ config });
  rig.put(nodeRow('n1', '10.0.0.1'));
  return (await rig.ask(name, 'A', edns === undefined ? {} : { edns })).raw;
}

describe('a reply over an encrypted connection', () => {
  it('is as long as a multiple of 468 octets, and says what it said', async () => {
    for (const name of ['n1.node.consul', 'none.node.consul', 'consul']) {
      const reply = await replyTo(name, 4_096);
      const padded = padReply(reply);
      expect(padded.length % 468).toBe(0);
      expect(decoded(padded).answer).toEqual(decoded(reply).answer);
      expect(decoded(padded).rcode).toBe(decoded(reply).rcode);
      expect([...(decoded(padded).edns?.options ?? [])].slice(-20).every((octet) => octet === 0)).toBe(true);
    }
  });

  it('stays as it is for who does not speak EDNS', async () => {
    const reply = await replyTo('n1.node.consul');
    expect(padReply(reply)).toBe(reply);
  });

  it('is left alone when it is no message', () => {
    const random = seededRandom(3);
    for (let i = 0; i < 2_000; i += 1) {
      const octets = random.bytes(1 + (i % 80));
      expect(padReply(octets).length).toBeGreaterThanOrEqual(octets.length);
      expect([...recordsOf(octets)].every(({ end }) => end <= octets.length)).toBe(true);
    }
  });
});

describe('how long a reply is true', () => {
  it('is the smallest TTL of its answers', async () => {
    const config = { nodeTtlSeconds: 30 };
    expect(freshSeconds(await replyTo('n1.node.consul', 4_096, config))).toBe(30);
  });

  it('is what the SOA record of an empty one says', async () => {
    const soa = { refreshSeconds: 1, retrySeconds: 2, expireSeconds: 3, minTtlSeconds: 7 };
    expect(freshSeconds(await replyTo('none.node.consul', 4_096, { soa }))).toBe(7);
  });

  it('is no time for one that says neither', () => {
    expect(freshSeconds(new Uint8Array(12))).toBe(0);
    expect(freshSeconds(queryPacket('a.consul', 'A', { edns: 4_096 }))).toBe(0);
  });
});
