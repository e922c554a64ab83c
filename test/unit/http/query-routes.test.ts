import { beforeEach, describe, expect, test } from 'vitest';
import { registerService, service } from '../../support/catalog.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startHttp();
  return () => server.app.close();
});

const post = (body: unknown) =>
  server.request('POST', '/v1/query', { body: typeof body === 'string' ? body : JSON.stringify(body) });
const create = async (body: unknown): Promise<string> => ((await post(body)).json() as { ID: string }).ID;

const FULL = {
  Name: 'q1',
  Session: '',
  Token: '',
  Template: { Type: '', Regexp: '', RemoveEmptyTags: false },
  Service: {
    Service: 'web',
    Failover: { NearestN: 1, Datacenters: ['dc2'] },
    OnlyPassing: true,
    IgnoreCheckIDs: null,
    Near: '_agent',
    Tags: ['a', '!b'],
    NodeMeta: { x: 'y' },
    ServiceMeta: null,
    Connect: false,
  },
  DNS: { TTL: '10s' },
};
const STAMP = { CreateIndex: expect.any(Number), ModifyIndex: expect.any(Number) };

describe('a prepared query', () => {
  test.each(['', 'default'])('may name the namespace and partition %j', async (name) => {
    const tenancy = { Namespace: name, Partition: name };
    const id = await create({ ...FULL, ...tenancy, Service: { ...FULL.Service, ...tenancy } });
    expect((await server.get(`/v1/query/${id}`)).json()).toEqual([{ ID: id, ...FULL, ...STAMP }]);
    for (const other of [{ Namespace: 'x' }, { Service: { Service: 'web', Partition: 'x' } }]) {
      const answer = await post({ Name: 'q2', ...other });
      expect([answer.status, answer.text]).toEqual([400, 'Namespaces and partitions are not supported']);
    }
  });

  test('is shown as it was given, with defaults filled in', async () => {
    const id = await create(FULL);
    expect((await server.get(`/v1/query/${id}`)).json()).toEqual([{ ID: id, ...FULL, ...STAMP }]);
    const update = await server.put(`/v1/query/${id}`, { Name: 'q2', Service: { Service: 'web' } });
    expect([update.status, update.text]).toEqual([200, '']);
    const [changed] = (await server.get('/v1/query')).json() as { Service: object; DNS: object }[];
    expect(changed).toMatchObject({ Name: 'q2', DNS: { TTL: '' } });
    expect(changed?.Service).toMatchObject({
      Failover: { NearestN: 0, Datacenters: null },
      Tags: null,
      Near: '',
    });
  });

  test('may fail over to targets, as newer clients write it', async () => {
    const Failover = { Targets: [{ Datacenter: 'dc2' }, { Peer: 'east' }] };
    const id = await create({ Name: 'q', Service: { Service: 'web', Failover } });
    expect((await server.get(`/v1/query/${id}`)).json()).toMatchObject([{ Service: { Failover } }]);
  });

  test('is gone when it was deleted', async () => {
    const id = await create(FULL);
    const removed = await server.request('DELETE', `/v1/query/${id}`);
    expect([removed.status, removed.text]).toEqual([200, '']);
    const answer = await server.get(`/v1/query/${id}`);
    expect([answer.status, answer.text]).toEqual([404, 'Query not found']);
    const again = await server.request('DELETE', `/v1/query/${id}`);
    expect([again.status, again.text]).toEqual([500, `Cannot modify non-existent prepared query: '${id}'`]);
  });

  test('executes by id and by name, with slashes in it too', async () => {
    for (const id of ['w1', 'w2'])
      await server.writer.submit(registerService('n1', service({ name: 'web', id })));
    const id = await create({ Name: 'a/b', Service: { Service: 'web' }, DNS: { TTL: '9s' } });
    for (const name of [id, 'a/b', 'A/B']) {
      const answer = await server.get(`/v1/query/${name}/execute?limit=1`);
      expect(answer.json()).toMatchObject({
        Service: 'web',
        Nodes: [{ Node: { Node: 'n1' }, Service: { Service: 'web', Tags: null } }],
        DNS: { TTL: '9s' },
        Datacenter: 'dc1',
        Failovers: 0,
        Index: 0,
        KnownLeader: true,
        ConsistencyLevel: 'leader',
      });
      expect((answer.json() as { Nodes: unknown[] }).Nodes).toHaveLength(1);
      expect(answer.headers['x-consul-index']).toBe('1');
    }
  });

  test('explains its template', async () => {
    const Service = '$'.concat('{name.suffix}');
    await create({ Name: 'geo-', Template: { Type: 'name_prefix_match' }, Service: { Service } });
    expect((await server.get('/v1/query/geo-db/explain')).json()).toMatchObject({
      Query: { Name: 'geo-', Service: { Service: 'db' } },
      ConsistencyLevel: 'leader',
    });
  });

  test('sorts by the address that asks, also behind a proxy', async () => {
    for (const node of ['far', 'n1']) {
      const command = registerService(node, service({ name: 'web', id: node }));
      await server.writer.submit({
        ...command,
        node: { ...command.node, address: node === 'far' ? '10.9.9.9' : '10.1.1.1' },
      });
    }
    await create({ Name: 'q', Service: { Service: 'web', Near: '_ip' } });
    for (let n = 0; n < 10; n += 1) {
      const answer = await server.get('/v1/query/q/execute', { 'x-forwarded-for': '10.9.9.9, 10.0.0.7' });
      expect(answer.json()).toMatchObject({ Nodes: [{ Node: { Node: 'far' } }, { Node: { Node: 'n1' } }] });
    }
  });
});

describe('a refusal', () => {
  test.each([
    ['{', 400, 'Request decode failed: '],
    ['', 400, 'Request decode failed: EOF'],
    ['{"foo":1}', 400, 'Request decode failed: json: unknown field "foo"'],
    ['{"Service":{"only_passing":true}}', 400, 'Request decode failed: json: unknown field "only_passing"'],
    [
      '{"DNS":{"TTL":10}}',
      400,
      'Request decode failed: json: cannot unmarshal number into Go struct field .DNS.TTL of type string',
    ],
    [
      '{"ID":"abc","Name":"x","Service":{"Service":"a"}}',
      500,
      'ID must be empty when creating a new prepared query',
    ],
    ['{"Name":"x"}', 500, 'Invalid prepared query: Must provide a Service name to query'],
    ['null', 500, 'Invalid prepared query: Must be bound to a session'],
  ])('of %s', async (body, status, text) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
    expect(server.state.view.queries.size).toBe(0);
  });

  test.each([
    ['GET', 'none/execute', 404, 'Query not found'],
    ['GET', 'none/explain', 404, 'Query not found'],
    ['GET', 'abc', 500, 'failed prepared query lookup: index error: UUID must be 36 characters'],
    ['GET', 'q/execute?limit=abc', 500, 'Bad limit: strconv.Atoi: parsing "abc": invalid syntax'],
    [
      'GET',
      'q/execute?connect=abc',
      500,
      `Error parsing 'connect' value: strconv.ParseBool: parsing "abc": invalid syntax`,
    ],
    ['GET', 'q/execute?dc=nowhere', 500, 'No path to datacenter'],
    ['GET', 'execute', 404, 'Query not found'],
    ['GET', 'explain', 404, 'Query not found'],
    ['PUT', 'execute', 405, 'method PUT not allowed'],
    ['PUT', 'q/execute', 405, 'method PUT not allowed'],
    ['DELETE', 'q/explain', 405, 'method DELETE not allowed'],
    [
      'PUT',
      '',
      500,
      'Prepared Query lookup failed: failed prepared query lookup: index error: UUID must be 36 characters',
    ],
    [
      'DELETE',
      'abc',
      500,
      'Prepared Query lookup failed: failed prepared query lookup: index error: UUID must be 36 characters',
    ],
  ])('of %s %s', async (method, path, status, text) => {
    await create({ Name: 'q', Service: { Service: 'web' } });
    const answer = await server.request(method, `/v1/query/${path}`);
    expect([answer.status, answer.text]).toEqual([status, text]);
    if (status === 405) expect(answer.headers['allow']).toBe('GET');
  });
});
