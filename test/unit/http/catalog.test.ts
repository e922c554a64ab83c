import { describe, expect, test } from 'vitest';
import { startHttp } from '../../support/http-server.ts';

const REFUSED: readonly (readonly [body: object, text: string])[] = [
  [{}, 'Must provide node'],
  [{ Address: '1.1.1.1' }, 'Must provide node'],
  [{ Node: 'a' }, 'Must provide address if SkipNodeUpdate is not set'],
  [{ Node: 'a', Address: '1.1.1.1', Datacenter: 'dc9' }, 'No path to datacenter'],
  [{ Node: 'a', Address: '1.1.1.1', ID: 'x' }, 'Bad node ID: uuid string is wrong length'],
  [
    { Node: 'a', Address: '1.1.1.1', ID: '111111112222333344445555555555556666' },
    'Bad node ID: uuid is improperly formatted',
  ],
  [
    { Node: 'a', Address: '1.1.1.1', ID: 'zz111111-2222-3333-4444-555555555555' },
    "Bad node ID: encoding/hex: invalid byte: U+007A 'z'",
  ],
  [
    { Node: 'a', Address: '1.1.1.1', Service: { Service: 'm', Meta: { 'bad key': 'x' } } },
    "failed inserting service: Invalid Service Meta for node a and serviceID m: Couldn't load metadata pair ('bad key', 'x'): Key contains invalid characters",
  ],
  [
    { Node: 'a', Address: '1.1.1.1', Service: { Service: 'g', Kind: 'mesh-gateway' } },
    '1 error occurred:\n\t* Port must be non-zero for a mesh-gateway\n\n',
  ],
  [{ Node: 'a', Address: '1.1.1.1', Service: { ID: 'only' } }, 'Must provide service name with ID'],
  [
    { Node: 'a', Address: '1.1.1.1', Service: { Service: 'w', Address: '0.0.0.0' } },
    'Invalid service address',
  ],
  [
    { Node: 'a', Address: '1.1.1.1', Check: { Name: 'c', ServiceID: 'no' } },
    'failed inserting check: Missing service registration on node "a"',
  ],
  [
    { Node: 'a', Address: '1.1.1.1', Check: { Node: 'b', Name: 'c' } },
    'check node "b" does not match node "a"',
  ],
  [
    { Node: 'a', Address: '1.1.1.1', Service: { Service: 'p', Kind: 'connect-proxy' } },
    '2 errors occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\t* Port must be set for a Connect proxy\n\n',
  ],
];

describe('/v1/catalog/register', () => {
  test.each(REFUSED)('refuses %j', async (body, text) => {
    const { put, state } = await startHttp();
    const before = state.index;
    const answer = await put('/v1/catalog/register', body);
    expect([answer.status, answer.text]).toEqual([500, text]);
    expect(state.index).toBe(before);
  });

  test('refuses other namespaces and partitions, wherever they are named', async () => {
    const { put } = await startHttp();
    const node = { Node: 'a', Address: '1.1.1.1' };
    const service = { Service: 'web', Namespace: 'team' };
    for (const body of [
      { ...node, Partition: 'far' },
      { ...node, Service: service },
      { ...node, Check: { Name: 'c', Namespace: 'team' } },
    ])
      expect((await put('/v1/catalog/register', body)).text).toBe(
        'Namespaces and partitions are not supported',
      );
    const ours = { ...node, Partition: 'default', Service: { ...service, Namespace: '' } };
    expect((await put('/v1/catalog/register', ours)).status).toBe(200);
  });

  test('leaves out fields of a definition that nobody knows, and weights that nothing can be drawn with', async () => {
    const { get, put } = await startHttp();
    const body = {
      Node: 'a',
      Address: '1.1.1.1',
      Service: { Service: 'web', Weights: { Passing: -1, Warning: 0 } },
      Check: { Name: 'c', Status: 'passing', Definition: { HTTP: 'http://x', Interval: '5s', script: 'x' } },
    };
    expect((await put('/v1/catalog/register', body)).text).toBe('true');
    expect((await get('/v1/health/node/a')).json()).toMatchObject([
      { Definition: { HTTP: 'http://x', Interval: '5s' } },
    ]);
    expect((await get('/v1/health/node/a')).text).not.toContain('script');
    expect((await get('/v1/catalog/node/a')).json()).toMatchObject({
      Services: { web: { Weights: { Passing: 1, Warning: 1 } } },
    });
  });

  test('writing the same again moves no index', async () => {
    const { put, state } = await startHttp();
    const body = { Node: 'a', Address: '1.1.1.1', Service: { Service: 'web', Tags: ['x'] } };
    await put('/v1/catalog/register', body);
    const before = state.index;
    expect((await put('/v1/catalog/register', body)).text).toBe('true');
    expect(state.index).toBe(before);
  });

  test('a definition of a check is kept without what is empty, in the order of Consul', async () => {
    const { get, put } = await startHttp();
    await put('/v1/catalog/register', {
      Node: 'a',
      Address: '1.1.1.1',
      Checks: [
        { Name: 'h', Definition: { HTTP: 'http://x', Method: 'GET', Interval: 5e9, Header: { a: ['b'] } } },
        { Name: 't', Status: 'passing', Definition: { TCP: 'x:1' } },
        { Name: 'u', Status: 'passing', Definition: { TTL: '10s' } },
        { Name: 'own', Status: 'warning', Type: 'mine' },
      ],
    });
    const checks = (await get('/v1/health/node/a')).json() as Record<string, unknown>[];
    expect(
      checks.map((check) => [check['Status'], check['Type'], JSON.stringify(check['Definition'])]),
    ).toEqual([
      ['critical', 'http', '{"Interval":"5s","HTTP":"http://x","Header":{"a":["b"]},"Method":"GET"}'],
      ['warning', 'mine', '{}'],
      ['passing', '', '{"TCP":"x:1"}'],
      ['passing', 'ttl', '{"TTL":10000000000}'],
    ]);
  });
});

describe('reads', () => {
  async function filled() {
    const server = await startHttp();
    for (const [node, meta] of [
      ['b', { rack: 'r1' }],
      ['a', { rack: 'r2', big: '' }],
    ] as const) {
      await server.put('/v1/catalog/register', {
        Node: node,
        Address: `10.0.0.${node === 'a' ? 1 : 2}`,
        NodeMeta: meta,
        Service: { Service: 'web', ID: `web-${node}`, Tags: [node, 'All'], Port: 80 },
        Check: { Name: 'up', Status: node === 'a' ? 'passing' : 'warning', ServiceID: `web-${node}` },
      });
    }
    return server;
  }

  const ids = (answer: { json(): unknown }, key: string): unknown[] =>
    (answer.json() as Record<string, unknown>[]).map((row) => row[key]);

  test('lists are ordered by node, then by id', async () => {
    const { get } = await filled();
    expect(ids(await get('/v1/catalog/nodes'), 'Node')).toEqual(['a', 'b', 'n1']);
    expect(ids(await get('/v1/catalog/service/web'), 'ServiceID')).toEqual(['web-a', 'web-b']);
  });

  test('tags are compared without case and must all be there', async () => {
    const { get } = await filled();
    const found = async (query: string): Promise<unknown[]> =>
      ids(await get(`/v1/catalog/service/web?${query}`), 'ServiceID');
    expect(await found('tag=all')).toEqual(['web-a', 'web-b']);
    expect(await found('tag=A&tag=all')).toEqual(['web-a']);
    expect(await found('tag=a&tag=b')).toEqual([]);
    expect(await found('tag=')).toEqual([]);
  });

  test('node-meta selects nodes, also of services and checks', async () => {
    const { get } = await filled();
    expect(ids(await get('/v1/catalog/nodes?node-meta=rack:r1'), 'Node')).toEqual(['b']);
    expect(ids(await get('/v1/catalog/nodes?node-meta=rack:r2&node-meta=big'), 'Node')).toEqual(['a']);
    expect(ids(await get('/v1/health/state/any?node-meta=rack:r1'), 'Node')).toEqual(['b']);
    expect(Object.keys((await get('/v1/catalog/services?node-meta=rack:r1')).json() as object)).toEqual([
      'web',
    ]);
    expect((await get('/v1/catalog/nodes?node-meta=rack')).json()).toEqual([]);
  });

  test('passing leaves out warnings, and must be a boolean', async () => {
    const { get } = await filled();
    expect((await get('/v1/health/service/web?passing')).json()).toHaveLength(1);
    expect((await get('/v1/health/service/web?passing=true')).json()).toHaveLength(1);
    expect((await get('/v1/health/service/web?passing=0')).json()).toHaveLength(2);
    const answer = await get('/v1/health/service/web?passing=perhaps');
    expect([answer.status, answer.text]).toEqual([400, 'Invalid value for ?passing']);
  });

  test('filters select documents; of service names they select instances', async () => {
    const { get } = await filled();
    expect(ids(await get('/v1/health/state/any?filter=Status==warning'), 'Node')).toEqual(['b']);
    expect((await get('/v1/health/service/web?filter=Checks.Status==passing')).json()).toHaveLength(1);
    expect((await get('/v1/catalog/services?filter=NodeMeta.rack==r1')).json()).toEqual({
      web: ['b', 'All'],
    });
    const answer = await get('/v1/catalog/nodes?filter=Nope==1');
    expect([answer.status, answer.text]).toEqual([
      500,
      'Failed to create boolean expression evaluator: Selector "Nope" is not valid',
    ]);
  });

  test('a node is found by name without case, by id and by the beginning of its id', async () => {
    const { get, put } = await filled();
    const id = '40e4a748-2192-161a-0510-9bf59fe950b5';
    await put('/v1/catalog/register', { Node: 'With-Id', Address: '1.1.1.1', ID: id });
    for (const name of ['with-id', id, '40e4a748'])
      expect((await get(`/v1/catalog/node/${name}`)).json()).toMatchObject({ Node: { Node: 'With-Id' } });
    expect((await get('/v1/catalog/node/40')).json()).toBeNull();
  });

  test('nothing is an empty list, null or an empty pair, by route', async () => {
    const { get } = await startHttp();
    expect((await get('/v1/catalog/service/nope')).text).toBe('[]');
    expect((await get('/v1/health/service/nope')).text).toBe('[]');
    expect((await get('/v1/health/state/bogus')).text).toBe('[]');
    expect((await get('/v1/catalog/node/nope')).text).toBe('null');
    expect((await get('/v1/catalog/node-services/nope')).text).toBe('{"Node":null,"Services":null}');
    expect((await get('/v1/catalog/gateway-services/nope')).text).toBe('null');
  });

  test.each([
    ['/v1/catalog/service/', 'Missing service name'],
    ['/v1/catalog/node/', 'Missing node name'],
    ['/v1/health/service/', 'Missing service name'],
    ['/v1/health/node/', 'Missing node name'],
    ['/v1/health/checks/', 'Missing service name'],
    ['/v1/health/state/', 'Missing check state'],
  ])('%s wants a name', async (url, text) => {
    const answer = await (await startHttp()).get(url);
    expect([answer.status, answer.text]).toEqual([400, text]);
  });
});

test('proxies and native instances speak for a service in the mesh', async () => {
  const { get, put } = await startHttp();
  const node = { Node: 'a', Address: '1.1.1.1' };
  const proxy = {
    Service: 'web-proxy',
    Kind: 'connect-proxy',
    Port: 1,
    Proxy: { DestinationServiceName: 'web' },
  };
  await put('/v1/catalog/register', { ...node, Service: proxy });
  await put('/v1/catalog/register', {
    ...node,
    Service: { Service: 'web', ID: 'n', Connect: { Native: true } },
  });
  await put('/v1/catalog/register', { ...node, Service: { Service: 'web', ID: 'plain' } });
  expect((await get('/v1/health/connect/web')).json()).toMatchObject([
    { Service: { ID: 'n' } },
    { Service: { ID: 'web-proxy', Proxy: { DestinationServiceName: 'web', MeshGateway: {}, Expose: {} } } },
  ]);
  expect((await get('/v1/catalog/connect/web')).json()).toHaveLength(2);
  expect((await get('/v1/health/ingress/web')).json()).toEqual([]);
});
