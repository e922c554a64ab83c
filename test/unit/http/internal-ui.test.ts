/**
 * What pages ask of the whole catalog.
 */
import { describe, expect, test } from 'vitest';
import type { Authorizer } from '../../../src/http/access/right.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';

describe('/v1/internal/ui/services', () => {
  test('has one line a service, with instances and checks by state', async () => {
    const { get, put } = await startHttp();
    const register = (node: string, id: string, tags: readonly string[], status: string) =>
      put('/v1/catalog/register', {
        Node: node,
        Address: '10.0.0.1',
        Service: { ID: id, Service: 'web', Tags: tags },
        Check: { Node: node, CheckID: `c-${id}`, ServiceID: id, Name: 'c', Status: status },
      });
    await register('a', 'w1', ['x', 'y'], 'passing');
    await register('a', 'w2', ['y'], 'critical');
    await register('b', 'w3', [], 'warning');
    await put('/v1/catalog/register', {
      Node: 'a',
      Address: '10.0.0.1',
      Check: { Node: 'a', CheckID: 'disk', Name: 'disk', Status: 'warning' },
    });
    const services = (await get('/v1/internal/ui/services')).json() as readonly { readonly Name: string }[];
    expect(services.find(({ Name }) => Name === 'web')).toEqual({
      Name: 'web',
      Datacenter: 'dc1',
      Tags: ['x', 'y'],
      Nodes: ['a', 'b'],
      InstanceCount: 3,
      ChecksPassing: 1,
      ChecksWarning: 3,
      ChecksCritical: 1,
      InstancesPassing: 0,
      InstancesWarning: 2,
      InstancesCritical: 1,
      InstancesMaintenance: 0,
      ExternalSources: null,
      GatewayConfig: {},
      TransparentProxy: false,
      ConnectNative: false,
      ConnectedWithProxy: false,
      ConnectedWithGateway: false,
    });
  });

  test('tells where instances come from and which services have proxies', async () => {
    const { get, put } = await startHttp();
    const register = (fields: object) =>
      put('/v1/catalog/register', {
        Node: 'a',
        Address: '10.0.0.1',
        NodeMeta: { 'external-source': 'nomad' },
        Service: fields,
      });
    await register({ Service: 'web', Meta: { 'external-source': 'kubernetes' }, Connect: { Native: true } });
    const proxy = { DestinationServiceName: 'web', Mode: 'transparent' };
    await register({ Service: 'web-proxy', Kind: 'connect-proxy', Port: 1, Proxy: proxy });
    expect((await get('/v1/internal/ui/services')).json()).toMatchObject([
      { Name: 'consul', ExternalSources: null, ConnectedWithProxy: false },
      {
        Name: 'web',
        ExternalSources: ['kubernetes', 'nomad'],
        ConnectNative: true,
        TransparentProxy: false,
        ConnectedWithProxy: true,
      },
      { Name: 'web-proxy', Kind: 'connect-proxy', ProxyFor: ['web'], TransparentProxy: true },
    ]);
  });

  test('counts the instances that a filter selects', async () => {
    const { get, put } = await startHttp();
    for (const [node, status] of [
      ['a', 'passing'],
      ['b', 'critical'],
    ] as const) {
      const check = { CheckID: 'c', ServiceID: 'web', Name: 'c', Status: status };
      await put('/v1/catalog/register', {
        Node: node,
        Address: '10.0.0.1',
        Service: { Service: 'web' },
        Check: check,
      });
    }
    const filtered = async (filter: string) =>
      (await get(`/v1/internal/ui/services?filter=${encodeURIComponent(filter)}`)).json();
    expect(await filtered('Checks.Status == critical')).toMatchObject([
      { Name: 'web', InstanceCount: 1, Nodes: ['b'], ChecksCritical: 1, ChecksPassing: 0 },
    ]);
    expect(await filtered('Service.Service == web')).toMatchObject([{ Name: 'web', InstanceCount: 2 }]);
    expect(await filtered('Node.Node == nowhere')).toEqual([]);
    const wrong = await get('/v1/internal/ui/services?filter=ServiceName==web');
    expect([wrong.status, wrong.text]).toEqual([
      500,
      'Failed to create boolean expression evaluator: Selector "ServiceName" is not valid',
    ]);
  });

  test('can be waited on: a check that changes wakes it', async () => {
    const { get, put } = await startHttp();
    const service = { Service: 'web', ID: 'w' };
    const check = { Node: 'a', CheckID: 'c', ServiceID: 'w', Name: 'c', Status: 'passing' };
    const node = { Node: 'a', Address: '10.0.0.1', Service: service };
    await put('/v1/catalog/register', { ...node, Check: check });
    const { headers } = await get('/v1/internal/ui/services');
    const waiting = get(`/v1/internal/ui/services?index=${String(headers['x-consul-index'])}&wait=60s`);
    await put('/v1/catalog/register', { ...node, Check: { ...check, Status: 'critical' } });
    expect((await waiting).text).toContain('"InstancesCritical":1');
  });
});

describe('/v1/internal/ui/health-map', () => {
  async function start(options: Parameters<typeof startHttp>[1] = {}): Promise<TestServer> {
    const server = await startHttp({}, options);
    for (const [node, id, status] of [
      ['a', 'w1', 'passing'],
      ['a', 'w2', 'critical'],
      ['b', 'w3', 'warning'],
      ['c', 'w4', 'passing'],
    ])
      await server.put('/v1/catalog/register', {
        Node: node,
        Address: '10.0.0.1',
        Service: { ID: id, Service: 'web' },
        Check: { CheckID: `c-${id}`, ServiceID: id, Name: 'c', Status: status },
      });
    return server;
  }
  const WEB = { Name: 'web', Critical: ['a'], Warning: ['b'], Maintenance: [], Passing: ['c'] };
  const linesOf = async (server: TestServer) =>
    (await server.get('/v1/internal/ui/health-map')).json() as readonly { readonly Name: string }[];

  test('names each node of a service once, by the worst of its instances there', async () => {
    expect((await linesOf(await start())).find(({ Name }) => Name === 'web')).toEqual(WEB);
  });

  test('leaves out what the asker may not read, and services of which nothing is left', async () => {
    const mayRead = (nodes: readonly string[], services: readonly string[]): Authorizer => ({
      isUnlimited: false,
      group: `${nodes}/${services}`,
      accessorId: 'accessor-1',
      allows: ({ resource, name, level }) =>
        level !== 'read' || (resource === 'node' ? nodes : services).includes(name),
    });
    let asker = mayRead([], []);
    const server = await start({ authorizerOf: () => asker });
    asker = mayRead(['b', 'c'], ['web']);
    expect(await linesOf(server)).toEqual([{ ...WEB, Critical: [] }]);
    asker = mayRead(['a'], ['consul']);
    expect(await linesOf(server)).toEqual([]);
  });

  test('can be waited on', async () => {
    const server = await start();
    const { headers } = await server.get('/v1/internal/ui/health-map');
    const waiting = server.get(
      `/v1/internal/ui/health-map?index=${String(headers['x-consul-index'])}&wait=60s`,
    );
    await server.put('/v1/catalog/deregister', { Node: 'a', ServiceID: 'w2' });
    expect((await waiting).text).toContain('"Passing":["a","c"]');
  });
});

describe('/v1/internal/ui/search', () => {
  const namesOf = async (server: TestServer, text: string): Promise<readonly string[]> => {
    const found = (await server.get(`/v1/internal/ui/search?q=${encodeURIComponent(text)}`)).json();
    return (found as readonly Readonly<Record<string, string>>[]).map(({ Kind, Name }) => `${Kind} ${Name}`);
  };

  async function start(own: Parameters<typeof startHttp>[1] = {}): Promise<TestServer> {
    const server = await startHttp({}, own);
    for (const [node, id, service] of [
      ['web-node', 'api-1', 'api'],
      ['ext', 'web-1', 'web'],
      ['ext', 'spider', 'cobweb'],
    ])
      await server.put('/v1/catalog/register', {
        Node: node,
        Address: '10.0.0.1',
        Service: { ID: id, Service: service },
        Check: { CheckID: `c-${id}`, ServiceID: id, Name: `ping ${service}`, Status: 'passing' },
      });
    await server.put('/v1/kv/conf/WEB/port', '80');
    await server.request('POST', '/v1/query', {
      body: JSON.stringify({ Name: 'near-web', Service: { Service: 'web' } }),
    });
    return server;
  }

  test('finds every kind, what begins with the text before what has it inside, whatever the case', async () => {
    expect(await namesOf(await start(), ' Web ')).toEqual([
      'service web',
      'service cobweb',
      'instance web-1',
      'node web-node',
      'check ping web',
      'check ping cobweb',
      'key conf/WEB/port',
      'query near-web',
    ]);
  });

  test('gives nothing for nothing, and refuses what nobody types', async () => {
    const server = await start();
    expect(await namesOf(server, '')).toEqual([]);
    expect((await server.get(`/v1/internal/ui/search?q=${'x'.repeat(257)}`)).status).toBe(400);
  });

  test('gives up to 20 of a kind, the best ones', async () => {
    const server = await startHttp();
    for (let n = 99; n >= 0; n--) await server.put(`/v1/kv/web-${n}`, '1');
    const found = await namesOf(server, 'web-');
    expect(found.length).toBe(20);
    expect(found[0]).toBe('key web-0');
  });

  test('finds only what may be read', async () => {
    const reader: Authorizer = {
      isUnlimited: false,
      group: 'web',
      accessorId: 'accessor-1',
      allows: ({ resource, name, level }) =>
        level !== 'read' || (resource !== 'key' && resource !== 'query' && name !== 'cobweb'),
    };
    expect(await namesOf(await start({ authorizerOf: () => reader }), 'web')).toEqual([
      'service web',
      'instance web-1',
      'node web-node',
      'check ping web',
    ]);
  });
});

describe('nodes for pages', () => {
  async function start(): Promise<TestServer> {
    const server = await startHttp();
    await server.put('/v1/catalog/register', {
      Node: 'ext',
      Address: '10.0.0.9',
      NodeMeta: { rack: 'r1' },
      Service: { ID: 'db1', Service: 'db', Port: 5, Meta: { v: '1' } },
      Checks: [
        { CheckID: 'disk', Name: 'disk', Status: 'warning' },
        { CheckID: 'ping', Name: 'ping', Status: 'passing', ServiceID: 'db1' },
      ],
    });
    return server;
  }

  const STAMP = { CreateIndex: expect.any(Number), ModifyIndex: expect.any(Number) };
  const EXT = {
    ID: '',
    Node: 'ext',
    Address: '10.0.0.9',
    TaggedAddresses: null,
    Meta: { rack: 'r1' },
    Services: [
      {
        ID: 'db1',
        Service: 'db',
        Tags: null,
        Address: '',
        Meta: { v: '1' },
        Port: 5,
        Weights: { Passing: 1, Warning: 1 },
        EnableTagOverride: false,
        Proxy: { MeshGateway: {}, Expose: {} },
        Connect: {},
        ...STAMP,
      },
    ],
    Checks: [
      expect.objectContaining({ CheckID: 'disk', ServiceName: '', ServiceTags: null }),
      expect.objectContaining({ CheckID: 'ping', ServiceName: 'db', ServiceTags: null }),
    ],
  };

  test('have their services and checks, in a list and alone', async () => {
    const { get } = await start();
    const list = await get('/v1/internal/ui/nodes');
    expect(list.json()).toEqual([EXT, expect.objectContaining({ Node: 'n1' })]);
    expect(Object.keys((list.json() as [object])[0])).toEqual(Object.keys(EXT));
    expect((await get('/v1/internal/ui/node/EXT')).json()).toEqual(EXT);
  });

  test.each([
    ['Node == ext', ['ext']],
    ['Meta.rack == r1', ['ext']],
    ['Services.Service == db', ['ext']],
    ['Checks.Status == warning', ['ext']],
    ['Services is empty', []],
  ])('are selected by %s', async (filter, names) => {
    const { get } = await start();
    const answer = await get(`/v1/internal/ui/nodes?filter=${encodeURIComponent(filter)}`);
    expect((answer.json() as { Node: string }[]).map(({ Node }) => Node)).toEqual(names);
  });

  test('are refused with a selector that they have not, without a name, and where they are not known', async () => {
    const { get } = await start();
    for (const selector of ['Datacenter', 'Services.Bogus', 'constructor'])
      expect((await get(`/v1/internal/ui/nodes?filter=${selector}==x`)).text).toBe(
        `Failed to create boolean expression evaluator: Selector "${selector}" is not valid`,
      );
    const nameless = await get('/v1/internal/ui/node/');
    expect([nameless.status, nameless.text]).toEqual([400, 'Missing node name']);
    const unknown = await get('/v1/internal/ui/node/nope');
    expect([unknown.status, unknown.text]).toEqual([404, '']);
  });

  test('can be waited for: a service on a node that is not there yet', async () => {
    const { get, put } = await start();
    const before = await get('/v1/internal/ui/node/late');
    const waiting = get(
      `/v1/internal/ui/node/late?index=${String(before.headers['x-consul-index'])}&wait=60s`,
    );
    await put('/v1/catalog/register', { Node: 'late', Address: '10.0.0.8' });
    expect((await waiting).json()).toMatchObject({ Node: 'late', Services: [] });
  });
});
