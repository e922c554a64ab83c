import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalUrl } from '../../../src/http/paths/canonical-url.ts';
import { redirectToCleanPath } from '../../../src/http/paths/clean-path.ts';
import { PathTable } from '../../../src/http/paths/path-table.ts';
import { ROUTES } from '../../../src/http/server.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';
import { listenAnywhere, rawRequest } from '../../support/raw-http.ts';

const paths = new PathTable(ROUTES);

test.each([
  ['/v1/agent/%73elf', '/v1/agent/self'],
  ['/v1%2Fagent%2fself', '/v1/agent/self'],
  ['/v1/agent/%2573elf', '/v1/agent/%2573elf'],
  ['/v1/kv/a%3Fb%23c?x=%3F#y', '/v1/kv/a%3Fb%23c?x=%3F#y'],
  ['/v1/kv/a#b', '/v1/kv/a%23b'],
  ['/v1/kv/a;b+c:d@e', '/v1/kv/a;b+c:d@e'],
  ['/v1/kv/a%3bb%2Bc%3ad%40e', '/v1/kv/a;b+c:d@e'],
  ['/v1/kv/a"[b', '/v1/kv/a%22%5Bb'],
  ['/v1/kv/a%22%5bb', '/v1/kv/a%22%5Bb'],
  ['/v1/kv/%c3%a9', '/v1/kv/%C3%A9'],
  ['/v1/kv/%0a', '/v1/kv/%0A'],
  ['http://host:1/v1/agent/self?x', '/v1/agent/self?x'],
  ['HTTPS://user@host/v1/agent/self', '/v1/agent/self'],
  ['http://host?x', '/?x'],
  ['//host/v1/agent/self', '//host/v1/agent/self'],
  ['/v1/kv/%zz', '/%'],
  ['/v1/kv/a#%zz', '/%'],
  ['/v1/kv/%ff', '/%'],
])('the one spelling of %s is %s', (target, canonical) => {
  expect(canonicalUrl(target)).toBe(canonical);
  if (canonical !== '/%') expect(canonicalUrl(canonical)).toBe(canonical);
});

test.each([
  ['/v1/kv/a/../b', '/v1/kv/b'],
  ['/v1/kv/a/./b?x=1', '/v1/kv/a/b?x=1'],
  ['/v1/kv/a/.', '/v1/kv/a'],
  ['/v1/kv/a/..', '/v1/kv/'],
  ['/v1/kv/a/./', '/v1/kv/a/'],
  ['/v1/kv/..', '/v1'],
  ['/v1/kv/../../../x', '/x'],
  ['/v1/kv/a..b/.c/d', undefined],
])('the clean path of %s is %s', (url, location) => {
  const redirect = redirectToCleanPath({ method: 'GET', url }, paths);
  expect(redirect?.headers?.['Location']).toBe(location);
});

test('a redirect has a line of HTML for GET alone, its quotes and brackets escaped', () => {
  const url = '/v1/kv//a?x="<b>"&y';
  const body = '<a href="/v1/kv/a?x=&#34;&lt;b&gt;&#34;&amp;y">Moved Permanently</a>.\n\n';
  expect(String(redirectToCleanPath({ method: 'GET', url }, paths)?.body)).toBe(body);
  expect(redirectToCleanPath({ method: 'PUT', url }, paths)?.body).toBeUndefined();
});

describe('escapes', () => {
  test('are decoded once, slashes among them, before a route is looked for', async () => {
    const { get } = await startHttp();
    expect((await get('/v1%2fagent/%73elf')).status).toBe(200);
    expect((await get('/v1/agent/%2573elf')).status).toBe(404);
    expect((await get('/v1/agent/self%3Fx')).status).toBe(404);
    expect((await get('/v1/agent%2F%2Fself')).headers['location']).toBe('/v1/agent/self');
  });

  test('lead to one key, whatever their spelling', async () => {
    const { get, request } = await startHttp();
    for (const spelling of ['a%2fb', '%61/b', 'a%2Fb', 'a/b'])
      expect((await request('PUT', `/v1/kv/${spelling}`, { body: spelling })).json()).toBe(true);
    expect((await get('/v1/kv/?keys')).json()).toEqual(['a/b']);
    expect((await get('/v1/kv/a%2fb?raw')).text).toBe('a/b');
  });
});

/** Spellings of a blocked path; whatever is answered, it must not be the endpoint. */
const ATTACKS = [
  ['GET', '/v1/agent/self', 403],
  ['GET', '/v1/agent/self?x', 403],
  ['GET', '/v1/agent/%73elf', 403],
  ['GET', '/v1/agent/sel%66', 403],
  ['GET', '/%76%31/agent/self', 403],
  ['GET', '/v1%2Fagent%2fself', 403],
  ['GET', '/v1/agent/%73%65%6C%66', 403],
  ['GET', '/v1/agent/%73%65%6c%66', 403],
  ['GET', 'http://x/v1/agent/self', 403],
  ['GET', 'HTTP://x/v1/agent/%73elf', 403],
  ['PUT', 'http://x/v1/kv/secret', 403],
  ['GET', '/v1/agent/self#x', 404],
  ['GET', '//v1/agent/self', 301],
  ['GET', 'http://x//v1/agent/self', 301],
  ['GET', '/v1//agent/self', 301],
  ['GET', '/v1/./agent/self', 301],
  ['GET', '/v1/%2e/agent/self', 301],
  ['GET', '/v1/agent/x/%2e%2E/self', 301],
  ['GET', '/v1/kv/..%2fagent/self', 301],
  ['GET', '/v1/agent/self/', 404],
  ['GET', '/v1/agent/self;x', 404],
  ['GET', '/v1/agent/self%00', 400],
  ['GET', '/v1/agent/self%ff', 400],
  ['GET', '/v1/agent/%2573elf', 404],
  ['GET', '/V1/agent/self', 404],
  ['PUT', '/v1/kv/secret', 403],
  ['PUT', '/v1/k%76/secret', 403],
  ['PUT', '/v1/kv/%73ecret', 403],
  ['PUT', '/v1/kv%2fsecret', 403],
  ['PUT', '/v1/kv/secret%2Fdeep', 403],
  ['PUT', '/v1/kv/x//../secret', 301],
  ['DELETE', '/v1/kv/secre%74', 403],
  ['OPTIONS', '/v1/agent/%73elf', 403],
  ['POST', '/v1/agent/self', 403],
] as const;

describe('a blocked endpoint', () => {
  let server: TestServer;
  let port = 0;
  beforeAll(async () => {
    server = await startHttp({ blockEndpoints: ['/v1/agent/self', '/v1/kv/secret'] });
    port = await listenAnywhere(server.app);
    return () => server.app.close();
  });

  test.each(ATTACKS)('is not reached by %s %s', async (method, target, status) => {
    const answer = await rawRequest(port, method, target, method === 'PUT' ? 'x' : '');
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.octets).toContain('Endpoint is blocked by agent configuration');
    expect(server.state.view.kv.size).toBe(0);
  });

  test('leaves its neighbours alone', async () => {
    const { get, put } = await startHttp({ blockEndpoints: ['/v1/agent/self', '/v1/kv/secret'] });
    expect((await get('/v1/agent/services')).status).toBe(200);
    expect((await put('/v1/kv/other', 'x')).status).toBe(200);
    expect((await put('/v1/kv/Secret', 'x')).status).toBe(200);
  });
});

describe('what no operation takes', () => {
  test('an unknown path says what to look for', async () => {
    const { get } = await startHttp();
    expect((await get('/v1/nope')).text).toBe('Invalid URL path: not a recognized HTTP API endpoint');
    const outside = await get('/nope');
    expect(outside.status).toBe(404);
    expect(outside.text).toBe(
      "Invalid URL path: if attempting to use the HTTP API, ensure the path starts with '/v1/'",
    );
  });

  test('a path without its last slash is sent to the one with it, query included', async () => {
    const { get } = await startHttp();
    const answer = await get('/v1/health/service?passing');
    expect([answer.status, answer.headers['location']]).toEqual([301, '/v1/health/service/?passing']);
  });

  test('access control and mesh that are switched off still have methods', async () => {
    const { app, get, request } = await startHttp();
    const refused = await get('/v1/acl/bootstrap');
    expect([refused.status, refused.headers['allow']]).toEqual([405, 'OPTIONS,PUT']);
    const authorize = await request('POST', '/v1/internal/acl/authorize', { body: '[]' });
    expect([authorize.status, authorize.text]).toEqual([401, 'ACL support disabled']);
    expect((await get('/v1/internal/acl/authorize')).headers['allow']).toBe('OPTIONS,POST');
    expect((await get('/v1/acl/token/x')).text).toBe('ACL support disabled');
    expect((await get('/v1/acl/what-comes-later')).status).toBe(401);
    const options = await app.inject({ method: 'OPTIONS', url: '/v1/connect/intentions' });
    expect(options.headers['allow']).toBe('OPTIONS,GET,POST');
  });

  test('so is one that a wider route would take', async () => {
    const { get, put } = await startHttp();
    for (const answer of [
      await get('/v1/agent/service/maintenance?enable=true'),
      await put('/v1/agent/service/maintenance?enable=true'),
    ])
      expect([answer.status, answer.headers['location']]).toEqual([
        301,
        '/v1/agent/service/maintenance/?enable=true',
      ]);
    expect((await get('/v1/agent/service/deregister')).status).toBe(301);
    expect((await get('/v1/agent/service/register')).status).toBe(405);
  });

  test.each(['a%0Ab', 'a%00', '%7f', '%c2%a0', '%e2%80%8b'])(
    'a path with what cannot be printed (%s) is a 400 without a body, unless it is allowed',
    async (key) => {
      const refusing = await startHttp();
      for (const answer of [
        await refusing.put(`/v1/kv/${key}`, 'x'),
        await refusing.get(`/v1/${key}`),
        await refusing.get(`/v1/agent/service/${key}`),
      ])
        expect([answer.status, answer.text]).toEqual([400, '']);
      const taking = await startHttp({ isEveryPathTaken: true });
      expect((await taking.put(`/v1/kv/${key}`, 'x')).json()).toBe(true);
    },
  );

  test('a path with a space or U+FFFD is taken', async () => {
    const { get } = await startHttp();
    expect((await get('/v1/agent/service/a%20b%ef%bf%bd')).status).toBe(404);
  });

  test('a path with empty segments is sent to the clean one', async () => {
    const { get } = await startHttp();
    expect((await get('/v1//agent///services')).headers['location']).toBe('/v1/agent/services');
  });

  test('broken percent-encoding is a 400 in plain text', async () => {
    const { get } = await startHttp();
    const answer = await get('/v1/health/service/a%zz');
    expect([answer.status, answer.text]).toEqual([400, '400 Bad Request']);
  });

  test('names may contain slashes, encoded or not', async () => {
    const { get, put } = await startHttp();
    await put('/v1/agent/service/register', { Name: 'web', ID: 'a/b' });
    expect((await get('/v1/agent/service/a/b')).status).toBe(200);
    expect((await get('/v1/agent/service/a%2Fb')).status).toBe(200);
    expect((await put('/v1/agent/service/deregister/a/b')).status).toBe(200);
    expect((await get('/v1/agent/service/a/b')).text).toBe('unknown service ID: a/b');
  });

  test('the root leads to the page, or says that there is none', async () => {
    expect((await (await startHttp()).get('/')).text).toContain('UI disabled');
    const withPage = await (await startHttp({ isUiEnabled: true })).get('/');
    expect([withPage.status, withPage.headers['location']]).toEqual([301, '/ui/']);
  });
});
