/** What single operations answer under access control, as a real Consul does: found by asking both the same. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AclServer, ROOT, startAclServer } from '../../support/acl-server.ts';

const UNKNOWN = 'b0b0b0b0-0000-4000-8000-00000000b0b0';

let server: AclServer;
beforeEach(async () => {
  server = await startAclServer();
});
afterEach(() => server.app.close());

test('a token that is not known is refused before what it asks about is looked at', async () => {
  const question = [{ Resource: 'nonsense', Segment: 'a', Access: 'write' }];
  const asked = (token: string) => server.as(token).post('/v1/internal/acl/authorize', question);
  expect([(await asked(UNKNOWN)).status, (await asked(UNKNOWN)).text]).toEqual([403, 'ACL not found']);
  expect((await asked(ROOT)).status).toBe(400);
});

test('a token that is not known is refused where there is nothing to be seen', async () => {
  const url = '/v1/config/service-defaults';
  expect((await server.as(UNKNOWN).get(url)).status).toBe(403);
  expect((await server.as('').get(url)).json()).toEqual([]);
});

test('the services of a gateway are an empty list', async () => {
  expect((await server.as(ROOT).get('/v1/catalog/gateway-services/g')).json()).toEqual([]);
});

test('a transaction shows a service, and its check, to whom its name is readable', async () => {
  await server.as(ROOT).put('/v1/catalog/register', {
    Node: 'm1',
    Address: '10.0.0.1',
    Service: { ID: 'web-1', Service: 'web' },
    Checks: [
      { CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'web-1' },
      { CheckID: 'n', Name: 'n', Status: 'passing' },
    ],
  });
  const reader = server.as(await server.grant('service "web" { policy = "read" }'));
  const got = await reader.put('/v1/txn', [
    { Service: { Verb: 'get', Node: 'm1', Service: { ID: 'web-1' } } },
    { Check: { Verb: 'get', Check: { Node: 'm1', CheckID: 'c' } } },
    { Check: { Verb: 'get', Check: { Node: 'm1', CheckID: 'n' } } },
    { Node: { Verb: 'get', Node: { Node: 'm1' } } },
  ]);
  expect((got.json() as { Results: object[] }).Results.map((result) => Object.keys(result)[0])).toEqual([
    'Service',
    'Check',
  ]);
});

test('a templated policy that there is not, or that lacks its name, is refused when it is given', async () => {
  const give = async (TemplatedPolicies: unknown): Promise<readonly [number, string]> => {
    const answer = await server.as(ROOT).put('/v1/acl/token', { TemplatedPolicies });
    return [answer.status, answer.text];
  };
  expect(await give([{ TemplateName: 'builtin/nope' }])).toEqual([
    500,
    'no such ACL templated policy with Name "builtin/nope"',
  ]);
  expect(await give([{ TemplateName: 'builtin/service' }])).toEqual([
    500,
    'validation error for templated policy builtin/service: Name is required',
  ]);
  const good = [{ TemplateName: 'builtin/service', TemplateVariables: { Name: 'web' } }];
  expect((await give(good))[0]).toBe(200);
});
