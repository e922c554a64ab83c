import { beforeEach, describe, expect, test } from 'vitest';
import { startHttp, type TestServer } from '../../support/http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startHttp();
  return () => server.app.close();
});

const kv = (path: string) => server.get(`/v1/kv/${path}`);
const put = (path: string, body: string | Buffer = 'x') => server.request('PUT', `/v1/kv/${path}`, { body });
const remove = (path: string) => server.request('DELETE', `/v1/kv/${path}`);

describe('values', () => {
  test('come back octet for octet, and flags to the last of 64 bits', async () => {
    const bytes = Buffer.from([0, 1, 255, 254, 10]);
    await put('bin?flags=18446744073709551615', bytes);
    const answer = await kv('bin');
    expect(answer.text).toContain('"Flags":18446744073709551615');
    expect(answer.json()).toMatchObject([{ Key: 'bin', Value: bytes.toString('base64') }]);
    const raw = await server.app.inject({ method: 'GET', url: '/v1/kv/bin?raw' });
    expect(raw.rawPayload).toEqual(bytes);
    expect(raw.headers).toMatchObject({
      'content-type': 'text/plain',
      'x-content-type-options': 'nosniff',
      'content-security-policy': 'sandbox',
    });
  });

  test('of any content type are stored as they are', async () => {
    const headers = { 'content-type': 'application/json' };
    await server.request('PUT', '/v1/kv/j', { body: '{"a":', headers });
    expect((await kv('j?raw')).text).toBe('{"a":');
  });

  test('over the limit are refused and not stored', async () => {
    const answer = await put('big', Buffer.alloc(512 * 1024 + 1));
    expect([answer.status, answer.text]).toEqual([
      413,
      'Request body(524289 bytes) too large, max size: 524288 bytes.',
    ]);
    expect((await kv('big')).status).toBe(404);
    expect((await put('big', Buffer.alloc(512 * 1024))).json()).toBe(true);
  });
});

describe('keys', () => {
  test('may hold slashes, spaces, percent signs and any script', async () => {
    for (const key of ['a/b/', 'a%20b', 'p%25', '%C3%BC/%E2%82%AC', 'star*', 'q%3F%23'])
      expect((await put(key)).json()).toBe(true);
    const keys = ['a b', 'a/b/', 'p%', 'q?#', 'star*', 'ü/€'];
    expect((await kv('?keys')).json()).toEqual(keys);
    expect((await kv('a%2Fb%2F')).json()).toMatchObject([{ Key: 'a/b/' }]);
  });

  test('below a prefix are listed; none are a 404, but an empty list where everything was asked for', async () => {
    const listed = async (path: string) => {
      const answer = await kv(path);
      return answer.status === 200 ? answer.json() : answer.status;
    };
    expect([await listed('?keys'), await listed('p/?keys'), await listed('?recurse')]).toEqual([
      [],
      404,
      404,
    ]);
    for (const key of ['p/a/1', 'p/a/2', 'p/b']) await put(key);
    expect(await listed('p/?keys')).toEqual(['p/a/1', 'p/a/2', 'p/b']);
    expect(await listed('p/?keys&separator=%2F')).toEqual(['p/a/', 'p/b']);
    expect(await listed('p/?keys&seperator=%2F')).toEqual(['p/a/', 'p/b']);
    expect(await listed('p/?keys&separator=&seperator=%2F')).toEqual(['p/a/1', 'p/a/2', 'p/b']);
    expect(await listed('p/a?recurse')).toMatchObject([{ Key: 'p/a/1' }, { Key: 'p/a/2' }]);
  });

  test('with malformed percent signs change nothing', async () => {
    expect((await put('%zz')).status).toBe(400);
    expect((await put('%FF')).status).toBe(400);
    expect(server.state.view.kv.size).toBe(0);
  });

  test('with empty parts are redirected to the path without them, as browsers and curl expect', async () => {
    for (const [url, location] of [
      ['/v1/kv//lead', '/v1/kv/lead'],
      ['/v1/kv/a//b/?raw', '/v1/kv/a/b/?raw'],
    ] as const) {
      const answer = await server.request('PUT', url, { body: 'x' });
      expect([answer.status, answer.headers['location']]).toEqual([301, location]);
    }
    expect(server.state.view.kv.size).toBe(0);
  });
});

describe('a refusal', () => {
  test.each([
    ['PUT', 'x?cas=0&acquire=b8a0', 400, 'Conflicting flags: acquire=b8a0&cas=0'],
    ['PUT', 'x?acquire=a&release=b&cas=1', 400, 'Conflicting flags: acquire=a&cas=1&release=b'],
    ['PUT', 'x?cas=1&release=a%20b&z=%2F', 400, 'Conflicting flags: cas=1&release=a+b&z=%2F'],
    ['DELETE', 'x?recurse&cas=1', 400, 'Conflicting flags: cas=1&recurse='],
    ['PUT', 'x?cas=abc', 500, 'strconv.ParseUint: parsing "abc": invalid syntax'],
    ['PUT', 'x?cas=', 500, 'strconv.ParseUint: parsing "": invalid syntax'],
    ['PUT', 'x?flags=-1', 500, 'strconv.ParseUint: parsing "-1": invalid syntax'],
    [
      'PUT',
      'x?flags=18446744073709551616',
      500,
      'strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
    ['DELETE', 'x?cas=abc', 500, 'strconv.ParseUint: parsing "abc": invalid syntax'],
    ['PUT', 'x?acquire=', 500, 'missing session'],
    ['PUT', 'x?acquire=short', 500, 'failed session lookup: index error: UUID must be 36 characters'],
    ['PUT', 'x?dc=nowhere', 500, 'No path to datacenter'],
    ['DELETE', 'x?dc=nowhere', 500, 'No path to datacenter'],
    ['GET', '', 400, 'Missing key name'],
    ['PUT', '', 400, 'Missing key name'],
    ['DELETE', '', 400, 'Missing key name'],
    ['GET', 'x?index=abc', 400, 'Invalid index'],
    ['GET', 'x?stale&consistent', 400, 'Cannot specify ?stale with ?consistent, conflicting semantics.'],
    ['POST', 'x', 405, 'method POST not allowed'],
  ])('%s %s is a %i', async (method, path, status, text) => {
    const answer = await server.request(method, `/v1/kv/${path}`, method === 'PUT' ? { body: 'v' } : {});
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(server.state.view.kv.size).toBe(0);
  });
});

describe('waiting', () => {
  const indexOf = (answer: { headers: Readonly<Record<string, unknown>> }) =>
    Number(answer.headers['x-consul-index']);

  test('for a key ends when it is created, changed, deleted, and not with its neighbours', async () => {
    const missing = await kv('w');
    expect(missing.status).toBe(404);
    const created = kv(`w?index=${indexOf(missing)}&wait=60s`);
    await put('w/below');
    await put('w');
    const first = await created;
    expect(first.json()).toMatchObject([{ Key: 'w' }]);
    const deleted = kv(`w?index=${indexOf(first)}&wait=60s`);
    await remove('w');
    const last = await deleted;
    expect(last.status).toBe(404);
    expect(indexOf(last)).toBeGreaterThan(indexOf(first));
  });

  test('for a prefix ends with writes and deletes below it, for keys and for values', async () => {
    await put('p/1');
    const index = indexOf(await kv('p/?recurse'));
    const both = [kv(`p/?recurse&index=${index}&wait=60s`), kv(`p/?keys&index=${index}&wait=60s`)];
    await put('q');
    await remove('p/1');
    const [tree, keys] = await Promise.all(both);
    expect([tree?.status, keys?.status]).toEqual([404, 404]);
    expect(indexOf(tree as never)).toBe(indexOf(keys as never));
    expect(indexOf(tree as never)).toBeGreaterThan(index);
  });

  test('is over when its time is', async () => {
    await put('t');
    const index = indexOf(await kv('t'));
    const waiting = kv(`t?index=${index}&wait=10s`);
    await server.clock.advanceAndSettle(11_000);
    expect(indexOf(await waiting)).toBe(index);
  });

  test('does not end when the same value is written again', async () => {
    await put('same', 'v');
    const index = indexOf(await kv('same'));
    await put('same', 'v');
    expect(indexOf(await kv('same'))).toBe(index);
  });
});
