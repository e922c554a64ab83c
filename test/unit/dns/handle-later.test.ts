/** Transports use the octets of a packet, and of its client, again at once: an answer that comes later must not notice. */
import { expect, it } from 'vitest';
import type { Handled } from '../../../src/dns/handle.ts';
import type { Upstream } from '../../../src/dns/upstream/recurse.ts';
import { decoded, dnsRig, nodeRow, queryPacket, serviceRow } from '../../support/dns-rig.ts';

const NOWHERE: Upstream = {
  forward: async () => ({ kind: 'failed', why: 'nobody there' }),
  addressesOf: async () => [],
};

/** What comes back for a packet whose place another one has taken meanwhile. */
async function answerAfterReuse(name: string, type: string, upstream: Upstream) {
  const rig = dnsRig({ upstream, config: { recursors: [{ address: '127.0.0.1', port: 53 }] } });
  rig.put(nodeRow('n1', '10.0.0.1'), serviceRow('n1', 'host', { address: 'www.example.com' }));
  const place = new Uint8Array(512);
  const packet = queryPacket(name, type);
  place.set(packet);
  const client = { transport: 'udp', address: () => '10.0.0.9' } as const;
  const handled: Handled = rig.handler.handle(
    place.subarray(0, packet.length),
    client,
    new Uint8Array(65_535),
  );
  place.fill(0x61);
  const reply = await handled;
  return typeof reply === 'number' || reply === null ? undefined : decoded(reply);
}

it('an answer with the address of a host elsewhere repeats its own question', async () => {
  const answer = await answerAfterReuse('HOST.service.consul', 'A', NOWHERE);
  expect(answer).toMatchObject({ question: 'HOST.service.consul.', rcode: 'NOERROR' });
  expect(answer?.answer[0]).toContain('CNAME www.example.com.');
});

it('a forwarded question that nobody answers is repeated in the failure', async () => {
  const answer = await answerAfterReuse('www.example.com', 'A', NOWHERE);
  expect(answer).toMatchObject({ question: 'www.example.com.', rcode: 'SERVFAIL' });
});

it('a question whose forwarding has a bug is repeated in the failure', async () => {
  const broken = { ...NOWHERE, forward: () => Promise.reject(new Error('bug')) };
  const answer = await answerAfterReuse('www.example.com', 'A', broken);
  expect(answer).toMatchObject({ question: 'www.example.com.', rcode: 'SERVFAIL' });
});
