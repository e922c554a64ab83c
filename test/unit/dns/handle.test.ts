import { describe, expect, it } from 'vitest';
import type { ServiceId } from '../../../src/model/types.ts';
import { encodeOption } from '../../../src/wire/message-reply.ts';
import { checkRow, decoded, dnsRig, nodeRow, queryPacket, serviceRow } from '../../support/dns-rig.ts';

const SOA = 'consul. 0 IN SOA ns.consul. hostmaster.consul. 1767225600 3600 600 86400 0';

function rigWithWeb(options: Parameters<typeof dnsRig>[0] = {}) {
  const rig = dnsRig(options);
  rig.put(nodeRow('n1', '10.0.0.1'), nodeRow('n2', '10.0.0.2', { meta: { rack: 'r1' } }));
  rig.put(serviceRow('n1', 'web', { address: '10.1.0.1' }), serviceRow('n2', 'web'));
  return rig;
}

/** The same question until nothing can come from anywhere but the cache. */
async function askThrice(rig: ReturnType<typeof dnsRig>, name: string, type: string, asking = {}) {
  await rig.ask(name, type, asking);
  await rig.ask(name, type, asking);
  return rig.ask(name, type, asking);
}

describe('answers', () => {
  it('have the addresses of instances, or of their nodes', async () => {
    const { answer, flags } = await rigWithWeb().ask('web.service.consul', 'A');
    expect([...answer].sort()).toEqual([
      'web.service.consul. 0 IN A 10.0.0.2',
      'web.service.consul. 0 IN A 10.1.0.1',
    ]);
    expect(flags).toBe('qr aa rd');
  });

  it('give an IPv4 address that was registered as an IPv6 one as what it is (RFC 4291 §2.5.5.2)', async () => {
    const rig = rigWithWeb();
    rig.put(serviceRow('n1', 'mapped', { address: '::ffff:10.0.0.9' }));
    expect((await rig.ask('mapped.service.consul', 'A')).answer).toEqual([
      'mapped.service.consul. 0 IN A 10.0.0.9',
    ]);
    expect((await rig.ask('mapped.service.consul', 'AAAA')).answer).toEqual([]);
    const { answer, additional } = await rig.ask('mapped.service.consul', 'SRV');
    expect(answer).toEqual(['mapped.service.consul. 0 IN SRV 1 1 80 0a000009.addr.dc1.consul.']);
    expect(additional).toContain('0a000009.addr.dc1.consul. 0 IN A 10.0.0.9');
  });

  it('are the same from the cache as for the first time', async () => {
    for (const [type, asking] of [
      ['A', {}],
      ['SRV', {}],
      ['SRV', { edns: 4_096 }],
      ['SRV', { tcp: true }],
      ['AAAA', { edns: 1_232 }],
    ] as const) {
      const rig = rigWithWeb();
      const first = await rig.ask('web.service.consul', type, asking);
      const later = await askThrice(rig, 'web.service.consul', type, asking);
      expect([...later.answer].sort()).toEqual([...first.answer].sort());
      expect([...later.additional].sort()).toEqual([...first.additional].sort());
      expect({ ...later, answer: 0, additional: 0, raw: 0 }).toEqual({
        ...first,
        answer: 0,
        additional: 0,
        raw: 0,
      });
    }
  });

  it('repeat the case of the question, and everything else in lower case', async () => {
    const rig = rigWithWeb();
    await askThrice(rig, 'web.service.consul', 'SRV');
    const { question, answer, additional } = await rig.ask('WeB.sErViCe.CoNsUl', 'SRV');
    expect(question).toBe('WeB.sErViCe.CoNsUl.');
    expect([...answer].sort()).toEqual([
      'WeB.sErViCe.CoNsUl. 0 IN SRV 1 1 80 0a010001.addr.dc1.consul.',
      'WeB.sErViCe.CoNsUl. 0 IN SRV 1 1 80 n2.node.dc1.consul.',
    ]);
    expect([...additional].sort()).toEqual([
      '0a010001.addr.dc1.consul. 0 IN A 10.1.0.1',
      'n2.node.dc1.consul. 0 IN A 10.0.0.2',
      'n2.node.dc1.consul. 0 IN TXT "rack=r1"',
    ]);
  });

  it('carry the SOA record in lower case when they are negative, whatever case was asked', async () => {
    const rig = dnsRig();
    for (const name of ['nope.service.consul', 'NOPE.Service.CONSUL']) {
      const { rcode, authority, answer } = await askThrice(rig, name, 'A');
      expect({ rcode, authority, answer }).toEqual({ rcode: 'NXDOMAIN', authority: [SOA], answer: [] });
    }
  });

  it('are NODATA, not NXDOMAIN, when only another type exists (RFC 2308 §2.2)', async () => {
    const rig = rigWithWeb();
    for (const type of ['AAAA', 'MX', 'TXT', 'TYPE65', 'CAA']) {
      const { rcode, authority } = await askThrice(rig, 'web.service.consul', type);
      expect({ rcode, authority }).toEqual({ rcode: 'NOERROR', authority: [SOA] });
    }
    expect(await rig.ask('n1.node.consul', 'SRV')).toMatchObject({ rcode: 'NOERROR', authority: [SOA] });
  });

  it('are NXDOMAIN for a node that does not exist, whatever the type', async () => {
    for (const type of ['A', 'TXT', 'SRV', 'MX'])
      expect((await dnsRig().ask('no.node.consul', type)).rcode).toBe('NXDOMAIN');
  });

  it('give an address once, however many instances are behind it', async () => {
    const rig = dnsRig();
    rig.put(nodeRow('n1', '10.0.0.1'));
    for (const id of ['a', 'b', 'c'])
      rig.put(serviceRow('n1', 'web', { id: id as ServiceId, port: id === 'c' ? 81 : 80 }));
    expect((await rig.ask('web.service.consul', 'A')).answer).toHaveLength(1);
    expect((await rig.ask('web.service.consul', 'SRV')).answer).toHaveLength(2);
  });

  it('find a node by its id, and by a beginning of it that fits one node only', async () => {
    const rig = dnsRig();
    rig.put(nodeRow('n1', '10.0.0.1', { id: 'ab12cd34-0000-0000-0000-000000000001' }));
    rig.put(nodeRow('n2', '10.0.0.2', { id: 'ab12ff34-0000-0000-0000-000000000002' }));
    expect((await rig.ask('ab12cd34-0000-0000-0000-000000000001.node.consul', 'A')).answer).toHaveLength(1);
    expect((await rig.ask('ab12c.node.consul', 'A')).answer).toHaveLength(1);
    expect((await rig.ask('ab12.node.consul', 'A')).rcode).toBe('NXDOMAIN');
    await askThrice(rig, 'ab12c.node.consul', 'A');
    rig.put(nodeRow('n3', '10.0.0.3', { id: 'ab12cd34-0000-0000-0000-000000000003' }));
    expect((await rig.ask('ab12c.node.consul', 'A')).rcode).toBe('NXDOMAIN');
    await askThrice(rig, 'feed.node.consul', 'A');
    rig.put(nodeRow('n4', '10.0.0.4', { id: 'feed0000-0000-0000-0000-000000000004' }));
    expect((await rig.ask('feed.node.consul', 'A')).answer).toEqual(['feed.node.consul. 0 IN A 10.0.0.4']);
  });

  it('name the zone by SOA and NS for every name in it, and ns.<domain> has an address', async () => {
    const rig = rigWithWeb();
    rig.put(serviceRow('n1', 'consul', { port: 8300 }));
    const soa = await rig.ask('whatever.consul', 'SOA');
    expect(soa.answer).toEqual([SOA]);
    expect(soa.authority).toEqual(['consul. 0 IN NS n1.node.dc1.consul.']);
    expect(soa.additional).toEqual(['n1.node.dc1.consul. 0 IN A 10.0.0.1']);
    expect((await rig.ask('consul', 'NS')).answer).toEqual(['consul. 0 IN NS n1.node.dc1.consul.']);
    expect((await rig.ask('ns.consul', 'A')).answer).toEqual(['ns.consul. 0 IN A 10.0.0.1']);
  });

  it('send servers whose names are no host names through ns.<domain>', async () => {
    const rig = dnsRig();
    rig.put(nodeRow('my_node', '10.0.0.9'), serviceRow('my_node', 'consul'));
    const { answer, additional } = await rig.ask('consul', 'NS');
    expect(answer).toEqual(['consul. 0 IN NS ns.consul.']);
    expect(additional).toEqual(['ns.consul. 0 IN A 10.0.0.9']);
  });

  it('name nodes, else services, for addresses in any spelling', async () => {
    const rig = rigWithWeb();
    rig.put(nodeRow('six', '2001:DB8:0:0::1'));
    const nibbles = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa';
    expect((await rig.ask(nibbles, 'PTR')).answer).toEqual([`${nibbles}. 0 IN PTR six.node.dc1.consul.`]);
    expect((await rig.ask('1.0.1.10.in-addr.arpa', 'PTR')).answer).toEqual([
      '1.0.1.10.in-addr.arpa. 0 IN PTR web.service.dc1.consul.',
    ]);
    expect((await rig.ask('9.9.9.9.in-addr.arpa', 'PTR')).rcode).toBe('NXDOMAIN');
  });

  it('follow an alias inside the zone three times and no more', async () => {
    const rig = dnsRig();
    rig.put(nodeRow('n1', '10.0.0.1'));
    rig.put(serviceRow('n1', 'real', { address: '10.9.9.9' }));
    rig.put(serviceRow('n1', 'one', { address: 'real.service.consul' }));
    rig.put(
      serviceRow('n1', 'loop', { address: 'pool.service.consul' }),
      serviceRow('n1', 'pool', { address: 'loop.service.consul' }),
    );
    expect((await rig.ask('one.service.consul', 'A')).answer).toEqual([
      'one.service.consul. 0 IN CNAME real.service.consul.',
      'real.service.consul. 0 IN A 10.9.9.9',
    ]);
    rig.put(serviceRow('n1', 'both', { id: 'b4' as ServiceId, address: '10.9.9.1' }));
    rig.put(serviceRow('n1', 'both', { id: 'b6' as ServiceId, address: 'fd00::1' }));
    rig.put(serviceRow('n1', 'two', { address: 'both.service.consul' }));
    expect([...(await rig.ask('two.service.consul', 'SRV')).additional].sort()).toEqual([
      'both.service.consul. 0 IN A 10.9.9.1',
      'both.service.consul. 0 IN AAAA fd00::1',
    ]);
    expect((await rig.ask('two.service.consul', 'AAAA')).answer[1]).toContain(' AAAA fd00::1');
    const { answer, rcode } = await rig.ask('loop.service.consul', 'A');
    expect(rcode).toBe('NOERROR');
    expect(answer.map((text) => text.split(' ')[4])).toEqual([
      'pool.service.consul.',
      'loop.service.consul.',
      'pool.service.consul.',
      'loop.service.consul.',
    ]);
  });

  it('fall back to the address of the node when a service has its own name for an address', async () => {
    const rig = dnsRig();
    rig.put(nodeRow('n1', '10.0.0.1'), serviceRow('n1', 'self', { address: 'SELF.service.consul' }));
    expect((await rig.ask('self.service.consul', 'A')).answer).toEqual([
      'self.service.consul. 0 IN A 10.0.0.1',
    ]);
  });
});

describe('changes', () => {
  it('are in the very next answer: instance, check, node, deregistration', async () => {
    const rig = rigWithWeb();
    await askThrice(rig, 'web.service.consul', 'A');
    rig.put(checkRow('n2', 'c', 'critical'));
    expect((await rig.ask('web.service.consul', 'A')).answer).toEqual([
      'web.service.consul. 0 IN A 10.1.0.1',
    ]);
    rig.put(checkRow('n2', 'c', 'passing'), nodeRow('n2', '10.0.0.22'));
    expect([...(await rig.ask('web.service.consul', 'A')).answer].sort()).toEqual([
      'web.service.consul. 0 IN A 10.0.0.22',
      'web.service.consul. 0 IN A 10.1.0.1',
    ]);
    rig.remove('services', 'n1\u0000web');
    rig.remove('services', 'n2\u0000web');
    expect((await rig.ask('web.service.consul', 'A')).rcode).toBe('NXDOMAIN');
  });

  it('of a name that did not exist are seen although its absence was remembered', async () => {
    const rig = dnsRig();
    await askThrice(rig, 'late.service.consul', 'A');
    await askThrice(rig, 'late.node.consul', 'A');
    rig.put(nodeRow('late', '10.0.0.7'), serviceRow('late', 'Late'));
    expect((await rig.ask('late.service.consul', 'A')).answer).toHaveLength(1);
    expect((await rig.ask('late.node.consul', 'A')).answer).toHaveLength(1);
  });

  it('of the configuration hold for the next query', async () => {
    const rig = rigWithWeb();
    await askThrice(rig, 'web.service.consul', 'A');
    rig.reconfigure({ serviceTtlSeconds: { web: 60, '*': 5 } });
    expect((await rig.ask('web.service.consul', 'A')).answer[0]).toContain(' 60 IN A ');
  });
});

describe('limits and sizes', () => {
  function rigWithMany(count: number, options: Parameters<typeof dnsRig>[0] = {}) {
    const rig = dnsRig(options);
    for (let i = 1; i <= count; i += 1) {
      rig.put(nodeRow(`n${i}`, `10.1.${i >> 8}.${i & 255}`), serviceRow(`n${i}`, 'big', { port: 7_000 + i }));
    }
    return rig;
  }

  it('are three answers over UDP without EDNS, and as many as fit with it', async () => {
    const rig = rigWithMany(150);
    for (let round = 0; round < 3; round += 1) {
      expect((await rig.ask('big.service.consul', 'A')).answer).toHaveLength(3);
      expect((await rig.ask('big.service.consul', 'A', { edns: 512 })).answer).toHaveLength(3);
      const medium = await rig.ask('big.service.consul', 'A', { edns: 1_232 });
      expect(medium.answer).toHaveLength(74);
      expect(medium.bytes).toBeLessThanOrEqual(1_232);
      expect(medium.edns?.payloadBytes).toBe(1_232);
      expect((await rig.ask('big.service.consul', 'A', { tcp: true })).answer).toHaveLength(150);
    }
  });

  it('set TC only when that is switched on', async () => {
    expect((await rigWithMany(5).ask('big.service.consul', 'A')).flags).toBe('qr aa rd');
    const rig = rigWithMany(5, { config: { enableTruncate: true } });
    for (let round = 0; round < 3; round += 1) {
      expect((await rig.ask('big.service.consul', 'A')).flags).toBe('qr aa tc rd');
      expect((await rig.ask('big.service.consul', 'SRV')).flags).toBe('qr aa tc rd');
      expect((await rig.ask('big.service.consul', 'A', { edns: 1_232 })).flags).toBe('qr aa rd');
    }
  });

  it('cut A but not SRV by a_record_limit, over every transport', async () => {
    const rig = rigWithMany(12, { config: { aRecordLimit: 5 } });
    expect((await rig.ask('big.service.consul', 'A', { tcp: true })).answer).toHaveLength(5);
    expect((await rig.ask('big.service.consul', 'ANY', { tcp: true })).answer).toHaveLength(5);
    expect((await rig.ask('big.service.consul', 'SRV', { tcp: true })).answer).toHaveLength(12);
  });

  it('keep the configured cap however much the client offers', async () => {
    const rig = rigWithMany(150, { config: { maxUdpPayloadBytes: 1_232 } });
    const reply = await rig.ask('big.service.consul', 'A', { edns: 8_192 });
    expect(reply.bytes).toBeLessThanOrEqual(1_232);
    expect(reply.edns?.payloadBytes).toBe(8_192);
  });

  it('drop metadata before answers', async () => {
    const rig = dnsRig();
    for (let i = 1; i <= 3; i += 1) {
      rig.put(
        nodeRow(`n${i}`, `10.1.0.${i}`, { meta: { text: 'x'.repeat(100) } }),
        serviceRow(`n${i}`, 'big', { port: i }),
      );
    }
    for (let round = 0; round < 3; round += 1) {
      const { answer, additional, bytes } = await rig.ask('big.service.consul', 'SRV');
      expect(answer).toHaveLength(3);
      expect(additional).toHaveLength(3);
      expect(bytes).toBeLessThanOrEqual(512);
    }
  });

  it('reach past 16 KB, where no pointer does', async () => {
    const rig = rigWithMany(800);
    for (let round = 0; round < 3; round += 1) {
      const reply = await rig.ask('big.service.consul', 'SRV', { tcp: true });
      expect(reply.answer).toHaveLength(800);
      expect(new Set(reply.additional).size).toBe(800);
    }
  });

  it('never exceed 64 KB over TCP', async () => {
    const { answer, bytes } = await rigWithMany(3_000).ask('big.service.consul', 'SRV', { tcp: true });
    expect(bytes).toBeLessThanOrEqual(65_535);
    expect(answer.length).toBeGreaterThan(900);
  });
});

describe('protocol', () => {
  it('answers any class as IN and repeats the class of the question', async () => {
    const rig = rigWithWeb();
    const chaos = await rig.ask('n1.node.consul', 'A', { qclass: 3 });
    expect(chaos.answer).toEqual(['n1.node.consul. 0 IN A 10.0.0.1']);
    expect([...chaos.raw.subarray(chaos.raw.length - 18, chaos.raw.length - 16)]).toEqual([0, 3]);
  });

  it('refuses AXFR with NOTIMP in the zone, and like any other question outside', async () => {
    expect((await dnsRig().ask('example.com', 'AXFR', { tcp: true })).rcode).toBe('REFUSED');
    expect(await dnsRig().ask('consul', 'AXFR', { tcp: true })).toMatchObject({
      rcode: 'NOTIMP',
      flags: 'qr aa rd',
    });
  });

  it('refuses names outside the zone without AA and EDNS', async () => {
    const reply = await dnsRig().ask('example.com', 'A', { edns: 1_232 });
    expect(reply).toMatchObject({ rcode: 'REFUSED', flags: 'qr rd', edns: null });
  });

  it('answers a newer EDNS version with BADVERS (RFC 6891 §6.1.3)', async () => {
    expect((await rigWithWeb().ask('n1.node.consul', 'A', { edns: 1_232, ednsVersion: 1 })).rcode).toBe(
      'BADVERS',
    );
  });

  it('repeats the client subnet, and only that of the options', async () => {
    const rig = rigWithWeb();
    const subnet = encodeOption(8, Uint8Array.of(0, 1, 24, 0, 10, 1, 0));
    const cookie = encodeOption(10, new Uint8Array(8));
    const both = Uint8Array.from([...subnet, ...cookie]);
    expect((await rig.ask('n1.node.consul', 'A', { edns: 1_232, options: both })).edns?.options).toEqual(
      subnet,
    );
    expect(
      (await rig.ask('n1.node.consul', 'A', { edns: 1_232, options: cookie })).edns?.options,
    ).toHaveLength(0);
  });

  it('gives CD and RD back, and never AD', async () => {
    const flags = 0x0100 | 0x0020 | 0x0010;
    expect((await rigWithWeb().ask('n1.node.consul', 'A', { flags })).flags).toBe('qr aa rd cd');
  });

  it('answers NOTIFY like a query without RD', async () => {
    const { flags, rcode } = await rigWithWeb().ask('n1.node.consul', 'A', { flags: (4 << 11) | 0x0100 });
    expect({ flags, rcode }).toEqual({ flags: 'qr aa', rcode: 'NOERROR' });
  });

  it('says nothing to responses and scraps, and counts them', async () => {
    const rig = dnsRig();
    expect(await rig.send(queryPacket('web.service.consul', 'A', { flags: 0x8180 }))).toBeUndefined();
    expect(await rig.send(new Uint8Array(5))).toBeUndefined();
    const dropped = rig.metrics.collect().get('dns_dropped');
    expect(dropped?.labelSets.map((labels) => labels.join(' '))).toEqual(['udp response', 'udp too_short']);
  });

  it('turns a bug into SERVFAIL and counts it', async () => {
    const rig = dnsRig({
      executeQuery: () => {
        throw new Error('broken on purpose');
      },
    });
    const reply = await rig.ask('q.query.consul', 'A', { edns: 1_232 });
    expect(reply).toMatchObject({ rcode: 'SERVFAIL', answer: [] });
    expect(rig.metrics.collect().get('dns_queries')?.labelSets[0]).toEqual(['udp', 'A', 'SERVFAIL', 'fault']);
  });

  it('writes every name in full when compression is off', async () => {
    const rig = rigWithWeb({ config: { disableCompression: true } });
    const { raw } = await rig.ask('web.service.consul', 'SRV');
    expect(Buffer.from(raw).includes(Buffer.from([0xc0, 0x0c]))).toBe(false);
    expect(decoded(raw).answer).toHaveLength(2);
  });
});
