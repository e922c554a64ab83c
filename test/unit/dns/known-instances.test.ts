import { describe, expect, it } from 'vitest';
import { select } from '../../../src/catalog/select.ts';
import { ServiceIndex, ServiceIndexes } from '../../../src/dns/known-instances.ts';
import type { ServiceId, ServiceName } from '../../../src/model/types.ts';
import { checkRow, dnsRig, nodeRow, serviceRow } from '../../support/dns-rig.ts';

/** `web` with so many instances, of which every third is critical; tags `t0` to `t9` in turn. */
function rigWith(count: number) {
  const rig = dnsRig();
  rig.put(nodeRow('n1', '10.0.0.1'));
  for (let i = 0; i < count; i += 1) {
    const id = `w${i}` as ServiceId;
    rig.put(
      serviceRow('n1', 'web', { id, address: `10.1.${i >> 8}.${i & 255}`, tags: [`T${i % 10}`, 'all'] }),
    );
    if (i % 3 === 0)
      rig.put(checkRow('n1', `c${i}`, 'critical', { serviceId: id, serviceName: 'web' as ServiceName }));
  }
  return rig;
}

describe('the instances of a service', () => {
  it('are judged by tag as without an index', () => {
    const { view } = rigWith(100).state;
    const index = new ServiceIndex(view, 'web', false);
    for (const tag of ['t3', 'T3', 'ALL', 'nope']) {
      expect(index.withTag(tag), tag).toEqual(select(view, 'web', { onlyPassing: false, tag }));
    }
    expect(index.all).toEqual(select(view, 'web', { onlyPassing: false }));
  });

  it('are the same until something about them changes, whoever asks', () => {
    const rig = rigWith(100);
    const indexes = new ServiceIndexes(rig.state.view);
    const before = indexes.of('web', false);
    indexes.invalidate(['service:other', 'node:n2']);
    expect(indexes.of('WEB', false)).toBe(before);
    indexes.invalidate(['service:web']);
    expect(indexes.of('web', false)).not.toBe(before);
  });

  it('of new tags are answered anew after a change, also where they were asked before', async () => {
    const rig = rigWith(100);
    const rcodeOf = async (tag: string) => (await rig.ask(`${tag}.web.service.consul`, 'A')).rcode;
    expect([await rcodeOf('fresh'), await rcodeOf('t4')]).toEqual(['NXDOMAIN', 'NOERROR']);
    rig.put(serviceRow('n1', 'web', { id: 'w1' as ServiceId, tags: ['fresh'] }));
    expect(await rcodeOf('fresh')).toBe('NOERROR');
    rig.reconfigure({ onlyPassing: true });
    rig.put(
      checkRow('n1', 'late', 'warning', { serviceId: 'w1' as ServiceId, serviceName: 'web' as ServiceName }),
    );
    expect(await rcodeOf('fresh')).toBe('NXDOMAIN');
  });

  it('cost a question with a tag that nobody has next to nothing, however many they are', () => {
    const { view } = rigWith(2_000).state;
    const index = new ServiceIndex(view, 'web', false);
    expect(index.withTag('nope-1')).toBe(index.withTag('nope-2'));
  });
});
