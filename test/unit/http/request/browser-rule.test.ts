import { beforeAll, describe, expect, test } from 'vitest';
import type { HttpParts } from '../../../../src/http/http-parts.ts';
import { browserRule } from '../../../../src/http/request/browser-rule.ts';
import { startHttp } from '../../../support/http-server.ts';

let parts: HttpParts;
beforeAll(async () => {
  const hostNames = ['localhost', '.localhost', 'N1', '.consul', 'ui.example.com'];
  const server = await startHttp({ hostNames });
  ({ parts } = server);
  return () => server.app.close();
});

function ruleWith(responseHeaders: Readonly<Record<string, string>> = {}) {
  return browserRule(parts.config, () => ({ ...parts.live(), responseHeaders }));
}

const OWN = 'http://127.0.0.1:8500';

describe('names over loopback', () => {
  const asked = async (host: string | undefined, localAddress: string | undefined = '127.0.0.1') =>
    ruleWith()({ method: 'GET', headers: { host }, socket: { localAddress } });

  test.each([
    '127.0.0.1:8500',
    '127.0.0.1',
    '[::1]:8500',
    '10.9.8.7:80',
    'localhost:8500',
    'LOCALHOST',
    'localhost.',
    'app.localhost:8500',
    'n1:8500',
    'consul.service.consul:8500',
    'ui.example.com',
    '',
    undefined,
  ])('%s is taken', async (host) => {
    expect(await asked(host)).toBeUndefined();
  });

  test.each([
    'evil.example',
    'evil.example:8500',
    'localhost.evil.example',
    'evillocalhost',
    'consul',
    '127.0.0.1.evil.example',
    'x.ui.example.com',
    '__proto__',
    '[evil]:1',
    'a:b:c',
  ])('%s is not', async (host) => {
    expect(await asked(host)).toMatch(/^This agent has no name .* http_config\.allowed_hosts/);
    expect(await asked(host, '::1')).toBeDefined();
    expect(await asked(host, '::ffff:127.0.0.1')).toBeDefined();
  });

  test('are taken elsewhere: the network decides there, and a UNIX socket has no names', async () => {
    expect(await asked('consul.example.com', '10.0.0.5')).toBeUndefined();
    const rule = ruleWith();
    expect(rule({ method: 'GET', headers: { host: 'any' }, socket: {} })).toBeUndefined();
  });

  test('that were refused stay refused after one that was taken', async () => {
    const rule = ruleWith();
    const fault = (host: string) =>
      rule({ method: 'GET', headers: { host }, socket: { localAddress: '127.0.0.1' } });
    expect([fault('localhost'), fault('evil.example') === undefined, fault('localhost')]).toEqual([
      undefined,
      false,
      undefined,
    ]);
  });
});

describe('writes', () => {
  const written = async (headers: object, responseHeaders = {}, method = 'PUT') => {
    const rule = ruleWith(responseHeaders);
    return rule({
      method,
      headers: { host: '127.0.0.1:8500', ...headers },
      socket: { localAddress: '127.0.0.1' },
    });
  };
  const REFUSED = 'Writes that come from pages of other origins are refused';

  test.each([
    {},
    { origin: OWN },
    { origin: OWN, 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://proxy.example', 'sec-fetch-site': 'same-origin' },
    { host: 'ui.example.com', origin: 'https://ui.example.com' },
  ])('of programs and of the own page are taken: %j', async (headers) => {
    expect(await written(headers)).toBeUndefined();
  });

  test.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'http://127.0.0.1:9999' },
    { origin: 'http://localhost:8500' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: OWN, 'sec-fetch-site': 'cross-site' },
  ])('from elsewhere are refused: %j', async (headers) => {
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH'])
      expect(await written(headers, {}, method)).toBe(REFUSED);
    expect(await written(headers, {}, 'GET')).toBeUndefined();
    expect(await written(headers, { 'access-control-allow-origin': '*' })).toBe(REFUSED);
  });

  test('from the origin that the operator names are taken', async () => {
    const allowed = { 'Access-Control-Allow-Origin': 'https://ops.example' };
    const headers = { origin: 'https://ops.example', 'sec-fetch-site': 'cross-site' };
    expect(await written(headers, allowed)).toBeUndefined();
    expect(await written({ origin: 'https://other.example' }, allowed)).toBe(REFUSED);
  });
});

test.each(['/v1/kv/a?raw', '/v1/agent/self', '/v1/nowhere', '/metrics'])(
  'an answer is shown in no frame and taken for nothing else: %s',
  async (url) => {
    const { get, put } = await startHttp();
    await put('/v1/kv/a', '<script>');
    expect((await get(url)).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  },
);

test('the server obeys before anything else: kept answers, unknown paths and other methods included', async () => {
  const { request, get, put } = await startHttp();
  await put('/v1/kv/a', 'x');
  await get('/v1/catalog/nodes');
  const foreign = { origin: 'https://evil.example' };
  for (const [method, url] of [
    ['PUT', '/v1/kv/a'],
    ['POST', '/v1/query'],
    ['DELETE', '/v1/kv/a'],
    ['PUT', '/v1/agent/leave'],
    ['PUT', '/nowhere'],
    ['POST', '/v1/catalog/nodes'],
  ] as const)
    expect(
      (await request(method, url, { headers: { ...foreign, 'content-type': 'text/plain' }, body: 'y' }))
        .status,
    ).toBe(403);
  expect((await get('/v1/kv/a?raw', foreign)).text).toBe('x');
});
