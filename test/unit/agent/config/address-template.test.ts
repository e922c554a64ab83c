import { describe, expect, it } from 'vitest';
import { expandAddressTemplate, expandEnvTemplate } from '../../../../src/agent/config/address-template.ts';
import type { InterfaceAddress } from '../../../../src/agent/config/machine-addresses.ts';

function address(name: string, text: string, more: Partial<InterfaceAddress> = {}): InterfaceAddress {
  const family = text.includes(':') ? 'IPv6' : 'IPv4';
  return { name, address: text, family, prefix: 24, isLoopback: false, isDefault: false, ...more };
}

const ADDRESSES = [
  address('lo', '127.0.0.1', { isLoopback: true, prefix: 8 }),
  address('eth0', 'fe80::1', { isDefault: true }),
  address('eth0', 'fd00::5', { isDefault: true }),
  address('eth0', '10.1.2.3', { isDefault: true }),
  address('eth1', '192.168.7.1'),
  address('eth1', '198.41.0.4'),
];
const expand = (text: string) =>
  expandAddressTemplate(text, { addresses: ADDRESSES, env: { POD_IP: '10.9.9.9' } });

describe('expandAddressTemplate', () => {
  it.each([
    ['{{ GetPrivateIP }}', '10.1.2.3'],
    ['{{GetPrivateIPs}}', '10.1.2.3 fd00::5'],
    ['{{ GetInterfaceIP "eth1" }}', '192.168.7.1'],
    ['{{ GetInterfaceIPs "eth1" }}', '192.168.7.1 198.41.0.4'],
    ['{{ GetPublicIP }}', ''],
    ['{{ GetAllInterfaces | include "network" "192.168.0.0/16" | attr "address" }}', '192.168.7.1'],
    ['{{ GetAllInterfaces | exclude "name" "lo|eth0" | join "address" " " }}', '192.168.7.1 198.41.0.4'],
    [
      '{{ GetAllInterfaces | include "type" "IPv4" | sort "-address" | limit 1 | attr "address" }}',
      '198.41.0.4',
    ],
    ['{{ GetAllInterfaces | include "flag" "loopback" | attr "name" }}', 'lo'],
    [
      '{{ GetAllInterfaces | include "rfc" "1918" | sort "size,address" | join "address" "," }}',
      '10.1.2.3,192.168.7.1',
    ],
    ['{{ GetDefaultInterfaces | attr "address" }}', '10.1.2.3'],
    ['{{ GetAllInterfaces | unique "name" | join "name" " " }}', 'lo eth0 eth1'],
    ['{{ env "POD_IP" }}', '10.9.9.9'],
    ['127.0.0.1', '127.0.0.1'],
  ])('%s is %j', (template, expected) => {
    expect(expand(template)).toBe(expected);
  });

  it.each([
    ['{{ GetPrivatIP }}', 'unknown function "GetPrivatIP" in template (did you mean GetPrivateIP?)'],
    [
      '{{ GetAllInterfaces | inclde "name" "x" }}',
      'unknown function "inclde" in template (did you mean include?)',
    ],
    ['{{ GetAllInterfaces | include "nam" "x" }}', 'unknown selector "nam" in template (did you mean name?)'],
    ['{{ GetAllInterfaces }}', 'template ends in a list of interfaces'],
    ['{{ env "NOPE" }}', 'environment variable NOPE is not set'],
  ])('%s is refused', (template, message) => {
    expect(() => expand(template)).toThrow(message);
  });
});

describe('expandEnvTemplate', () => {
  const env = { POD_NAME: 'pod-7' };

  it('replaces env and leaves other braces alone', () => {
    expect(expandEnvTemplate('user-{{ env "POD_NAME" }}-{{ .Other }}', env)).toBe('user-pod-7-{{ .Other }}');
  });

  it('takes the other value when the variable is not set', () => {
    expect(expandEnvTemplate('{{ envOrDefault "NOPE" "x" }}', env)).toBe('x');
  });
});
