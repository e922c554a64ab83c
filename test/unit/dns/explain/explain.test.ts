import { describe, expect, it } from 'vitest';
import { select } from '../../../../src/catalog/select.ts';
import { DNS_DEFAULTS } from '../../../../src/dns/dns-config.ts';
import { makeExplain } from '../../../../src/dns/explain/explain.ts';
import type { ExecuteQuery } from '../../../../src/dns/resolve.ts';
import type { ServiceId, ServiceName } from '../../../../src/model/types.ts';
import { checkRow, decoded, dnsRig, nodeRow, serviceRow } from '../../../support/dns-rig.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

function rigWithWeb(executeQuery: ExecuteQuery = () => undefined) {
  const rig = dnsRig();
  rig.put(nodeRow('n1', '10.0.0.1'));
  for (const id of ['w0', 'w1', 'w2'] as ServiceId[])
    rig.put(serviceRow('n1', 'web', { id, address: `10.1.0.${id[1]}` }));
  const check = (id: string, of: string, output = '') =>
    checkRow('n1', id, 'critical', { serviceId: of as ServiceId, serviceName: 'web' as ServiceName, output });
  rig.put(check('service:w1', 'w1', 'HTTP GET: 500\n'), check('_service_maintenance:w2', 'w2'));
  const explain = makeExplain({
    view: rig.state.view,
    config: () => DNS_DEFAULTS,
    executeQuery,
    random: seededRandom(1),
    clock: rig.clock,
    nodeName: 'n1',
    checkSinceMs: () => undefined,
  });
  return {
    rig,
    explain: (name: string, type = 'A', payloadBytes = 1_232) =>
      explain({ name, type, transport: 'udp', payloadBytes }),
  };
}

describe('explanations', () => {
  it('say for each instance why it is in or out', () => {
    const { Instances, Known, Healthy, Rcode, Answer } = rigWithWeb().explain('web.service.consul', 'SRV');
    expect({ Known, Healthy, Rcode }).toEqual({ Known: 3, Healthy: 1, Rcode: 'NOERROR' });
    expect(Instances.map(({ ServiceID, Kept, Reason }) => [ServiceID, Kept, Reason])).toEqual([
      ['w0', true, 'in: it has no checks'],
      ['w1', false, 'critical: check "service:w1", output "HTTP GET: 500"'],
      ['w2', false, 'maintenance: check "_service_maintenance:w2"'],
    ]);
    expect(Answer).toEqual(['web.service.consul. 0 IN SRV 1 1 80 0a010000.addr.dc1.consul.']);
  });

  it('say how the name was understood and why nothing came', () => {
    const { explain } = rigWithWeb();
    expect(explain('v9.web.service.consul')).toMatchObject({
      Lookup: 'instances of the service "web" with the tag "v9"',
      Rcode: 'NXDOMAIN',
      ReasonCode: 'no_such_tag',
      Summary: '3 instances, none with this tag',
    });
    expect(explain('x.y.consul')).toMatchObject({ Kind: 'invalid', Rcode: 'NXDOMAIN' });
    expect(explain('example.com')).toMatchObject({ Kind: 'outside', Rcode: 'REFUSED' });
    expect(() => explain('a..b')).toThrow('is not a domain name');
    expect(() => explain('web.service.consul', 'NOPE')).toThrow('is not a record type');
  });

  it('say of healthy instances that a prepared query leaves out that it was the query', () => {
    const { rig, explain } = rigWithWeb(() => ({
      service: 'web',
      known: select(rig.state.view, 'web', { onlyPassing: false }),
      chosen: [],
      ttlSeconds: null,
    }));
    const { Instances, Summary, Rcode } = explain('choosy.query.consul', 'SRV');
    expect(Rcode).toBe('NXDOMAIN');
    expect(Summary).toBe('3 instances, 1 passing: 1 critical, 1 maintenance; the query wants none of them');
    expect(Instances.map(({ ServiceID, Reason }) => [ServiceID, Reason.split(/[:(]/)[0]])).toEqual([
      ['w0', 'left out by the query '],
      ['w1', 'critical'],
      ['w2', 'maintenance'],
    ]);
  });

  it('tell of a thousand instances and count all, so that DNS does not wait for a list that nobody reads', () => {
    const { rig, explain } = rigWithWeb();
    for (let i = 3; i < 1_500; i += 1)
      rig.put(serviceRow('n1', 'web', { id: `w${i}` as ServiceId, address: `10.2.${i >> 8}.${i & 255}` }));
    const { Instances, Known, AnswersAvailable } = explain('web.service.consul');
    expect([Instances.length, Known, AnswersAvailable]).toEqual([1_000, 1_500, 1_498]);
  });

  it('mark what limits cut', () => {
    const { rig, explain } = rigWithWeb();
    for (let i = 3; i < 9; i += 1)
      rig.put(serviceRow('n1', 'web', { id: `w${i}` as ServiceId, address: `10.1.0.${i}` }));
    const { Instances, AnswersAvailable, Summary } = explain('web.service.consul', 'A', 0);
    expect(AnswersAvailable).toBe(7);
    expect(Instances.filter(({ Kept }) => Kept)).toHaveLength(3);
    expect(Instances.filter(({ Reason }) => Reason.startsWith('cut by limit'))).toHaveLength(4);
    expect(Summary).toBe('3 of 7 sent: the rest did not fit');
  });
});

describe('extended errors (RFC 8914)', () => {
  const text = (options: Uint8Array): string => new TextDecoder().decode(options.subarray(6));

  it('come with empty answers to clients with EDNS, and to no others', async () => {
    const { rig } = rigWithWeb();
    rig.put(checkRow('n1', 'disk', 'critical'));
    const reply = await rig.ask('web.service.consul', 'A', { edns: 1_232 });
    expect([...(reply.edns?.options.subarray(0, 2) ?? [])]).toEqual([0, 15]);
    expect(text(reply.edns?.options ?? new Uint8Array(0))).toBe('3 instances, 0 passing: 3 critical');
    expect((await rig.ask('web.service.consul', 'A')).edns).toBeNull();
    const again = await rig.ask('web.service.consul', 'A', { edns: 1_232 });
    expect(decoded(again.raw)).toEqual(decoded(reply.raw));
  });

  it('come with answers that were cut, unless they are switched off', async () => {
    const rig = dnsRig();
    rig.put(nodeRow('n1', '10.0.0.1'));
    for (let i = 0; i < 9; i += 1)
      rig.put(serviceRow('n1', 'web', { id: `w${i}` as ServiceId, address: `10.1.0.${i}` }));
    const reply = await rig.ask('web.service.consul', 'A', { edns: 512 });
    expect(text(reply.edns?.options ?? new Uint8Array(0))).toBe('3 of 9 sent: the rest did not fit');
    rig.reconfigure({ extendedErrors: false });
    expect((await rig.ask('web.service.consul', 'A', { edns: 512 })).edns?.options).toHaveLength(0);
    expect((await rig.ask('no.service.consul', 'A', { edns: 512 })).edns?.options).toHaveLength(0);
  });
});
