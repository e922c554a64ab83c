import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { LiveHttpConfig } from '../../../src/http/http-parts.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { startHttp } from '../../support/http-server.ts';

describe('methods', () => {
  test('a method that a path does not have is a 405 that names the others', async () => {
    const { request } = await startHttp();
    const answer = await request('POST', '/v1/catalog/nodes');
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('OPTIONS,GET');
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.text).toBe('method POST not allowed');
  });

  test('a path of its own is not taken by a wildcard of another method', async () => {
    const { get, request } = await startHttp();
    expect((await get('/v1/agent/service/register')).status).toBe(405);
    expect((await request('DELETE', '/v1/agent/service/deregister/x')).headers['allow']).toBe('OPTIONS,PUT');
  });

  test('HEAD and PATCH are refused, OPTIONS tells the methods', async () => {
    const { request } = await startHttp();
    expect((await request('HEAD', '/v1/catalog/nodes')).status).toBe(405);
    expect((await request('PATCH', '/v1/catalog/register')).headers['allow']).toBe('OPTIONS,PUT');
    const options = await request('OPTIONS', '/v1/health/service/web');
    expect([options.status, options.headers['allow'], options.text]).toEqual([200, 'OPTIONS,GET', '']);
  });
});

describe('consistency', () => {
  test.each([
    ['stale&consistent', 'Cannot specify ?stale with ?consistent, conflicting semantics.'],
    ['cached&consistent', 'Cannot specify ?cached with ?consistent, conflicting semantics.'],
    ['max_stale=x', 'Invalid max_stale value "x"'],
    ['index=x', 'Invalid index'],
    ['index=-1', 'Invalid index'],
    ['wait=5', 'Invalid wait time'],
  ])('?%s is refused', async (query, text) => {
    const { get } = await startHttp();
    const answer = await get(`/v1/catalog/nodes?${query}`);
    expect([answer.status, answer.text]).toEqual([400, text]);
  });

  test('the mode that was asked for is named', async () => {
    const { get } = await startHttp();
    const modeOf = async (query: string): Promise<unknown> =>
      (await get(`/v1/catalog/nodes?${query}`)).headers['x-consul-effective-consistency'];
    expect([await modeOf(''), await modeOf('stale'), await modeOf('consistent')]).toEqual([
      'leader',
      'stale',
      'consistent',
    ]);
  });

  test('a broken Cache-Control is refused, also where the bytes of the answer are kept', async () => {
    const { get } = await startHttp();
    await get('/v1/catalog/nodes');
    const answer = await get('/v1/catalog/nodes', { 'cache-control': 'max-age=z' });
    expect([answer.status, answer.text]).toEqual([400, 'Invalid Cache-Control header.']);
  });

  test('?cached is a MISS first and a HIT with an age afterwards', async () => {
    const { get } = await startHttp();
    const miss = await get('/v1/health/service/consul?cached');
    const hit = await get('/v1/health/service/consul?cached');
    expect([miss.headers['x-cache'], miss.headers['age']]).toEqual(['MISS', undefined]);
    expect([hit.headers['x-cache'], hit.headers['age']]).toEqual(['HIT', '0']);
  });

  test('another datacenter cannot be reached, not even one whose name differs in case', async () => {
    const { get } = await startHttp();
    const far = await get('/v1/catalog/nodes?dc=dc9');
    expect([far.status, far.text]).toEqual([500, 'No path to datacenter']);
    expect((await get('/v1/catalog/nodes?dc=DC1')).status).toBe(500);
    expect((await get('/v1/catalog/nodes?dc=dc1')).status).toBe(200);
  });

  test.each([
    ['index=18446744073709551616', 'Invalid index'],
    ['wait=2562048h', 'Invalid wait time'],
  ])('%s is more than Consul can count', async (query, refusal) => {
    const { get } = await startHttp();
    const answer = await get(`/v1/catalog/nodes?${query}`);
    expect([answer.status, answer.text]).toEqual([400, refusal]);
  });

  test.each([
    ['max-age', 200],
    ['max-age=-1', 200],
    ['max-age=99999999999', 200],
    ['max-age = x', 200],
    ['no-cache, stale-if-error=x', 400],
    ['max-age=', 400],
    ['max-age=9223372036854775808', 400],
  ])('Cache-Control %j is a %i', async (header, status) => {
    const { get } = await startHttp();
    expect((await get('/v1/catalog/nodes', { 'cache-control': header })).status).toBe(status);
  });
});

describe('answers', () => {
  test('pretty is four spaces and a line end; a development agent always is', async () => {
    const { get } = await startHttp();
    expect((await get('/v1/catalog/datacenters')).text).toBe('["dc1"]');
    expect((await get('/v1/catalog/datacenters?pretty')).text).toBe('[\n    "dc1"\n]\n');
    const dev = await startHttp({ isAlwaysPretty: true });
    expect((await dev.get('/v1/catalog/datacenters')).text).toBe('[\n    "dc1"\n]\n');
  });

  test('large answers are compressed for who takes it, kept ones too', async () => {
    const { get, put } = await startHttp();
    await put('/v1/agent/service/register', { Name: 'web', Meta: { text: 'x'.repeat(500) } });
    await put('/v1/agent/service/register', { Name: 'api', Meta: { text: 'y'.repeat(500) } });
    await put('/v1/agent/service/register', { Name: 'db', Meta: { text: 'z'.repeat(500) } });
    const plain = await get('/v1/agent/services');
    for (let round = 0; round < 2; round += 1) {
      const zipped = await get('/v1/agent/services', { 'accept-encoding': 'gzip, deflate' });
      expect(zipped.headers['content-encoding']).toBe('gzip');
      expect(Number(zipped.headers['content-length'])).toBeLessThan(plain.text.length / 2);
    }
    const refused = await get('/v1/agent/services', { 'accept-encoding': 'gzip;q=0' });
    expect(refused.headers['content-encoding']).toBeUndefined();
    expect(refused.headers['vary']).toBe('Accept-Encoding');
  });

  test('configured headers are on every answer', async () => {
    const live = { nodeMeta: {}, responseHeaders: { 'X-Custom': 'yes' }, debugConfig: {}, configSources: {} };
    const { get, request } = await startHttp({}, { live: () => live });
    for (const answer of [
      await get('/v1/nope'),
      await get('/v1/catalog/nodes'),
      await request('OPTIONS', '/v1/kv/x'),
    ])
      expect(answer.headers['x-custom']).toBe('yes');
  });

  test('headers that a reload changed are on kept answers too, and on what no route takes', async () => {
    const common = { nodeMeta: { rack: 'r1' }, debugConfig: {}, configSources: {} };
    let live: LiveHttpConfig = { ...common, responseHeaders: { 'X-Custom': 'old' } };
    const { get } = await startHttp({}, { live: () => live });
    await get('/v1/catalog/nodes');
    live = { ...common, nodeMeta: { rack: 'r2' }, responseHeaders: { 'X-Other': 'new' } };
    for (const url of ['/v1/catalog/nodes', '/v1/nope']) {
      const { headers } = await get(url);
      expect([headers['x-custom'], headers['x-other']]).toEqual([undefined, 'new']);
    }
    expect((await get('/v1/agent/self')).json()).toMatchObject({ Meta: { rack: 'r2' } });
  });
});

describe('registrations', () => {
  test('a check that asks for less than the least interval is registered, with a line in the log', async () => {
    const lines: object[] = [];
    const log = {
      ...silentLogger,
      warn: (fields: object, text: string) => void lines.push({ fields, text }),
    };
    const { put } = await startHttp({}, { log });
    const check = { TCP: 'localhost:1', Interval: '20ms' };
    expect((await put('/v1/agent/check/register', { Name: 'c', ...check })).status).toBe(200);
    expect((await put('/v1/agent/service/register', { Name: 's', Check: check })).status).toBe(200);
    const text = 'interval 20ms is below the least one, 1s is used';
    expect(lines).toEqual([
      { fields: { check: 'c' }, text },
      { fields: { check: 'service:s' }, text },
    ]);
  });
});

describe('tenancy', () => {
  test('the default namespace and partition may be named, others are refused', async () => {
    const { get } = await startHttp();
    expect((await get('/v1/health/service/consul?ns=default&partition=Default')).status).toBe(200);
    const answer = await get('/v1/health/service/consul?ns=team');
    expect([answer.status, answer.text]).toEqual([
      400,
      'Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature',
    ]);
    expect((await get('/v1/kv/x?partition=far')).status).toBe(400);
    expect((await get('/v1/catalog/nodes')).status).toBe(200);
    const byHeader = await get('/v1/catalog/nodes', { 'x-consul-namespace': 'team' });
    expect([byHeader.status, byHeader.text]).toEqual([
      400,
      'Bad request: Invalid header: "X-Consul-Namespace" - Namespaces are a Consul Enterprise feature',
    ]);
  });

  test('nothing comes from a peer', async () => {
    const { get } = await startHttp();
    expect((await get('/v1/health/service/consul?peer=other')).json()).toEqual([]);
  });
});

describe('access', () => {
  test('blocked prefixes are a 403', async () => {
    const { get } = await startHttp({ blockEndpoints: ['/v1/agent'] });
    const answer = await get('/v1/agent/self');
    expect([answer.status, answer.text]).toEqual([403, 'Endpoint is blocked by agent configuration']);
    expect((await get('/v1/catalog/nodes')).status).toBe(200);
  });

  test('writes may be limited to networks, reads are not', async () => {
    const { get, put } = await startHttp({ allowWriteHttpFrom: ['10.0.0.0/8'] });
    const answer = await put('/v1/catalog/register', { Node: 'a', Address: '1.1.1.1' });
    expect([answer.status, answer.text]).toEqual([403, 'Access is restricted']);
    expect((await get('/v1/catalog/nodes')).status).toBe(200);
    const open = await startHttp({ allowWriteHttpFrom: ['127.0.0.0/8'] });
    expect((await open.put('/v1/catalog/register', { Node: 'a', Address: '1.1.1.1' })).status).toBe(200);
  });
});

describe('bodies', () => {
  test('half a surrogate pair becomes U+FFFD, pairs and escaped backslashes stay', async () => {
    const { get, put } = await startHttp();
    const body = String.raw`{"Node":"a","Address":"x","NodeMeta":{"k":"\ud800 \\ud800 \ud83d\ude00 \udc00"}}`;
    expect((await put('/v1/catalog/register', body)).status).toBe(200);
    expect((await get('/v1/catalog/node/a')).json()).toMatchObject({
      Node: { Meta: { k: '\ufffd \\ud800 \u{1f600} \ufffd' } },
    });
  });

  test.each([
    ['', 'Request decode failed: EOF'],
    ['{', 'Request decode failed: unexpected EOF'],
    ['{"Node":"a"', 'Request decode failed: unexpected EOF'],
    ['{"Node":"a', 'Request decode failed: unexpected EOF'],
    ['{"Node":x}', 'Request decode failed: '],
    ['[]', 'Request decode failed: json: cannot unmarshal array'],
    ['{"Node":5,"Address":"x"}', 'Request decode failed: json: cannot unmarshal number'],
    ['{"Bogus":1}', 'Request decode failed: json: unknown field "Bogus"'],
    ['['.repeat(300), 'Request decode failed: json: nested deeper than 200 levels'],
  ])('%j is a 400', async (body, text) => {
    const { request, state } = await startHttp();
    const before = state.index;
    const answer = await request('PUT', '/v1/catalog/register', { body: Buffer.from(body) });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(text);
    expect(state.index).toBe(before);
  });

  test('what follows the first value is left alone', async () => {
    const { put } = await startHttp();
    expect((await put('/v1/catalog/register', '{"Node":"a","Address":"1.1.1.1"} trailing')).status).toBe(200);
  });

  test('a huge body is a 413', async () => {
    const { request } = await startHttp();
    const answer = await request('PUT', '/v1/catalog/register', { body: Buffer.alloc(5 * 1024 * 1024) });
    expect(answer.status).toBe(413);
    expect(answer.text).toMatch(/^Request body\(\d+ bytes\) too large, max size: \d+ bytes/);
  });

  test('bytes that are not UTF-8 are taken as replacement characters', async () => {
    const { request, get } = await startHttp();
    const body = Buffer.from([...Buffer.from('{"Node":"a'), 0xff, ...Buffer.from('","Address":"1.1.1.1"}')]);
    expect((await request('PUT', '/v1/catalog/register', { body })).status).toBe(200);
    expect((await get('/v1/catalog/nodes')).text).toContain('a\ufffd');
  });

  test('any content type and none is taken as JSON', async () => {
    const { request } = await startHttp();
    const body = '{"Node":"a","Address":"1.1.1.1"}';
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense']) {
      const headers = { 'content-type': type };
      expect((await request('PUT', '/v1/catalog/register', { body, headers })).status).toBe(200);
    }
  });

  test('names that mean something to the language are only names', async () => {
    const { put, get } = await startHttp();
    await put(
      '/v1/catalog/register',
      '{"Node":"a","Address":"1.1.1.1","NodeMeta":{"__proto__":"x","constructor":"y","10":"b","9":"a"}}',
    );
    expect((await get('/v1/catalog/nodes?filter=Node==a')).text).toContain(
      '"Meta":{"10":"b","9":"a","__proto__":"x","constructor":"y"}',
    );
    expect((await get('/v1/catalog/nodes?node-meta=toString')).json()).toEqual([]);
  });
});

test('a debug log tells of every request, without the token', async () => {
  const lines: object[] = [];
  const log = { ...silentLogger, isDebug: () => true, debug: (fields: object) => void lines.push(fields) };
  const { get } = await startHttp({}, { log });
  await get('/v1/kv/x?token=secret&dc=dc1');
  expect(lines).toMatchObject([{ method: 'GET', url: '/v1/kv/x?token=<hidden>&dc=dc1', status: 404 }]);
});

test('a bug is a 500 that tells nothing', async () => {
  const { get } = await startHttp({}, { local: {} as never });
  const answer = await get('/v1/agent/checks');
  expect([answer.status, answer.text]).toEqual([500, 'internal error']);
});

test('compressed bytes are the plain ones', async () => {
  const { app, put } = await startHttp();
  await put('/v1/agent/service/register', {
    Name: 'web',
    Meta: { text: 'x'.repeat(500) },
    Tags: ['t'.repeat(1_000)],
  });
  const [plain, zipped] = [
    await app.inject('/v1/agent/services'),
    await app.inject({ url: '/v1/agent/services', headers: { 'accept-encoding': 'gzip' } }),
  ];
  expect(gunzipSync(zipped.rawPayload).equals(plain.rawPayload)).toBe(true);
});
