import { describe, expect, test } from 'vitest';
import type { Authorizer } from '../../../src/http/access/right.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';

type Entry = Readonly<Record<string, unknown>>;

async function entries(server: TestServer, query = ''): Promise<readonly Entry[]> {
  const answer = await server.get(`/v1/history${query}`);
  expect(answer.status).toBe(200);
  return answer.json() as Entry[];
}

/** One who may read services that begin with `web` and all nodes. */
const READER: Authorizer = {
  isUnlimited: false,
  group: 'web',
  accessorId: 'accessor-1',
  allows: ({ resource, name, level }) =>
    level !== 'read' || resource === 'node' || (resource === 'service' && name.startsWith('web')),
};

describe('/v1/history', () => {
  test('says what was registered, newest first, by which address and agent', async () => {
    const server = await startHttp();
    await server.put('/v1/agent/service/register', { Name: 'web', Port: 80 });
    await server.put('/v1/kv/app/colour', 'red');
    expect((await entries(server)).slice(0, 2)).toEqual([
      expect.objectContaining({
        Kind: 'kv',
        Action: 'created',
        Key: 'app/colour',
        By: { Agent: 'n1', Address: '127.0.0.1' },
      }),
      expect.objectContaining({
        Kind: 'service',
        Action: 'registered',
        Service: 'web',
        After: { Address: '', Port: 80 },
        By: { Agent: 'n1', Address: '127.0.0.1' },
      }),
    ]);
  });

  test('names the token and the address that a change came from to who may read access control or the operator, and to nobody else', async () => {
    const server = await startHttp({}, { authorizerOf: () => READER });
    await server.put('/v1/agent/service/register', { Name: 'web' });
    const byAs = async (own: Authorizer['allows']) => {
      const authorizer: Authorizer = { ...READER, allows: (right) => own(right) || READER.allows(right) };
      const limited = await startHttp({}, { authorizerOf: () => authorizer, state: server.parts.state });
      return (await entries(limited))[0]?.['By'];
    };
    const who = { Agent: 'n1', AccessorID: 'accessor-1', Address: '127.0.0.1' };
    expect(await byAs(({ resource }) => resource === 'acl')).toEqual(who);
    expect(await byAs(({ resource }) => resource === 'operator')).toEqual(who);
    expect(await byAs(() => false)).toEqual({ Agent: 'n1' });
  });

  test('does not give away the id of a query without a name, which is all it takes to run it', async () => {
    const server = await startHttp();
    await server.put('/v1/agent/service/register', { Name: 'web' });
    const { ID: Session } = (await server.put('/v1/session/create', { Checks: [] })).json() as { ID: string };
    for (const named of [{ Session }, { Name: 'named' }]) {
      const body = JSON.stringify({ ...named, Service: { Service: 'web' } });
      expect(await server.request('POST', '/v1/query', { body })).toMatchObject({ status: 200 });
    }
    const readsQueries: Authorizer = { ...READER, allows: ({ resource }) => resource === 'query' };
    const limited = await startHttp({}, { authorizerOf: () => readsQueries, state: server.parts.state });
    expect((await entries(server, '?kind=query')).length).toBe(2);
    expect((await entries(limited, '?kind=query')).map(({ Name }) => Name)).toEqual(['named']);
  });

  test('selects by service, node, kind, key, and time', async () => {
    const server = await startHttp();
    await server.put('/v1/agent/service/register', { Name: 'web' });
    await server.put('/v1/agent/service/register', { Name: 'db' });
    await server.put('/v1/kv/app/a', '1');
    await server.put('/v1/kv/apple', '1');
    expect((await entries(server, '?service=WEB')).map(({ Service }) => Service)).toEqual(['web']);
    expect((await entries(server, '?kind=kv')).map(({ Key }) => Key)).toEqual(['apple', 'app/a']);
    expect((await entries(server, '?key=app/')).map(({ Key }) => Key)).toEqual(['app/a']);
    expect((await entries(server, '?node=n1&kind=service')).map(({ Service }) => Service)).toEqual([
      'db',
      'web',
      'consul',
    ]);
    const [newest] = await entries(server);
    expect(await entries(server, `?since=${String(newest?.['Index'])}`)).toEqual([]);
    expect(await entries(server, '?since=1h')).toHaveLength((await entries(server)).length);
  });

  test('goes on in pages: the header names where', async () => {
    const server = await startHttp();
    for (const key of ['a', 'b', 'c']) await server.put(`/v1/kv/${key}`, '1');
    const keys: unknown[] = [];
    for (let before: string | undefined = ''; before !== undefined; ) {
      const answer = await server.get(`/v1/history?kind=kv&limit=2&before=${before}`);
      keys.push(...(answer.json() as Entry[]).map(({ Key }) => Key));
      before = answer.headers['x-rollcall-next'] as string | undefined;
    }
    expect(keys).toEqual(['c', 'b', 'a']);
  });

  test('blocks until something happens', async () => {
    const server = await startHttp();
    await server.put('/v1/kv/a', '1');
    const index = (await server.get('/v1/history')).headers['x-consul-index'];
    const waiting = entries(server, `?index=${String(index)}&wait=1m`);
    await server.put('/v1/kv/b', '1');
    expect((await waiting)[0]).toMatchObject({ Key: 'b' });
  });

  test('shows nobody what he may not read', async () => {
    const server = await startHttp();
    await server.put('/v1/agent/service/register', { Name: 'web' });
    await server.put('/v1/agent/service/register', { Name: 'db' });
    await server.put('/v1/kv/a', '1');
    const limited = await startHttp({}, { authorizerOf: () => READER, state: server.parts.state });
    const services = (await entries(limited)).map(
      ({ Kind, Service }) => `${String(Kind)} ${String(Service)}`,
    );
    expect(services).toEqual(['service web', 'node undefined']);
  });

  test.each([
    ['?kind=nothing', 'Unknown kind "nothing"'],
    ['?limit=0', 'Invalid value for ?limit'],
    ['?limit=x', 'Invalid value for ?limit'],
    ['?before=x', 'Invalid value for ?before'],
    ['?since=yesterday', 'Invalid value for ?since'],
  ])('refuses %s with a sentence', async (query, text) => {
    const server = await startHttp();
    const answer = await server.get(`/v1/history${query}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(text);
  });
});
