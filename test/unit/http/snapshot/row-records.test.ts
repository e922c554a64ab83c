import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { restorableRow, SNAPSHOT_TABLES } from '../../../../src/catalog/snapshot.ts';
import type { PutChange } from '../../../../src/catalog/state.ts';
import { recordOf } from '../../../../src/http/snapshot/row-records.ts';
import { StateReader } from '../../../../src/http/snapshot/state-reader.ts';
import { unpackSnapshot } from '../../../../src/http/snapshot/unpack-snapshot.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { Turns } from '../../../../src/lib/fair-turns.ts';
import { pack } from '../../../../src/lib/message-pack.ts';
import { KvValue } from '../../../../src/model/kv-value.ts';
import { UNSTAMPED } from '../../../../src/model/types.ts';
import { startKv } from '../../../support/kv.ts';
import { recordsOf, type StateRecord, stateOf } from '../../../support/snapshot-files.ts';
import { repositoryDir } from '../../../support/source-files.ts';

const NODE = { ...UNSTAMPED, name: 'n1', id: '', address: '10.0.0.1', taggedAddresses: null, meta: null };
const SERVICE = {
  ...UNSTAMPED,
  node: 'n1',
  id: 'web',
  name: 'web',
  kind: '',
  tags: ['a'],
  address: '',
  taggedAddresses: null,
  meta: null,
  port: 80,
  socketPath: '',
  weights: { passing: 1, warning: 1 },
  enableTagOverride: false,
  proxy: null,
  connect: null,
  locality: null,
};
const KEY = {
  ...UNSTAMPED,
  key: 'k',
  value: KvValue.of(Buffer.from('v')),
  flags: '0',
  lockIndex: 0,
  session: '',
};

const TOKEN = {
  ...UNSTAMPED,
  policies: ['p'],
  serviceIdentities: [],
  nodeIdentities: [],
  templatedPolicies: [],
  accessorId: 'a',
  secretId: 's',
  description: 'd',
  roles: [],
  isLocal: false,
  authMethod: '',
  expiresAtMs: 0,
  createdAtMs: 1_700_000_000_001,
};
const GRANTED = {
  policies: [],
  serviceIdentities: [{ serviceName: 'web', datacenters: ['dc1'] }],
  nodeIdentities: [{ nodeName: 'n', datacenter: 'dc1' }],
  templatedPolicies: [{ templateName: 'builtin/service', name: 'web', datacenters: [] }],
};

const CONTEXT = { view: { nodes: new Map([['n1', NODE]]) as never }, datacenter: 'dc1' };

const put = (table: string, row: object): PutChange => ({ op: 'put', table, row }) as PutChange;

/** Kind and fields of the record of a row. */
function written(table: string, row: object): StateRecord {
  const state = Buffer.concat([pack({ LastIndex: 1 }), recordOf(put(table, row), CONTEXT)]);
  return recordsOf(state).records[0] as StateRecord;
}

function readState(state: Buffer) {
  const reader = new StateReader({ maxLineBytes: 1e6, take: (row) => row, roomBytes: 1e9 });
  reader.add(state);
  while (reader.step());
  return reader.end();
}

const read = (records: readonly StateRecord[]) => readState(stateOf({ LastIndex: 1 }, records));

describe('a row in a snapshot', () => {
  test.each([
    ['nodes', NODE],
    ['nodes', { ...NODE, meta: JSON.parse('{"__proto__":"x","constructor":"y"}') }],
    ['services', SERVICE],
    [
      'services',
      { ...SERVICE, taggedAddresses: { wan: { address: '1.2.3.4', port: 1 } }, connect: { Native: true } },
    ],
    ['kv', KEY],
    ['kv', { ...KEY, flags: '18446744073709551615', value: null }],
    ['aclTokens', TOKEN],
    ['aclTokens', { ...TOKEN, ...GRANTED, roles: ['r'], expiresAtMs: 1_800_000_000_123, isLocal: true }],
    [
      'aclPolicies',
      { ...UNSTAMPED, id: 'p', name: 'n', description: 'd', rules: 'key "" {}', datacenters: ['dc1'] },
    ],
    ['aclRoles', { ...UNSTAMPED, ...GRANTED, id: 'r', name: 'n', description: '' }],
    [
      'aclAuthMethods',
      {
        ...UNSTAMPED,
        name: 'jwt',
        type: 'jwt',
        displayName: '',
        description: '',
        maxTokenTtlMs: 3_600_000,
        tokenLocality: 'global',
        config: { BoundAudiences: ['a'], ClockSkewLeeway: 1e10 },
      },
    ],
    [
      'aclBindingRules',
      {
        ...UNSTAMPED,
        id: 'b',
        description: '',
        authMethod: 'jwt',
        selector: 'x == "y"',
        bindType: 'templated-policy',
        bindName: 'builtin/service',
        bindVarName: 'web',
      },
    ],
  ])('is what Consul writes and no more, where that says everything: %s', (table, row) => {
    const [, fields] = written(table, row);
    expect(fields).not.toHaveProperty('Rollcall');
    const { rows } = readState(Buffer.concat([pack({ LastIndex: 1 }), recordOf(put(table, row), CONTEXT)]));
    expect(JSON.parse(JSON.stringify(rows.at(-1)))).toEqual(JSON.parse(JSON.stringify(put(table, row))));
  });

  test.each([
    ['a proxy that sets what is empty', 'services', { ...SERVICE, proxy: { LocalServicePort: 0 } }],
    [
      'a proxy with a text for a number',
      'services',
      { ...SERVICE, proxy: { LocalServicePort: '80', Upstreams: [1] } },
    ],
    ['flags that are no number', 'kv', { ...KEY, flags: 'x' }],
    ['a table that Consul has not', 'lockDelays', { ...UNSTAMPED, key: 'k', untilMs: 5 }],
    ['a service whose node is not there', 'services', { ...SERVICE, node: 'gone' }],
  ])('travels beside the record where Consul cannot say it: %s', (_what, table, row) => {
    const [type, fields] = written(table, row);
    expect(JSON.parse((fields as { Rollcall: string }).Rollcall)).toEqual(
      JSON.parse(JSON.stringify({ table, row })),
    );
    expect(read([[type, fields]]).rows.at(-1)).toEqual(put(table, JSON.parse(JSON.stringify(row)) as object));
  });

  test('never gives Consul a type that it does not have there', () => {
    const proxy = {
      LocalServicePort: '80',
      Upstreams: [{ LocalBindPort: 'x', DestinationName: 'db' }],
      Config: { a: [1] },
    };
    const [, fields] = written('services', { ...SERVICE, proxy });
    expect((fields as { Service: object }).Service).toMatchObject({
      Proxy: { Upstreams: [{ DestinationName: 'db' }], Config: { a: [1] } },
    });
    expect((fields as { Service: { Proxy: object } }).Service.Proxy).not.toHaveProperty('LocalServicePort');
  });

  test('durations of checks are numbers of nanoseconds in Consul, and text again here', () => {
    const check = {
      ...UNSTAMPED,
      node: 'n1',
      id: 'c',
      name: 'c',
      status: 'passing',
      notes: '',
      output: '',
      serviceId: '',
      serviceName: '',
      serviceTags: [],
      type: 'http',
      interval: '10s',
      timeout: '',
      exposedPort: 0,
      definition: { HTTP: 'http://x', Interval: '10s', DeregisterCriticalServiceAfter: '2h0m0s', TTL: 5e9 },
    };
    const [, fields] = written('checks', check);
    expect(fields).not.toHaveProperty('Rollcall');
    expect((fields as { Check: { Definition: object } }).Check.Definition).toEqual({
      HTTP: 'http://x',
      Interval: 1e10,
      DeregisterCriticalServiceAfter: 7.2e12,
      TTL: 5e9,
    });
    expect(read([[0, fields]]).rows.at(-1)).toEqual(put('checks', check));
  });
});

describe('records of Consul', () => {
  test('of other namespaces, partitions and peers are counted and not taken', () => {
    const { rows, untaken } = read([
      [2, { Key: 'a', Namespace: 'team' }],
      [0, { Node: 'n', Address: '1.1.1.1', PeerName: 'far' }],
      [
        0,
        { Node: 'n', Address: '1.1.1.1', Partition: 'default', Service: { Service: 'x', Namespace: 'team' } },
      ],
      [2, { Key: 'b', Namespace: 'default' }],
    ]);
    expect(rows.map(({ row }) => row)).toMatchObject([{ key: 'b' }]);
    expect([...untaken]).toEqual([['records of other namespaces, partitions or peers', 3]]);
  });

  test('of kinds that nobody here knows are named by their numbers', () => {
    expect([
      ...read([
        [77, { A: 1 }],
        [12, {}],
        [16, { Key: 'kvs' }],
      ]).untaken,
    ]).toEqual([
      ['records of the kind 77', 1],
      ['intentions', 1],
    ]);
  });

  test('of tokens of before policies are kept where they had all rights, and counted where they had rules of their own', () => {
    const old = { AccessorID: 'a', SecretID: 's', CreateTime: new Uint8Array(15) };
    const { rows, untaken } = read([
      [17, { ...old, Type: 'management' }],
      [17, { ...old, Type: 'client', Rules: 'key "" { policy = "read" }' }],
    ]);
    expect(rows.map(({ row }) => row)).toMatchObject([
      { policies: ['00000000-0000-0000-0000-000000000001'] },
    ]);
    expect([...untaken]).toEqual([['ACL tokens', 1]]);
  });

  test('bring the node of a service even where it has no record of its own, and only once', () => {
    const node = { Node: 'N', Address: '1.1.1.1' };
    const { rows } = read([
      [0, { ...node, Service: { Service: 'x' } }],
      [0, { ...node, Check: { CheckID: 'c', Status: 'passing' } }],
      [0, { ...node, Node: 'n' }],
    ]);
    expect(rows.map(({ table }) => table)).toEqual(['nodes', 'services', 'checks']);
  });

  test('that a real one wrote are read whole', async () => {
    const file = fs.readFileSync(path.join(repositoryDir, 'test/golden/consul-1.8.7.snap'));
    const { state } = await startKv();
    const { rows, untaken } = await unpackSnapshot([file], {
      packedBytes: file.length,
      maxLineBytes: 8e6,
      take: (row) => restorableRow(state.view, row),
      turns: new Turns(systemClock),
      roomBytes: 1e9,
    });
    const count = (table: string): number => rows.filter((row) => row.table === table).length;
    expect(Object.fromEntries(SNAPSHOT_TABLES.map((table) => [table, count(table)]))).toMatchObject({
      nodes: 2,
      services: 4,
      checks: 3,
      sessions: 1,
      kv: 5,
      queries: 2,
      aclTokens: 3,
      aclPolicies: 2,
      aclRoles: 1,
    });
    const token = rows.find(({ table, row }) => table === 'aclTokens' && row.description === 't1')?.row;
    expect(token).toMatchObject({
      accessorId: '33333333-3333-3333-3333-333333333333',
      secretId: '22222222-2222-2222-2222-222222222222',
      serviceIdentities: [{ serviceName: 'api', datacenters: [] }],
      nodeIdentities: [{ nodeName: 'n9', datacenter: 'dc1' }],
    });
    expect(
      (token as { expiresAtMs: number }).expiresAtMs - (token as { createdAtMs: number }).createdAtMs,
    ).toBe(36_000_000);
    expect(Object.fromEntries(untaken)).toMatchObject({ intentions: 1, 'config entries': 1, 'CA roots': 1 });
  });
});
