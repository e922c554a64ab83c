import { describe, expect, it } from 'vitest';
import { type Config, defaultConfig } from '../../../src/agent/config/options.ts';
import { greeting } from '../../../src/agent/greeting.ts';
import { chooseNodeId, identityOf, nodeMetaOf } from '../../../src/agent/identity.ts';
import { listenError } from '../../../src/agent/listen-error.ts';

const config = (more: Partial<Config>): Config => ({ ...defaultConfig(true), node_name: 'n1', ...more });

describe('the identity of an agent', () => {
  it('has tagged addresses by family, and the metadata of a real server', () => {
    const own = config({ bind_addr: '10.0.0.1', node_meta: { rack: 'r7' } });
    expect(nodeMetaOf(own)).toEqual({ 'consul-network-segment': '', rack: 'r7' });
    expect(identityOf(own, 'id')).toEqual({
      nodeName: 'n1',
      nodeId: 'id',
      advertiseAddress: '10.0.0.1',
      taggedAddresses: { lan: '10.0.0.1', lan_ipv4: '10.0.0.1', wan: '10.0.0.1', wan_ipv4: '10.0.0.1' },
    });
  });

  it('advertises what it is told to', () => {
    const { advertiseAddress, taggedAddresses } = identityOf(
      config({ advertise_addr: 'fd00::1', advertise_addr_wan: '1.2.3.4' }),
      'id',
    );
    expect(advertiseAddress).toBe('fd00::1');
    expect(taggedAddresses).toEqual({
      lan: 'fd00::1',
      lan_ipv6: 'fd00::1',
      wan: '1.2.3.4',
      wan_ipv4: '1.2.3.4',
    });
  });

  it('prefers a configured id, then the remembered one, then a new one', () => {
    const given = '11111111-2222-3333-4444-55555555555A';
    expect(chooseNodeId(config({ node_id: given }), 'old', () => 'new')).toBe(given.toLowerCase());
    expect(chooseNodeId(config({}), 'old', () => 'new')).toBe('old');
    expect(chooseNodeId(config({}), undefined, () => 'new')).toBe('new');
  });
});

describe('the greeting', () => {
  it('names each address once, and does not advise to ask what is off', () => {
    const identity = identityOf(config({}), 'id');
    const addresses = { 'addresses.http': ['::1', '127.0.0.1', '::1'], 'ports.http': 8500 };
    const lines = greeting(config({ ...addresses, 'ports.dns': -1 }), identity, '1');
    expect(lines.map((line) => line.trim().replace(/ +/, ' '))).toEqual(
      expect.arrayContaining(['DNS off', 'HTTP [::1]:8500, 127.0.0.1:8500', 'Try rollcall members']),
    );
  });

  it('is five lines with what to type on this machine', () => {
    const lines = greeting(config({ client_addr: ['0.0.0.0'] }), identityOf(config({}), 'id'), '1.2.3');
    expect(lines).toEqual([
      'rollcall 1.2.3: node n1 in dc1 (127.0.0.1), nothing is kept on disk',
      '  DNS   0.0.0.0:8600 (UDP and TCP)',
      '  HTTP  0.0.0.0:8500',
      '  Page  http://127.0.0.1:8500/ui/',
      '  Try   dig @127.0.0.1 -p 8600 consul.service.consul SRV',
    ]);
  });
});

describe('listenError', () => {
  const place = { portKey: 'ports.dns', flag: 'dns-port', address: '::1', port: 53 };
  it.each([
    ['EADDRINUSE', '[::1]:53 is in use by another program; stop it or choose another port with -dns-port'],
    ['EACCES', '[::1]:53 may not be opened by this user'],
    ['EADDRNOTAVAIL', '[::1]:53 is not an address of this machine'],
  ])('says for %s what to change', (code, text) => {
    expect(listenError(place, { code }).message).toContain(`ports.dns: ${text}`);
  });
});
