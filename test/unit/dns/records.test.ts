/**
 * Where instances and nodes are reached, as answers show it: tagged addresses, weights, names in UTF-8.
 */
import { describe, expect, it } from 'vitest';
import { select } from '../../../src/catalog/select.ts';
import type { ServiceId } from '../../../src/model/types.ts';
import { checkRow, dnsRig, nodeRow, serviceRow } from '../../support/dns-rig.ts';

const tagged = (tags: Record<string, string>) =>
  Object.fromEntries(Object.entries(tags).map(([tag, address]) => [tag, { address, port: 9 }]));

async function answers(rig: ReturnType<typeof dnsRig>, name: string, types: readonly string[]) {
  const all = types.map(async (type) =>
    (await rig.ask(name, type)).answer.map((text) => text.split(' IN ')[1]),
  );
  return Promise.all(all);
}

describe('tagged addresses', () => {
  it('of a family answer questions for that family, IPv6 those for either; the port stays', async () => {
    const rig = dnsRig();
    const both = tagged({
      lan_ipv4: '10.1.0.4',
      lan_ipv6: '2001:db8::6',
      lan: '10.1.0.9',
      wan_ipv4: '192.0.2.1',
    });
    rig.put(
      nodeRow('n1', '10.0.0.1'),
      serviceRow('n1', 'web', { address: '10.1.0.1', taggedAddresses: both }),
    );
    expect(await answers(rig, 'web.service.consul', ['A', 'AAAA', 'ANY', 'SRV'])).toEqual([
      ['A 10.1.0.4'],
      ['AAAA 2001:db8::6'],
      ['AAAA 2001:db8::6'],
      ['SRV 1 1 80 20010db8000000000000000000000006.addr.dc1.consul.'],
    ]);
  });

  it('of one family leave questions for the other to the address of the instance, or of its node', async () => {
    const rig = dnsRig();
    const six = tagged({ lan_ipv6: '2001:db8::6' });
    rig.put(nodeRow('n1', '10.0.0.1'), serviceRow('n1', 'bare', { taggedAddresses: six }));
    rig.put(
      serviceRow('n1', 'host', {
        address: 'db.example.org',
        taggedAddresses: tagged({ lan_ipv4: '10.1.0.4' }),
      }),
    );
    expect(await answers(rig, 'bare.service.consul', ['A', 'AAAA'])).toEqual([
      ['A 10.0.0.1'],
      ['AAAA 2001:db8::6'],
    ]);
    expect(await answers(rig, 'host.service.consul', ['A', 'AAAA'])).toEqual([
      ['A 10.1.0.4'],
      ['CNAME db.example.org.'],
    ]);
  });

  it('of a node are the answer for it, and make SRV name the address where it is not that of the node', async () => {
    const rig = dnsRig();
    rig.put(
      nodeRow('n1', '10.0.0.1', { taggedAddresses: { lan_ipv4: '10.1.0.1' } }),
      serviceRow('n1', 'web'),
    );
    rig.put(
      nodeRow('n2', '10.0.0.2', { taggedAddresses: { lan_ipv4: '10.0.0.2' } }),
      serviceRow('n2', 'own'),
    );
    expect(await answers(rig, 'n1.node.consul', ['A'])).toEqual([['A 10.1.0.1']]);
    expect(await answers(rig, 'web.service.consul', ['SRV'])).toEqual([
      ['SRV 1 1 80 0a010001.addr.dc1.consul.'],
    ]);
    expect(await answers(rig, 'own.service.consul', ['SRV'])).toEqual([['SRV 1 1 80 n2.node.dc1.consul.']]);
  });
});

it('udp_answer_limit leaves the aliases in front of an answer and one address, and tells what it cut', async () => {
  const rig = dnsRig({ config: { enableTruncate: true, udpAnswerLimit: 2 } });
  rig.put(nodeRow('n1', '10.0.0.1'));
  for (const n of [1, 2, 3]) {
    rig.put(serviceRow('n1', 'real', { id: `r${n}` as ServiceId, address: `10.9.9.${n}` }));
  }
  rig.put(serviceRow('n1', 'one', { address: 'real.service.consul' }));
  rig.put(serviceRow('n1', 'two', { address: 'one.service.consul' }));
  const typesOf = async (name: string, asking = {}) => {
    const { answer, flags } = await rig.ask(name, 'A', asking);
    return `${answer.map((text) => text.split(' ')[3]).join(' ')} ${flags}`;
  };
  expect(await typesOf('one.service.consul')).toBe('CNAME A qr aa tc rd');
  expect(await typesOf('two.service.consul')).toBe('CNAME CNAME A qr aa tc rd');
  expect(await typesOf('two.service.consul', { edns: 1_232 })).toBe('CNAME CNAME A A A qr aa rd');
});

it('questions for SOA about an address get its name, and the zone in authority', async () => {
  const rig = dnsRig();
  rig.put(nodeRow('n1', '10.0.0.1'));
  const { answer, authority } = await rig.ask('1.0.0.10.in-addr.arpa', 'SOA');
  expect(answer).toEqual(['1.0.0.10.in-addr.arpa. 0 IN PTR n1.node.dc1.consul.']);
  expect(authority.map((text) => text.split(' ')[3])).toEqual(['SOA']);
  expect((await rig.ask('1.0.0.10.in-addr.arpa', 'PTR')).authority).toEqual([]);
});

it('an instance whose critical check is ignored by a prepared query has the weight 0 (RFC 2782)', async () => {
  const rig = dnsRig({
    executeQuery: () => {
      const known = select(rig.state.view, 'web', { onlyPassing: false, tag: undefined });
      return { service: 'web', known, chosen: known, ttlSeconds: null };
    },
  });
  rig.put(nodeRow('n1', '10.0.0.1'), serviceRow('n1', 'web', { weights: { passing: 5, warning: 3 } }));
  expect(await answers(rig, 'q.query.consul', ['SRV'])).toEqual([['SRV 1 5 80 n1.node.dc1.consul.']]);
  rig.put(checkRow('n1', 'c', 'critical', { serviceId: 'web' as ServiceId }));
  expect(await answers(rig, 'q.query.consul', ['SRV'])).toEqual([['SRV 1 0 80 n1.node.dc1.consul.']]);
});

it('names that DNS escapes are not found, and stand in targets as they are', async () => {
  const rig = dnsRig();
  rig.put(nodeRow('zürich', '10.0.0.1'), serviceRow('zürich', 'web'), serviceRow('zürich', 'sp ace'));
  expect(await answers(rig, 'web.service.consul', ['SRV'])).toEqual([
    ['SRV 1 1 80 z\\195\\188rich.node.dc1.consul.'],
  ]);
  expect((await rig.ask('z\\195\\188rich.node.consul', 'A')).rcode).toBe('NXDOMAIN');
  expect((await rig.ask('sp\\032ace.service.consul', 'A')).rcode).toBe('NXDOMAIN');
});

it('name servers are named in lower case, however their nodes are spelled', async () => {
  const rig = dnsRig();
  rig.put(nodeRow('Node-A', '10.0.0.1'), serviceRow('Node-A', 'consul', { port: 8_300 }));
  const { answer, additional } = await rig.ask('consul', 'NS');
  expect(answer).toEqual(['consul. 0 IN NS node-a.node.dc1.consul.']);
  expect(additional).toEqual(['node-a.node.dc1.consul. 0 IN A 10.0.0.1']);
});
