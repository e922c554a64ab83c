import { describe, expect, it } from 'vitest';
import { AnswerCache } from '../../../src/dns/answer-cache.ts';
import { newScan, scanQuery } from '../../../src/dns/scan.ts';
import type { Sendable } from '../../../src/dns/sendable.ts';
import { queryPacket } from '../../support/dns-rig.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** Entries are told apart by identity; what is in them does not matter here. */
const entry = (rcode: number): Sendable => ({ rcode }) as Sendable;

function scanned(name: string, type = 'A') {
  const packet = queryPacket(name, type);
  const scan = newScan(seededRandom(1));
  expect(scanQuery(packet, scan)).toBe(true);
  return { packet, scan };
}

function put(cache: AnswerCache, name: string, topic: string, sendable: Sendable): void {
  const { packet, scan } = scanned(name);
  cache.add(packet, scan, topic, sendable);
}

function get(cache: AnswerCache, name: string, type = 'A'): Sendable | undefined {
  const { packet, scan } = scanned(name, type);
  return cache.find(packet, scan);
}

/** Names of "0" and of the octet 16, which a hash that does not tell case apart with care takes for the same. */
function lookalikes(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const digits = i
      .toString(2)
      .padStart(12, '0')
      .replace(/./g, (bit) => (bit === '1' ? '0' : '\\016'));
    return `${digits}.service.consul`;
  });
}

describe('kept answers', () => {
  it('are found by name without case, and by type', () => {
    const cache = new AnswerCache();
    const kept = entry(0);
    put(cache, 'web.service.consul', 'service:web', kept);
    expect(get(cache, 'WEB.Service.consul')).toBe(kept);
    expect(get(cache, 'web.service.consul', 'SRV')).toBeUndefined();
    expect(get(cache, 'wea.service.consul')).toBeUndefined();
  });

  it('differ where only octets differ that are 32 apart but no letters', () => {
    const cache = new AnswerCache();
    put(cache, 'a\\064.consul', 'service:a', entry(0));
    expect(get(cache, 'a\\096.consul')).toBeUndefined();
  });

  it('of names that share a hash are one, the latest, and the other is not taken for it', () => {
    const cache = new AnswerCache();
    const [web, db] = [scanned('web.service.consul'), scanned('db.service.consul')];
    const shared = (of: typeof web) => ({ ...of.scan, hash: 7 });
    cache.add(web.packet, shared(web), 'service:web', entry(0));
    const kept = entry(0);
    cache.add(db.packet, shared(db), 'service:db', kept);
    expect(cache.find(web.packet, shared(web))).toBeUndefined();
    expect(cache.find(db.packet, shared(db))).toBe(kept);
    cache.invalidate(['service:web']);
    expect(cache.find(db.packet, shared(db))).toBe(kept);
  });

  it('are no more than their limit, however somebody chooses the names', () => {
    const cache = new AnswerCache(10);
    const names = lookalikes(1_000);
    for (const name of names) put(cache, name, `service:${name}`, entry(3));
    expect(names.filter((name) => get(cache, name) !== undefined).length).toBeLessThanOrEqual(20);
  });

  it('go when their topic changes, and only then', () => {
    const cache = new AnswerCache();
    put(cache, 'web.service.consul', 'service:web', entry(0));
    put(cache, 'v1.web.service.consul', 'service:web', entry(0));
    put(cache, 'db.service.consul', 'service:db', entry(0));
    cache.invalidate(['service:web', 'nodes']);
    expect(get(cache, 'web.service.consul')).toBeUndefined();
    expect(get(cache, 'v1.web.service.consul')).toBeUndefined();
    expect(get(cache, 'db.service.consul')).toBeDefined();
  });

  it('of one topic age together in time that grows with their number, not with its square', () => {
    const cache = new AnswerCache();
    const generation = 16_384;
    const { packet, scan } = scanned('web.service.consul');
    const started = performance.now();
    // Names of one service, such as tags that do not exist: two generations fill the cache, the third makes one go.
    for (let i = 0; i < generation * 2 + 1; i += 1) {
      cache.add(packet, { ...scan, hash: i }, 'service:web', entry(3));
    }
    // About 50 ms; walking through all names of the service for each that goes takes seconds.
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it('survive as long as they are asked, in whatever flood, and the flood does not', () => {
    const cache = new AnswerCache(8);
    const kept = entry(0);
    put(cache, 'web.service.consul', 'service:web', kept);
    for (let i = 0; i < 100; i += 1) {
      put(cache, `flood-${i}.service.consul`, `service:flood-${i}`, entry(3));
      if (i % 4 === 0) expect(get(cache, 'web.service.consul')).toBe(kept);
    }
    expect(get(cache, 'flood-0.service.consul')).toBeUndefined();
    cache.invalidate(['service:web']);
    expect(get(cache, 'web.service.consul')).toBeUndefined();
  });

  it('that were pushed out and came again still go with their topic', () => {
    const cache = new AnswerCache(2);
    put(cache, 'a.consul', 'service:a', entry(0));
    put(cache, 'b.consul', 'service:b', entry(0));
    put(cache, 'c.consul', 'service:c', entry(0));
    expect(get(cache, 'a.consul')).toBeDefined();
    cache.invalidate(['service:a']);
    expect(get(cache, 'a.consul')).toBeUndefined();
    cache.clear();
    expect(get(cache, 'c.consul')).toBeUndefined();
  });

  it('that say no are worth keeping from the second time on', () => {
    const cache = new AnswerCache();
    const { scan } = scanned('no.service.consul');
    expect([cache.isRepeated(scan), cache.isRepeated(scan)]).toEqual([false, true]);
  });
});

describe('the hash of a question', () => {
  it('differs for names that differ in more than case', () => {
    expect(new Set(lookalikes(1_000).map((name) => scanned(name).scan.hash)).size).toBe(1_000);
  });

  it('is another one in another process, so that nobody can look for names that collide', () => {
    const packet = queryPacket('web.service.consul', 'A');
    const hashes = [1, 2, 3].map((seed) => {
      const scan = newScan(seededRandom(seed));
      scanQuery(packet, scan);
      return scan.hash;
    });
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('the first look', () => {
  it.each([
    ['a response', queryPacket('a.consul', 'A', { flags: 0x8000 })],
    ['another opcode', queryPacket('a.consul', 'A', { flags: 0x2000 })],
    ['an EDNS version', queryPacket('a.consul', 'A', { edns: 512, ednsVersion: 1 })],
    ['a client subnet', queryPacket('a.consul', 'A', { edns: 512, options: Uint8Array.of(0, 8, 0, 0) })],
    [
      'an option that is cut',
      queryPacket('a.consul', 'A', { edns: 512, options: Uint8Array.of(0, 10, 0, 8, 1) }),
    ],
    ['octets too many', Uint8Array.from([...queryPacket('a.consul', 'A'), 0])],
    ['octets too few', queryPacket('a.consul', 'A').subarray(0, -1)],
  ])('leaves %s to the decoder', (_what, packet) => {
    expect(scanQuery(packet, newScan(seededRandom(1)))).toBe(false);
  });

  it('takes ordinary queries, with and without EDNS and a cookie', () => {
    const scan = newScan(seededRandom(1));
    expect(scanQuery(queryPacket('a.consul', 'SRV'), scan)).toBe(true);
    expect(scan).toMatchObject({ qtype: 33, payloadBytes: -1 });
    const cookie = Uint8Array.of(0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(scanQuery(queryPacket('a.consul', 'SRV', { edns: 1_232, options: cookie }), scan)).toBe(true);
    expect(scan.payloadBytes).toBe(1_232);
  });
});
