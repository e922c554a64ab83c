/** Laid out as Consul 1.8.7 prints it. */
import { expect, test } from 'vitest';
import { policyLines, policyText, roleLines, tokenText } from '../../../src/cli/acl/acl-render.ts';

const STAMP = { CreateIndex: 5, ModifyIndex: 6 };
const POLICY = {
  ID: 'p-1',
  Name: 'kv',
  Description: 'd',
  Rules: 'key "a" {}',
  Datacenters: ['dc1', 'dc2'],
  ...STAMP,
};

test('a token, with everything that it may have', () => {
  const token = {
    AccessorID: 'a-1',
    SecretID: 's-1',
    Description: 'tok',
    Local: true,
    CreateTime: '2026-11-21T14:12:18.900Z',
    ExpirationTime: '2026-11-21T16:12:18.000Z',
    Policies: [{ ID: 'p-1', Name: 'kv' }],
    Roles: [{ ID: 'r-1', Name: 'ops' }],
    ServiceIdentities: [{ ServiceName: 'web' }, { ServiceName: 'db', Datacenters: ['dc1', 'dc2'] }],
    NodeIdentities: [{ NodeName: 'n1', Datacenter: 'dc1' }],
    Hash: Buffer.from('abc').toString('base64'),
    ...STAMP,
  };
  expect(tokenText(token, true).split('\n')).toEqual([
    'AccessorID:       a-1',
    'SecretID:         s-1',
    'Description:      tok',
    'Local:            true',
    'Create Time:      2026-11-21 14:12:18.900 +0000 UTC',
    'Expiration Time:  2026-11-21 16:12:18 +0000 UTC',
    'Hash:             616263',
    'Create Index:     5',
    'Modify Index:     6',
    'Policies:',
    '   p-1 - kv',
    'Roles:',
    '   r-1 - ops',
    'Service Identities:',
    '   web (Datacenters: all)',
    '   db (Datacenters: dc1, dc2)',
    'Node Identities:',
    '   n1 (Datacenter: dc1)',
    '',
  ]);
});

test('a policy, and a list of them', () => {
  expect(policyText(POLICY, false)).toBe(
    'ID:           p-1\nName:         kv\nDescription:  d\nDatacenters:  dc1, dc2\nRules:\nkey "a" {}',
  );
  expect(policyLines([{ ...POLICY, Datacenters: null }], false)).toBe(
    'kv:\n   ID:           p-1\n   Description:  d\n   Datacenters:  \n',
  );
});

test('a list of roles', () => {
  const role = { ID: 'r-1', Name: 'ops', Description: '', Policies: [{ ID: 'p-1', Name: 'kv' }], ...STAMP };
  expect(roleLines([role], false)).toBe(
    'ops:\n   ID:           r-1\n   Description:  \n   Policies:\n      p-1 - kv\n',
  );
});
