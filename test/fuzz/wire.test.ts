/**
 * Random and damaged packets against the whole DNS side: no throw, no reply longer than allowed, every reply well-formed.
 * The seed is printed with a failure; ROLLCALL_FUZZ_SEED replays it, ROLLCALL_FUZZ_PACKETS makes it longer.
 */
import dnsPacket from 'dns-packet';
import { expect, it } from 'vitest';
import type { ServiceId } from '../../src/model/types.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import { dnsRig, nodeRow, queryPacket, serviceRow } from '../support/dns-rig.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SEED = Number(process.env['ROLLCALL_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PACKETS = Number(process.env['ROLLCALL_FUZZ_PACKETS'] ?? 60_000);
const random = seededRandom(SEED);

const NAMES = [
  'web.service.consul',
  'n1.node.consul',
  'consul',
  '1.0.0.10.in-addr.arpa',
  'example.com',
  '_web._tcp.consul',
  'host.service.consul',
  '0a000001.addr.consul',
];
const TYPES = ['A', 'AAAA', 'SRV', 'ANY', 'TXT', 'NS', 'SOA', 'PTR', 'AXFR', 'TYPE65'];
const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;

/** Random octets, or a good query with some octets changed, cut or doubled. */
function oddPacket(): Uint8Array {
  if (random.next() < 0.1) return random.bytes(random.below(600));
  const edns =
    random.next() < 0.5 ? { edns: random.below(65_536), options: random.bytes(random.below(12)) } : {};
  const good = Uint8Array.from(queryPacket(pick(NAMES), pick(TYPES), edns));
  for (let changes = random.below(4); changes > 0; changes -= 1)
    good[random.below(good.length)] = random.below(256);
  const end = random.next() < 0.2 ? random.below(good.length) : good.length;
  const cut = good.subarray(0, end);
  return random.next() < 0.1 ? Uint8Array.from([...cut, ...cut]) : cut;
}

/** What the client may be sent: the size in its OPT record, if the packet is well-formed enough to have one. */
function allowedBytes(packet: Uint8Array): number {
  return Math.max(512, Math.min(8_192, decodeMessage(packet)?.edns?.payloadBytes ?? 8_192));
}

it(`stands ${PACKETS} odd packets (seed ${SEED})`, () => {
  const rig = dnsRig({ random });
  rig.put(
    nodeRow('n1', '10.0.0.1', { meta: { a: 'b' } }),
    serviceRow('n1', 'host', { address: 'www.example.com' }),
  );
  for (let i = 0; i < 40; i += 1)
    rig.put(serviceRow('n1', 'web', { id: `w${i}` as ServiceId, address: `10.1.0.${i}` }));
  const out = new Uint8Array(65_535);
  let [replies, largest, slowestMs] = [0, 0, 0];
  for (let i = 0; i < PACKETS; i += 1) {
    const packet = oddPacket();
    const startedMs = performance.now();
    const handled = rig.handler.handle(packet, { transport: 'udp', address: () => '127.0.0.1' }, out);
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    if (typeof handled !== 'number' || handled === 0) continue;
    replies += 1;
    largest = Math.max(largest, handled);
    const reply = out.slice(0, handled);
    const hex = Buffer.from(packet).toString('hex');
    expect(decodeMessage(reply), hex).toBeDefined();
    expect(() => dnsPacket.decode(Buffer.from(reply)), hex).not.toThrow();
    expect(handled, hex).toBeLessThanOrEqual(allowedBytes(packet));
    expect([reply[0], reply[1]], hex).toEqual([packet[0], packet[1]]);
  }
  const faults = rig.metrics
    .collect()
    .get('dns_queries')
    ?.labelSets.filter((labels) => labels[3] === 'fault');
  expect(faults).toEqual([]);
  console.log(
    `${PACKETS} packets: ${replies} replies, largest ${largest} octets, slowest ${slowestMs.toFixed(1)} ms, 0 crashes`,
  );
});
