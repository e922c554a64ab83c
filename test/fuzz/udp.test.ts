/**
 * Random and damaged packets to a real socket, both ways that they can come: whatever was sent, the next good question is
 * answered. The seed is printed with a failure; ROLLCALL_FUZZ_SEED replays it, ROLLCALL_FUZZ_PACKETS makes it longer.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { loadUdpLibrary } from '../../src/dns/transport/udp-library.ts';
import { decoded, nodeRow, queryPacket, serviceRow } from '../support/dns-rig.ts';
import { askUdp, startSocketRig } from '../support/dns-sockets.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SEED = Number(process.env['ROLLCALL_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PACKETS = Number(process.env['ROLLCALL_FUZZ_PACKETS'] ?? 20_000);
const TRANSPORTS = typeof loadUdpLibrary() === 'string' ? ['dgram'] : ['batch', 'dgram'];
/** Sent in a row; then a good question has to be answered, which also keeps the socket's queue from running over. */
const BURST = 200;
const LARGEST = 9_000;
const random = seededRandom(SEED);
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const GOOD = queryPacket('web.service.consul', 'SRV', { edns: 1_232 });

/** Nothing, random octets of any length, or a good question with some octets changed, cut or made longer. */
function oddPacket(): Uint8Array {
  const kind = random.next();
  if (kind < 0.05) return new Uint8Array(0);
  if (kind < 0.1) return random.bytes(random.below(LARGEST));
  const packet = Uint8Array.from(GOOD);
  for (let changes = random.below(4); changes > 0; changes -= 1)
    packet[random.below(packet.length)] = random.below(256);
  if (kind < 0.3) return packet.subarray(0, random.below(packet.length));
  return kind < 0.4 ? Uint8Array.from([...packet, ...random.bytes(random.below(600))]) : packet;
}

describe.each(TRANSPORTS)('UDP by %s', (transport) => {
  it(`stands ${PACKETS} odd packets (seed ${SEED})`, async () => {
    const { server, install, metrics } = await startSocketRig({ transport: transport as 'batch' | 'dgram' });
    open.push(server);
    install([
      { op: 'put', table: 'nodes', row: nodeRow('n1', '10.0.0.1') },
      { op: 'put', table: 'services', row: serviceRow('n1', 'web', { address: '10.1.0.1' }) },
    ]);
    const socket = dgram.createSocket('udp4');
    open.push(socket);
    socket.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    for (let sent = 0; sent < PACKETS; sent += BURST) {
      for (let i = 0; i < BURST; i += 1) socket.send(oddPacket());
      const reply = await askUdp(server.port, GOOD, { timeoutMs: 5_000 });
      expect(reply && decoded(reply).answer, `after ${sent} packets`).toHaveLength(1);
    }
    const faults = metrics
      .collect()
      .get('dns_queries')
      ?.labelSets.filter((labels) => labels[3] === 'fault');
    expect(faults).toEqual([]);
  });
});
