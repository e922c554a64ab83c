/**
 * Documents that clients read at one place and write at another, and fields that only some of them have.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { startHttp, type TestServer } from '../../support/http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startHttp();
  return () => server.app.close();
});

const registered = async (body: object): Promise<string> => {
  const answer = await server.put('/v1/agent/service/register', body);
  return `${answer.status} ${answer.text}`;
};
const inCatalog = async (body: object): Promise<string> => {
  const answer = await server.put('/v1/catalog/register', { Node: 'ext', Address: '10.0.0.9', ...body });
  return `${answer.status} ${answer.text}`;
};
const inTxn = async (service: object): Promise<string> => {
  const answer = await server.put('/v1/txn', [{ Service: { Verb: 'set', Node: 'n1', Service: service } }]);
  return `${answer.status} ${answer.status === 200 ? '' : answer.text}`;
};

describe('a service that was read', () => {
  test('from the agent is taken by a transaction as it is', async () => {
    await registered({ ID: 'w1', Name: 'web', Port: 80, Tags: ['a'], Meta: { k: 'v' }, Address: '10.0.0.1' });
    const document = (await server.get('/v1/agent/service/w1')).json() as object;
    expect(document).toHaveProperty('ContentHash');
    expect(await inTxn({ ...document, ID: 'w2', PeerName: '', Namespace: 'default', Partition: '' })).toBe(
      '200 ',
    );
    const [, written] = (await server.get('/v1/health/service/web')).json() as [unknown, { Service: object }];
    expect(written.Service).toMatchObject({ ID: 'w2', Port: 80, Tags: ['a'], Meta: { k: 'v' } });
  });

  test('from the health of a service is taken by the catalog as it is', async () => {
    await inCatalog({
      Service: { Service: 'db', Port: 5 },
      Check: { Name: 'c', ServiceID: 'db', Status: 'passing' },
    });
    const [entry] = (await server.get('/v1/health/service/db')).json() as {
      Node: object;
      Service: object;
      Checks: object[];
    }[];
    const body = { ...entry?.Node, Service: { ...entry?.Service, PeerName: '' }, Checks: entry?.Checks };
    const { Meta: _meta, ...asRegistration } = body as { Meta?: unknown };
    expect(await inCatalog(asRegistration)).toBe('200 true');
  });

  test.each(['ContentHash', 'Datacenter', 'tagged_addresses', 'enable_tag_override', 'Bogus'])(
    'has %s nowhere in the catalog',
    async (name) => {
      const text = `400 Request decode failed: json: unknown field "${name}"`;
      expect(await inCatalog({ Service: { Service: 'x', [name]: null } })).toBe(text);
    },
  );

  test('of a peer cannot be written', async () => {
    expect(await inTxn({ ID: 'x', Service: 'x', PeerName: 'p' })).toBe(
      '400 Failed to parse body: Peers are not supported',
    );
    expect(await inCatalog({ Service: { Service: 'x', PeerName: 'p' } })).toBe('400 Peers are not supported');
  });
});

test('a registration of the catalog may carry the indexes of its node', async () => {
  expect(await inCatalog({ CreateIndex: 5, ModifyIndex: 7 })).toBe('200 true');
});

test.each([
  ['ingress-gateway', true],
  ['api-gateway', true],
  ['mesh-gateway', false],
  ['terminating-gateway', false],
])('a service of the kind %s without a port is taken: %j', async (kind, isTaken) => {
  const fault = `1 error occurred:\n\t* Port must be non-zero for a ${kind}\n\n\n`.slice(0, -1);
  expect(await registered({ Name: 'g', Kind: kind })).toBe(isTaken ? '200 ' : `400 ${fault}`);
  expect(await inCatalog({ Service: { Service: 'g', Kind: kind } })).toBe(
    isTaken ? '200 true' : `500 ${fault}`,
  );
});

describe('checks', () => {
  const TTL = { TTL: '10s', ProxyHTTP: 'http://10.0.0.1:1/', ProxyGRPC: '10.0.0.1:1' };

  test('of a service may name the proxy that they were exposed through', async () => {
    expect(await registered({ Name: 'web', Check: TTL })).toBe('200 ');
    expect(await registered({ Name: 'web', Checks: [TTL] })).toBe('200 ');
  });

  test('that stand alone may not', async () => {
    const answer = await server.put('/v1/agent/check/register', { Name: 'c', ...TTL });
    expect(`${answer.status} ${answer.text}`).toBe(
      '400 Request decode failed: json: unknown field "ProxyHTTP"',
    );
  });
});

describe('settings of a proxy', () => {
  const PROXY = { Name: 'p', Kind: 'connect-proxy', Port: 1 };
  const shown = async (proxy: object): Promise<unknown> => {
    expect(await registered({ ...PROXY, Proxy: proxy })).toBe('200 ');
    return ((await server.get('/v1/agent/service/p')).json() as { Proxy: unknown }).Proxy;
  };

  test.each([
    { destination_service_name: 'web', destination_service_id: 'w1' },
    { DestinationServiceName: 'web', DestinationServiceID: 'w1' },
    { destinationservicename: 'web', destinationServiceId: 'w1' },
  ])('have one name whichever spelling was used: %j', async (proxy) => {
    expect(await shown(proxy)).toMatchObject({ DestinationServiceName: 'web', DestinationServiceID: 'w1' });
  });

  test('name services as upstreams unless they say otherwise', async () => {
    const upstreams = [
      { destination_name: 'db', local_bind_port: 4, config: { a_b: 1 } },
      { DestinationType: '', DestinationName: 'mq' },
      { DestinationType: 'prepared_query', DestinationName: 'q' },
    ];
    expect(await shown({ DestinationServiceName: 'web', Upstreams: upstreams })).toMatchObject({
      Upstreams: [
        { DestinationType: 'service', DestinationName: 'db', LocalBindPort: 4, Config: { a_b: 1 } },
        { DestinationType: 'service', DestinationName: 'mq' },
        { DestinationType: 'prepared_query', DestinationName: 'q' },
      ],
    });
  });
});
