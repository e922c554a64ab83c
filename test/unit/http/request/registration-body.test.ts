import { describe, expect, test } from 'vitest';
import { startHttp } from '../../../support/http-server.ts';

const checks = (count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({ Name: `c${i}`, TTL: '1h' }));

describe('registrations are bounded', () => {
  test('as many checks as allowed are taken, one more is refused before anything is made of them', async () => {
    const server = await startHttp({ registrationMaxChecks: 3 });
    const register = (count: number) =>
      server.put('/v1/agent/service/register', { Name: 'web', Checks: checks(count) });
    expect((await register(3)).status).toBe(200);
    const refused = await register(4);
    expect(refused.status).toBe(413);
    expect(refused.text).toBe('Registration contains too many checks (4 > 3)');
    expect(server.parts.local.checks().size).toBe(3);
  });

  test('the catalog has the same limit, under every spelling of the list', async () => {
    const server = await startHttp({ registrationMaxChecks: 1 });
    const node = { Node: 'a', Address: '10.0.0.1' };
    const two = [{ Name: 'a' }, { Name: 'b' }];
    for (const body of [
      { ...node, Checks: two },
      { ...node, checks: two },
      { ...node, cHECKS: two },
    ])
      expect((await server.put('/v1/catalog/register', body)).status).toBe(413);
    expect((await server.put('/v1/catalog/register', { ...node, Checks: two.slice(1) })).status).toBe(200);
  });

  test('a body over the limit of registrations is refused, and other bodies keep theirs', async () => {
    const server = await startHttp({ registrationMaxBytes: 1_000 });
    const Notes = 'n'.repeat(2_000);
    for (const [path, body] of [
      ['/v1/agent/service/register', { Name: 'web', Check: { TTL: '1h', Notes } }],
      ['/v1/agent/check/register', { Name: 'web', TTL: '1h', Notes }],
      ['/v1/catalog/register', { Node: 'a', Address: '10.0.0.1', Check: { Name: 'c', Notes } }],
    ] as const) {
      const { status, text } = await server.put(path, body);
      expect(status, path).toBe(413);
      expect(text).toContain('too large, max size: 1000 bytes');
    }
    expect((await server.put('/v1/kv/a', 'v'.repeat(2_000))).status).toBe(200);
  });

  test('a body of very many small values is refused, whatever it is for', async () => {
    const server = await startHttp();
    const list = `[${Array.from({ length: 20_000 }, () => 0).join(',')}]`;
    const body = `{"Name":"x","Proxy":{"Config":{"a":${list}}}}`;
    for (const path of ['/v1/agent/service/register', '/v1/session/create', '/v1/txn', '/v1/query']) {
      const method = path === '/v1/query' ? 'POST' : 'PUT';
      const { status, text } = await server.request(method, path, { body });
      expect([status, text], path).toEqual([413, 'Request body holds more than 20000 JSON values']);
    }
  });

  test('commas and brackets inside texts are not values', async () => {
    const server = await startHttp();
    const Notes = '\\",[{'.repeat(30_000);
    expect((await server.put('/v1/agent/check/register', { Name: 'c', TTL: '1h', Notes })).status).toBe(200);
  });
});
