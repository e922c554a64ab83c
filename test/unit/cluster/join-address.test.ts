/** What operators write in retry_join. */
import { describe, expect, test } from 'vitest';
import { parseJoinAddress, resolveJoinAddress } from '../../../src/cluster/join-address.ts';

const PORTS = { server: 8300, serfLan: 8301 };

describe('an address to join', () => {
  test.each([
    ['10.0.0.1', { host: '10.0.0.1', port: 8300 }],
    ['10.0.0.1:9300', { host: '10.0.0.1', port: 9300 }],
    ['fd00::1', { host: 'fd00::1', port: 8300 }],
    ['[fd00::1]:9300', { host: 'fd00::1', port: 9300 }],
    ['consul.example.com', { host: 'consul.example.com', port: 8300 }],
    ['consul.example.com:9300', { host: 'consul.example.com', port: 9300 }],
  ])('%s is a host and a port', (text, address) => {
    expect(parseJoinAddress(text, PORTS)).toEqual(address);
  });

  test("with the port of Consul's gossip means the port of calls, because nothing gossips here", () => {
    expect(parseJoinAddress('10.0.0.1:8301', PORTS)).toEqual({ host: '10.0.0.1', port: 8300 });
  });

  test.each(['', 'a b', '10.0.0.1:0', '10.0.0.1:70000', 'http://a', '[10.0.0.1]:8300'])(
    '%j is refused with what to write instead',
    (text) => {
      expect(parseJoinAddress(text, PORTS)).toMatchObject({
        fault: expect.stringContaining('is no address'),
      });
    },
  );

  test('of a cloud provider is refused', () => {
    const text = 'provider=aws tag_key=consul tag_value=server';
    expect(parseJoinAddress(text, PORTS)).toMatchObject({
      fault: expect.stringContaining('cloud providers'),
    });
  });

  test('that has no addresses now is none, not an error', async () => {
    expect(await resolveJoinAddress({ host: 'does-not-exist.invalid', port: 8300 })).toEqual([]);
  });
});
