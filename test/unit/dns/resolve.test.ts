import { describe, expect, it } from 'vitest';
import { select } from '../../../src/catalog/select.ts';
import type { QueryResult } from '../../../src/dns/resolve.ts';
import type { ServiceId, ServiceName } from '../../../src/model/types.ts';
import { checkRow, dnsRig, nodeRow, serviceRow } from '../../support/dns-rig.ts';

/** `web` with instances of these states, each at 10.1.0.<position>. */
function rigWith(states: readonly string[], options: Parameters<typeof dnsRig>[0] = {}) {
  const rig = dnsRig(options);
  rig.put(nodeRow('n1', '10.0.0.1'));
  for (const [i, state] of states.entries()) {
    const id = `w${i}` as ServiceId;
    rig.put(serviceRow('n1', 'web', { id, address: `10.1.0.${i}`, tags: i === 0 ? ['Blue'] : [] }));
    const isMaintenance = state === 'maintenance';
    const checkId = isMaintenance ? `_service_maintenance:${id}` : `c${i}`;
    const status = isMaintenance ? 'critical' : (state as 'passing' | 'warning' | 'critical');
    rig.put(checkRow('n1', checkId, status, { serviceId: id, serviceName: 'web' as ServiceName }));
  }
  return rig;
}

const last = (texts: readonly string[]): string[] => texts.map((text) => text.at(-1) ?? '').sort();

describe('health', () => {
  it('leaves out critical instances and those in maintenance, and keeps warnings', async () => {
    const rig = rigWith(['passing', 'warning', 'critical', 'maintenance']);
    expect(last((await rig.ask('web.service.consul', 'A')).answer)).toEqual(['0', '1']);
  });

  it('leaves out warnings too with only_passing', async () => {
    const rig = rigWith(['passing', 'warning'], { config: { onlyPassing: true } });
    expect(last((await rig.ask('web.service.consul', 'A')).answer)).toEqual(['0']);
  });

  it('compares tags without case', async () => {
    const rig = rigWith(['passing', 'passing']);
    expect(last((await rig.ask('bLuE.web.service.consul', 'A')).answer)).toEqual(['0']);
    expect((await rig.ask('green.web.service.consul', 'A')).rcode).toBe('NXDOMAIN');
  });
});

describe('empty answers', () => {
  const states = ['critical', 'critical', 'maintenance'];

  it('are NXDOMAIN by default', async () => {
    expect((await rigWith(states).ask('web.service.consul', 'A')).rcode).toBe('NXDOMAIN');
  });

  it('are NODATA where that is wanted, for the services that want it', async () => {
    const emptyAnswerByService = { web: { policy: 'nodata', protectThreshold: 0 } } as const;
    const rig = rigWith(states, { config: { emptyAnswerByService } });
    expect((await rig.ask('web.service.consul', 'A')).rcode).toBe('NOERROR');
    expect((await rig.ask('other.service.consul', 'A')).rcode).toBe('NXDOMAIN');
  });

  it('are filled with everybody but those in maintenance by fail_open', async () => {
    const rig = rigWith(states, { config: { emptyAnswer: { policy: 'fail_open', protectThreshold: 0 } } });
    expect(last((await rig.ask('web.service.consul', 'A')).answer)).toEqual(['0', '1']);
    const reasons = rig.metrics
      .collect()
      .get('dns_queries')
      ?.labelSets.map((labels) => labels[3]);
    expect(reasons).toContain('fail_open');
  });

  it('count as empty below the protect threshold, and not at it', async () => {
    const config = { emptyAnswer: { policy: 'fail_open', protectThreshold: 0.5 } } as const;
    const below = rigWith(['passing', 'critical', 'critical'], { config });
    expect(last((await below.ask('web.service.consul', 'A')).answer)).toEqual(['0', '1', '2']);
    const at = rigWith(['passing', 'critical'], { config });
    expect(last((await at.ask('web.service.consul', 'A')).answer)).toEqual(['0']);
  });

  it('stay empty when everybody is in maintenance', async () => {
    const config = { emptyAnswer: { policy: 'fail_open', protectThreshold: 0 } } as const;
    expect((await rigWith(['maintenance'], { config }).ask('web.service.consul', 'A')).rcode).toBe(
      'NXDOMAIN',
    );
  });
});

describe('places', () => {
  it('elsewhere are NXDOMAIN: other datacenters, peers', async () => {
    const rig = rigWith(['passing']);
    for (const name of [
      'web.service.dc2.consul',
      'web.service.dc2.dc.consul',
      'web.service.p.peer.consul',
      'n1.node.dc2.consul',
    ])
      expect((await rig.ask(name, 'A')).rcode).toBe('NXDOMAIN');
    for (const name of ['web.service.DC1.consul', 'web.service.dc1.dc.consul', 'n1.node.dc1.consul'])
      expect((await rig.ask(name, 'A')).rcode).toBe('NOERROR');
  });

  it('without a mesh are empty: ingress and virtual; connect finds native instances and sidecars', async () => {
    const rig = rigWith(['passing']);
    expect((await rig.ask('web.ingress.consul', 'A')).rcode).toBe('NXDOMAIN');
    expect(await rig.ask('web.virtual.consul', 'A')).toMatchObject({ rcode: 'NOERROR', answer: [] });
    expect((await rig.ask('web.connect.consul', 'A')).rcode).toBe('NXDOMAIN');
    rig.put(
      serviceRow('n1', 'web-proxy', {
        kind: 'connect-proxy',
        proxy: { DestinationServiceName: 'web' },
        port: 21_000,
      }),
    );
    expect((await rig.ask('web.connect.consul', 'SRV')).answer[0]).toContain(' 21000 ');
  });
});

describe('prepared queries', () => {
  it('are answered in their order, with their TTL, for whoever asks', async () => {
    const asked: string[][] = [];
    const rig = rigWith(['passing', 'passing', 'passing'], {
      executeQuery: (name, client): QueryResult | undefined => {
        asked.push([name, client]);
        if (name !== 'find.web') return undefined;
        const known = select(rig.state.view, 'web', { onlyPassing: false });
        return { service: 'web', known, chosen: [...known].reverse(), ttlSeconds: 17 };
      },
    });
    for (let i = 0; i < 3; i += 1) {
      // As many answers, but shuffled.
      await rig.ask('web.service.consul', 'A');
      const { answer } = await rig.ask('find.web.query.consul', 'A', { client: '10.7.7.7' });
      expect(answer).toEqual(['2', '1', '0'].map((end) => `find.web.query.consul. 17 IN A 10.1.0.${end}`));
    }
    expect((await rig.ask('_none._tcp.query.consul', 'SRV')).rcode).toBe('NXDOMAIN');
    expect(asked).toEqual([...new Array(3).fill(['find.web', '10.7.7.7']), ['none', '127.0.0.1']]);
  });
});

describe('reverse names', () => {
  it('have the node that comes first by name, without regard to case, not the one that came first', async () => {
    const rig = dnsRig();
    for (const name of ['zeta', 'Beta', 'alpha']) rig.put(nodeRow(name, '10.9.9.9'));
    const pointer = async () => (await rig.ask('9.9.9.10.in-addr.arpa', 'PTR')).answer;
    expect(await pointer()).toEqual(['9.9.9.10.in-addr.arpa. 0 IN PTR alpha.node.dc1.consul.']);
    rig.remove('nodes', 'alpha');
    expect(await pointer()).toEqual(['9.9.9.10.in-addr.arpa. 0 IN PTR Beta.node.dc1.consul.']);
  });

  it('have the service that comes first by its node and id where no node has the address', async () => {
    const rig = dnsRig();
    rig.put(nodeRow('zz', '10.0.0.1'), nodeRow('Aa', '10.0.0.2'));
    const at = (id: string) => ({ id: id as ServiceId, address: '10.7.7.7' });
    rig.put(serviceRow('zz', 'first', at('b9')), serviceRow('Aa', 'second', at('Z')));
    rig.put(serviceRow('Aa', 'third', at('a')));
    const { answer } = await rig.ask('7.7.7.10.in-addr.arpa', 'PTR');
    expect(answer).toEqual(['7.7.7.10.in-addr.arpa. 0 IN PTR third.service.dc1.consul.']);
  });
});

describe('names that mean something to the language', () => {
  it('are names as any other: of services, tags, nodes, keys of metadata and of tables', async () => {
    for (const word of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const rig = dnsRig();
      expect((await rig.ask(`${word}.service.consul`, 'A')).rcode, word).toBe('NXDOMAIN');
      expect((await rig.ask(`${word}.node.consul`, 'A')).rcode, word).toBe('NXDOMAIN');
      expect((await rig.ask(`${word}.query.consul`, 'A')).rcode, word).toBe('NXDOMAIN');
      const meta = JSON.parse(`{"${word}":"v"}`) as Record<string, string>;
      rig.put(
        nodeRow(word, '10.0.0.1', { meta }),
        serviceRow(word, word),
        serviceRow(word, 'web', { tags: [word] }),
      );
      expect((await rig.ask(`${word}.node.consul`, 'A')).answer, word).toHaveLength(1);
      expect((await rig.ask(`${word}.service.consul`, 'A')).answer, word).toHaveLength(1);
      expect((await rig.ask(`${word}.web.service.consul`, 'A')).answer, word).toHaveLength(1);
      expect((await rig.ask(`nope.${word}.service.consul`, 'A')).rcode, word).toBe('NXDOMAIN');
      const { answer } = await rig.ask(`${word}.node.consul`, 'TXT');
      expect(answer, word).toEqual([`${word}.node.consul. 0 IN TXT "${word}=v"`]);
      expect((await rig.ask('1.0.0.10.in-addr.arpa', 'PTR')).answer, word).toEqual([
        `1.0.0.10.in-addr.arpa. 0 IN PTR ${word}.node.dc1.consul.`,
      ]);
    }
  });

  it('have the TTL and the policy of their own row, and no other', async () => {
    const rows = JSON.parse('{"__proto__":9,"web":1}') as Record<string, number>;
    const policy = { policy: 'nodata', protectThreshold: 0 } as const;
    const config = { serviceTtlSeconds: rows, emptyAnswerByService: { constructor: policy } };
    const rig = dnsRig({ config });
    rig.put(nodeRow('n1', '10.0.0.1'));
    for (const name of ['__proto__', 'toString', 'constructor']) rig.put(serviceRow('n1', name));
    rig.put(
      checkRow('n1', 'c', 'critical', {
        serviceId: 'constructor' as ServiceId,
        serviceName: 'constructor' as ServiceName,
      }),
    );
    expect((await rig.ask('__proto__.service.consul', 'A')).answer[0]).toContain(' 9 IN A ');
    expect((await rig.ask('toString.service.consul', 'A')).answer[0]).toContain(' 0 IN A ');
    expect(await rig.ask('constructor.service.consul', 'A')).toMatchObject({ rcode: 'NOERROR', answer: [] });
  });
});
