import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEYWORDS, type Lookup } from '../../../src/names/lookup.ts';
import { parse, type Zones } from '../../../src/names/parse-name.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { render } from '../../support/name-of-lookup.ts';

const zones: Zones = { domain: ['consul'], altDomain: ['alt', 'test'] };
const here = { datacenter: null, peer: null };

function parsed(name: string, qtype: number = TYPE.A): Lookup {
  return parse(name.split('.'), qtype, zones);
}

describe('forms of names', () => {
  it.each<[string, Lookup]>([
    ['web.service.consul', { kind: 'service', service: 'web', tag: null, at: here }],
    ['v1.web.service.consul', { kind: 'service', service: 'web', tag: 'v1', at: here }],
    ['a.b.web.service.consul', { kind: 'service', service: 'web', tag: 'a.b', at: here }],
    [
      'web.service.dc2.consul',
      { kind: 'service', service: 'web', tag: null, at: { datacenter: 'dc2', peer: null } },
    ],
    [
      'web.service.dc2.dc.consul',
      { kind: 'service', service: 'web', tag: null, at: { datacenter: 'dc2', peer: null } },
    ],
    [
      'web.service.p1.peer.consul',
      { kind: 'service', service: 'web', tag: null, at: { datacenter: null, peer: 'p1' } },
    ],
    ['web.service.alt.test', { kind: 'service', service: 'web', tag: null, at: here }],
    ['_web._tcp.service.consul', { kind: 'service', service: 'web', tag: null, at: here }],
    ['_web._.service.consul', { kind: 'service', service: 'web', tag: null, at: here }],
    ['_web._udp.service.consul', { kind: 'service', service: 'web', tag: 'udp', at: here }],
    [
      '_web._amqp.service.dc1.consul',
      { kind: 'service', service: 'web', tag: 'amqp', at: { datacenter: 'dc1', peer: null } },
    ],
    ['_lead.service.consul', { kind: 'service', service: '_lead', tag: null, at: here }],
    ['x._a._b.service.consul', { kind: 'service', service: '_b', tag: 'x._a', at: here }],
    ['n1.node.consul', { kind: 'node', node: 'n1', at: here }],
    ['a.b.node.dc1.consul', { kind: 'node', node: 'a.b', at: { datacenter: 'dc1', peer: null } }],
    ['q.query.consul', { kind: 'query', query: 'q', at: here }],
    ['a.b.query.dc1.consul', { kind: 'query', query: 'a.b', at: { datacenter: 'dc1', peer: null } }],
    ['_q._tcp.query.consul', { kind: 'query', query: 'q', at: here }],
    ['_a.b._udp.query.consul', { kind: 'query', query: 'a.b', at: here }],
    ['web.connect.consul', { kind: 'connect', service: 'web', at: here }],
    ['ignored.web.connect.consul', { kind: 'connect', service: 'web', at: here }],
    ['web.ingress.consul', { kind: 'ingress', service: 'web', at: here }],
    ['web.virtual.p1.peer.consul', { kind: 'virtual', service: 'web', at: { datacenter: null, peer: 'p1' } }],
    ['0a000001.addr.consul', { kind: 'addr', address: Uint8Array.of(10, 0, 0, 1) }],
    ['0a000001.addr.what.ever.this.is.consul', { kind: 'addr', address: Uint8Array.of(10, 0, 0, 1) }],
    ['1.0.0.10.in-addr.arpa', { kind: 'reverse', address: Uint8Array.of(10, 0, 0, 1) }],
    ['foo.arpa', { kind: 'reverse', address: null }],
    ['consul', { kind: 'apex' }],
    ['alt.test', { kind: 'apex' }],
    ['ns.consul', { kind: 'nameserver' }],
    ['consul.example.com', { kind: 'outside' }],
    ['notconsul', { kind: 'outside' }],
    ['test', { kind: 'outside' }],
  ])('%s', (name, lookup) => {
    expect(parsed(name)).toEqual(lookup);
  });

  it('the right-most keyword decides, so a service may be called node and a tag query', () => {
    expect(parsed('node.service.consul')).toMatchObject({ kind: 'service', service: 'node' });
    expect(parsed('query.web.service.consul')).toMatchObject({ kind: 'service', tag: 'query' });
    expect(parsed('web.service.node.consul')).toMatchObject({ kind: 'node', node: 'web.service' });
  });

  it('for SRV alone, .service may be left out behind an underscore', () => {
    expect(parsed('_web._tcp.consul', TYPE.SRV)).toMatchObject({
      kind: 'service',
      service: 'web',
      tag: null,
    });
    expect(parsed('_web._tcp.dc1.consul', TYPE.SRV)).toMatchObject({
      service: 'web',
      at: { datacenter: 'dc1' },
    });
    expect(parsed('_web._tcp.consul', TYPE.A).kind).toBe('invalid');
  });

  it.each([
    'service.consul',
    'foo.consul',
    'a.b.c.consul',
    'web.service.a.b.c.consul',
    'web.service.dc1.dc.p1.peer.consul',
    'web.service.x.ns.consul',
    'web.service.a.b.c.d.e.consul',
    'q.query.dc1.dc.consul',
    '0a0000.addr.consul',
    '0a00000102.addr.consul',
    'zz000001.addr.consul',
    'x.0a000001.addr.consul',
  ])('%s is in the zone and no form of name', (name) => {
    expect(parsed(name).kind).toBe('invalid');
  });

  it('what is rendered is parsed to the same meaning', () => {
    const word = fc
      .stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/)
      .filter((each) => !(KEYWORDS as readonly string[]).includes(each));
    const at = fc.oneof(
      fc.constant(here),
      word.map((datacenter) => ({ datacenter, peer: null })),
      word.map((peer) => ({ datacenter: null, peer })),
    );
    const lookup: fc.Arbitrary<Lookup> = fc.oneof(
      fc.record({ kind: fc.constant('service'), service: word, tag: fc.option(word), at }),
      fc.record({ kind: fc.constant('node'), node: word, at }),
      fc.record({ kind: fc.constantFrom('connect', 'ingress', 'virtual'), service: word, at }),
      fc.record({ kind: fc.constant('addr'), address: fc.uint8Array({ minLength: 4, maxLength: 4 }) }),
      fc.record({ kind: fc.constant('addr'), address: fc.uint8Array({ minLength: 16, maxLength: 16 }) }),
      fc.record({ kind: fc.constant('reverse'), address: fc.uint8Array({ minLength: 4, maxLength: 4 }) }),
      fc.record({ kind: fc.constant('reverse'), address: fc.uint8Array({ minLength: 16, maxLength: 16 }) }),
    ) as fc.Arbitrary<Lookup>;
    fc.assert(
      fc.property(lookup, (each) => {
        expect(parsed(render(each, 'consul'))).toEqual(each);
      }),
    );
  });
});

it('a name below two zones belongs to the inner one, whichever of them is the alternative', () => {
  const labels = ['web', 'service', 'test', 'consul'];
  const here = { kind: 'service', service: 'web', at: { datacenter: null } };
  const [outer, inner] = [['consul'], ['test', 'consul']];
  expect(parse(labels, TYPE.A, { domain: outer, altDomain: inner })).toMatchObject(here);
  expect(parse(labels, TYPE.A, { domain: inner, altDomain: outer })).toMatchObject(here);
  expect(parse(['web', 'service', 'consul'], TYPE.A, { domain: outer, altDomain: inner })).toMatchObject(
    here,
  );
});
