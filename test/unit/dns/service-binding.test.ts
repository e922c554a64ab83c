import { describe, expect, it } from 'vitest';
import type { ServiceId } from '../../../src/model/types.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { dnsRig, nodeRow, serviceRow } from '../../support/dns-rig.ts';

type Fields = Parameters<typeof serviceRow>[2];

function rigWith(...instances: readonly Fields[]) {
  const rig = dnsRig({ config: { serviceTtlSeconds: { '*': 5 } } });
  rig.put(nodeRow('n1', '10.0.0.1'));
  for (const [i, fields] of instances.entries())
    rig.put(serviceRow('n1', 'web', { id: `w${i}` as ServiceId, port: 8443, ...fields }));
  return rig;
}

const h2 = { 'svcb-alpn': 'h2,http/1.1' };

describe('HTTPS and SVCB records', () => {
  it('say target, protocols, port and address of who asks for it', async () => {
    const rig = rigWith({ address: '10.0.0.7', meta: h2 }, { address: '10.0.0.8', meta: null });
    for (const type of ['HTTPS', 'SVCB'])
      expect((await rig.ask('web.service.consul', type)).answer).toEqual([
        `web.service.consul. 5 IN ${type} 1 0a000007.addr.dc1.consul. alpn="h2,http/1.1" port="8443" ipv4hint="10.0.0.7"`,
      ]);
  });

  it('bring the addresses of their targets along', async () => {
    const asked = await rigWith({ meta: h2 }, { address: '2001:db8::7', meta: h2 }).ask(
      'web.service.consul',
      'HTTPS',
      { tcp: true },
    );
    expect(asked.answer.toSorted()).toEqual([
      'web.service.consul. 5 IN HTTPS 1 20010db8000000000000000000000007.addr.dc1.consul. alpn="h2,http/1.1" port="8443" ipv6hint="2001:db8::7"',
      'web.service.consul. 5 IN HTTPS 1 n1.node.dc1.consul. alpn="h2,http/1.1" port="8443" ipv4hint="10.0.0.1"',
    ]);
    expect(asked.additional.filter((text) => / A | AAAA /.test(text))).toHaveLength(2);
  });

  it('have the parameters in the order of their keys, on the wire', async () => {
    const meta = { 'svcb-alpn': ' h2 , ,http/1.1', 'svcb-no-default-alpn': 'true' };
    const { raw } = await rigWith({ address: '10.0.0.7', meta }).ask('web.service.consul', 'HTTPS');
    const [answer] = decodeMessage(raw)?.answers ?? [];
    expect(answer?.data.type === 65 && Buffer.from(answer.data.parameters).toString('hex')).toBe(
      ['0001000c', '026832', '08687474702f312e31', '00020000', '0003000220fb', '000400040a000007'].join(''),
    );
  });

  it('name no protocols where none are given, and no port where there is none', async () => {
    const meta = { 'svcb-alpn': '', 'svcb-no-default-alpn': 'true' };
    expect((await rigWith({ port: 0, meta }).ask('web.service.consul', 'HTTPS')).answer).toEqual([
      'web.service.consul. 5 IN HTTPS 1 n1.node.dc1.consul. ipv4hint="10.0.0.1"',
    ]);
  });

  it('point at the host name that an instance has for an address', async () => {
    const { answer } = await rigWith({ address: 'db.example.org', meta: h2 }).ask(
      'web.service.consul',
      'HTTPS',
    );
    expect(answer).toEqual([
      'web.service.consul. 5 IN HTTPS 1 db.example.org. alpn="h2,http/1.1" port="8443"',
    ]);
  });

  it('are not there when nobody asks for them', async () => {
    const asked = await rigWith({ address: '10.0.0.7' }).ask('web.service.consul', 'HTTPS');
    expect([asked.rcode, asked.answer]).toEqual(['NOERROR', []]);
    expect(asked.authority).toHaveLength(1);
  });
});
