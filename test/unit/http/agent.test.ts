import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/model/errors.ts';
import { startHttp } from '../../support/http-server.ts';

describe('registering with the agent', () => {
  test('shows the service in its maps, lists and health', async () => {
    const { get, put } = await startHttp();
    await put('/v1/agent/service/register', {
      Name: 'web',
      ID: 'web-1',
      Port: 80,
      Meta: { b: '<1>', a: '&' },
      Check: { TTL: '10s', Status: 'passing' },
    });
    expect((await get('/v1/agent/services')).text).toBe(
      '{"web-1":{"ID":"web-1","Service":"web","Tags":[],"Meta":{"a":"\\u0026","b":"\\u003c1\\u003e"},"Port":80,' +
        '"Address":"","Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Datacenter":"dc1"}}',
    );
    expect((await get('/v1/agent/checks')).json()).toMatchObject({
      'service:web-1': { Node: 'n1', Status: 'passing', ServiceName: 'web', Type: 'ttl', Definition: {} },
    });
    expect((await get('/v1/health/service/web?passing')).json()).toMatchObject([
      { Service: { Meta: { a: '&' } } },
    ]);
  });

  test('empty metadata is {} with the agent and in the catalog, null in health', async () => {
    const { get, put } = await startHttp();
    await put('/v1/agent/service/register', { Name: 'web' });
    expect((await get('/v1/agent/service/web')).json()).toMatchObject({ Meta: {} });
    expect((await get('/v1/catalog/service/web')).json()).toMatchObject([{ ServiceMeta: {} }]);
    expect((await get('/v1/health/service/web')).json()).toMatchObject([{ Service: { Meta: null } }]);
  });

  test.each([
    ['{}', 400, 'Missing service name'],
    ['null', 400, 'Missing service name'],
    ['{"Name":"x","Check":{"Name":"no kind"}}', 400, 'Invalid check: TTL must be > 0 for TTL checks'],
    ['{"Name":"x","Bogus":1}', 400, 'Request decode failed: json: unknown field "Bogus"'],
  ])('refuses %s', async (body, status, text) => {
    const answer = await (await startHttp()).put('/v1/agent/service/register', body);
    expect([answer.status, answer.text]).toEqual([status, text]);
  });

  test('what is unknown is deregistered without complaint; no id is refused', async () => {
    const { put } = await startHttp();
    expect((await put('/v1/agent/service/deregister/nope')).status).toBe(200);
    expect((await put('/v1/agent/check/deregister/nope')).status).toBe(200);
    expect((await put('/v1/agent/service/deregister/')).text).toBe('ServiceID missing');
    expect((await put('/v1/agent/check/deregister/')).text).toBe('CheckID missing');
  });

  test('replace-existing-checks removes what is not in the body', async () => {
    const { get, put } = await startHttp();
    const service = { Name: 'web', Checks: [{ CheckID: 'a', TTL: '1m' }] };
    await put('/v1/agent/service/register', service);
    const other = { ...service, Checks: [{ CheckID: 'b', TTL: '1m' }] };
    await put('/v1/agent/service/register', other);
    expect(Object.keys((await get('/v1/agent/checks')).json() as object)).toEqual(['a', 'b']);
    await put('/v1/agent/service/register?replace-existing-checks', other);
    expect(Object.keys((await get('/v1/agent/checks')).json() as object)).toEqual(['b']);
  });

  test('a check keeps the name of the service that it came with', async () => {
    const { get, put } = await startHttp();
    await put('/v1/agent/service/register', { Name: 'old', ID: 'x', Check: { CheckID: 'c', TTL: '1m' } });
    await put('/v1/agent/service/register', { Name: 'new', ID: 'x' });
    expect((await get('/v1/agent/checks')).json()).toMatchObject({ c: { ServiceName: 'old' } });
  });
});

describe('reports for TTL checks', () => {
  test('pass, warn, fail and update set status and output', async () => {
    const { get, put } = await startHttp();
    await put('/v1/agent/check/register', { Name: 'beat', TTL: '1m' });
    const state = async (): Promise<unknown[]> => {
      const { beat } = (await get('/v1/agent/checks')).json() as Record<string, Record<string, unknown>>;
      return [beat?.['Status'], beat?.['Output']];
    };
    await put('/v1/agent/check/pass/beat?note=all+good');
    expect(await state()).toEqual(['passing', 'all good']);
    await put('/v1/agent/check/warn/beat');
    expect(await state()).toEqual(['warning', '']);
    await put('/v1/agent/check/fail/beat?note=down');
    expect(await state()).toEqual(['critical', 'down']);
    await put('/v1/agent/check/update/beat', { Status: 'passing', Output: 'up' });
    expect(await state()).toEqual(['passing', 'up']);
  });

  test('an unknown check is a 404, one that is run a 500, a wrong status a 400', async () => {
    const { put } = await startHttp();
    await put('/v1/agent/check/register', { Name: 'tcp', TCP: '127.0.0.1:1', Interval: '10s' });
    const unknown = await put('/v1/agent/check/pass/nope');
    expect([unknown.status, unknown.text]).toEqual([
      404,
      'Unknown check ID "nope". Ensure that the check ID is passed, not the check name.',
    ]);
    const polled = await put('/v1/agent/check/fail/tcp');
    expect([polled.status, polled.text]).toEqual([500, 'CheckID "tcp" does not have associated TTL']);
    const odd = await put('/v1/agent/check/update/nope', { Status: 'fine' });
    expect([odd.status, odd.text]).toEqual([400, "Invalid check status: 'fine'"]);
  });
});

describe('health of local services', () => {
  test('is a status code, JSON or a word', async () => {
    const { get, put } = await startHttp();
    for (const status of ['passing', 'warning', 'critical'])
      await put('/v1/agent/service/register', {
        Name: 'web',
        ID: status,
        Check: { TTL: '1m', Status: status },
      });
    const by = async (path: string): Promise<unknown[]> => {
      const answer = await get(`/v1/agent/health/service/${path}`);
      return [answer.status, answer.headers['x-consul-reason'], answer.text];
    };
    expect(await by('id/passing?format=text')).toEqual([200, 'passing', 'passing']);
    expect(await by('id/warning?format=text')).toEqual([429, 'warning', 'warning']);
    expect(await by('id/critical?format=text')).toEqual([503, 'critical', 'critical']);
    expect((await by('name/web')).slice(0, 2)).toEqual([503, 'critical']);
    expect((await get('/v1/agent/health/service/name/web')).json()).toHaveLength(3);
    expect((await get('/v1/agent/health/service/id/passing', { accept: 'text/plain' })).text).toBe('passing');
  });

  test('is asked by the exact name; what a client accepts may begin with plain text', async () => {
    const { get, put } = await startHttp();
    await put('/v1/agent/service/register', {
      Name: 'web',
      Tags: ['a'],
      Check: { TTL: '1m', Status: 'passing' },
    });
    await put('/v1/agent/service/register', { Name: 'Web', ID: 'w2', Check: { TTL: '1m' } });
    const named = await get('/v1/agent/health/service/name/web');
    expect([named.status, named.json()]).toMatchObject([200, [{ Checks: [{ ServiceTags: ['a'] }] }]]);
    const other = await get('/v1/agent/health/service/name/Web');
    expect([other.status, other.json()]).toMatchObject([503, [{ Checks: [{ ServiceTags: null }] }]]);
    expect((await get('/v1/agent/health/service/name/WEB')).status).toBe(404);
    const text = await get('/v1/agent/health/service/id/web', { accept: 'text/plain, */*' });
    expect(text.text).toBe('passing');
  });

  test('counts maintenance as worst, and the checks of the node', async () => {
    const { get, put } = await startHttp();
    await put('/v1/agent/service/register', { Name: 'web' });
    await put('/v1/agent/check/register', { Name: 'disk', TTL: '1m', Status: 'warning' });
    expect((await get('/v1/agent/health/service/id/web')).status).toBe(429);
    await put('/v1/agent/service/maintenance/web?enable=true&reason=work');
    expect((await get('/v1/agent/health/service/id/web')).json()).toMatchObject({
      AggregatedStatus: 'maintenance',
    });
    await put('/v1/agent/service/maintenance/web?enable=false');
    expect((await get('/v1/agent/health/service/id/web')).status).toBe(429);
  });

  test('of what is unknown is a 404 without a service', async () => {
    const { get } = await startHttp();
    const answer = await get('/v1/agent/health/service/id/nope');
    expect([answer.status, answer.text]).toEqual([
      404,
      '{"AggregatedStatus":"critical","Service":null,"Checks":null}',
    ]);
    expect((await get('/v1/agent/health/service/name/nope')).text).toBe('[]');
    const text = await get('/v1/agent/health/service/name/nope?format=text');
    expect([text.status, text.headers['content-type'], text.text]).toEqual([
      404,
      'text/plain',
      'ServiceName nope Not Found',
    ]);
    expect(text.headers['x-consul-reason']).toBe(text.text);
    const json = await get('/v1/agent/health/service/id/é?format=text');
    expect([json.text, json.headers['x-consul-reason']]).toEqual([
      '"ServiceId é not found"',
      Buffer.from('ServiceId é not found').toString('latin1'), // octets of UTF-8
    ]);
    expect((await get('/v1/agent/health/service/id/')).text).toBe('Missing serviceID');
  });
});

describe('maintenance', () => {
  test.each([
    ['', 'Missing value for enable'],
    ['?enable=perhaps', 'Invalid value for enable: "perhaps"'],
  ])('%j is refused', async (query, text) => {
    const { put } = await startHttp();
    await put('/v1/agent/service/register', { Name: 'web' });
    for (const path of ['/v1/agent/maintenance', '/v1/agent/service/maintenance/web']) {
      const answer = await put(path + query);
      expect([answer.status, answer.text]).toEqual([400, text]);
    }
  });

  test('of an unknown service is a 404, without an id a 400', async () => {
    const { put } = await startHttp();
    expect((await put('/v1/agent/service/maintenance/nope?enable=true')).text).toBe(
      'No service registered with ID "nope"',
    );
    expect((await put('/v1/agent/service/maintenance/?enable=true')).text).toBe('Missing service ID');
  });
});

describe('the agent itself', () => {
  test('shows its configuration, its member and its metadata', async () => {
    const { get } = await startHttp();
    expect((await get('/v1/agent/self')).json()).toMatchObject({
      Config: { Datacenter: 'dc1', NodeName: 'n1', NodeID: 'id-1', Server: true, Version: '1.2.3' },
      Member: { Name: 'n1', Addr: '127.0.0.1', Port: 8301, Status: 1, Tags: { role: 'consul', dc: 'dc1' } },
      Meta: { rack: 'r7' },
    });
    expect((await get('/v1/agent/members?wan=1')).json()).toMatchObject([{ Name: 'n1.dc1', Port: 8302 }]);
    expect((await get('/v1/agent/members?filter=Tags.role==consul')).json()).toHaveLength(1);
    expect((await get('/v1/agent/members?filter=Name!=n1')).json()).toEqual([]);
    expect((await get('/v1/agent/version')).json()).toMatchObject({ HumanVersion: '1.2.3' });
    expect((await get('/v1/agent/host')).json()).toMatchObject({
      Host: { os: process.platform },
      Errors: null,
    });
    expect((await get('/v1/status/leader')).text).toBe('"127.0.0.1:8300"');
  });

  test('joins itself and nobody else, and takes only itself for left', async () => {
    const { put } = await startHttp();
    expect((await put('/v1/agent/join/127.0.0.1:8301')).status).toBe(200);
    expect((await put('/v1/agent/join/10.0.0.1')).text).toContain('Failed to join 10.0.0.1');
    expect((await put('/v1/agent/force-leave/n1')).status).toBe(200);
    expect((await put('/v1/agent/force-leave/x')).text).toBe("agent: No node found with name 'x'");
  });

  test('says why a reload failed', async () => {
    const reload = async (): Promise<void> => {
      throw new AppError('config_invalid', 'web.json: services[0].port is no number');
    };
    const { put } = await startHttp({}, { reload });
    const answer = await put('/v1/agent/reload');
    expect([answer.status, answer.text]).toEqual([500, 'web.json: services[0].port is no number']);
  });

  test('streams its log until the client goes away', async () => {
    let isSubscribed = false;
    const logStream = {
      subscribe: (level: string, isJson: boolean, onLine: (line: string) => void) => {
        isSubscribed = true;
        onLine(`${level} ${isJson}`);
        return () => {
          isSubscribed = false;
        };
      },
    };
    const { app, get } = await startHttp({}, { logStream });
    expect((await get('/v1/agent/monitor?loglevel=bogus')).text).toBe(
      'Bad request: Unknown log level: bogus',
    );
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as { port: number };
    const client = new AbortController();
    const url = `http://127.0.0.1:${port}/v1/agent/monitor?loglevel=debug&logjson`;
    const response = await fetch(url, { signal: client.signal });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('debug true\n');
    client.abort();
    await expect.poll(() => isSubscribed).toBe(false);
    await app.close();
  });
});

describe('metrics', () => {
  test('are JSON in the shape of Consul', async () => {
    const { get } = await startHttp();
    await get('/v1/status/leader');
    const metrics = (await get('/v1/agent/metrics')).json() as Record<string, Record<string, unknown>[]>;
    expect(metrics['Timestamp']).toBe('2026-01-01 00:00:00 +0000 UTC');
    expect(metrics['Points']).toEqual([]);
    expect(metrics['Counters']).toContainEqual({
      Name: 'consul.http.requests',
      Count: 1,
      Sum: 1,
      Labels: { method: 'GET', route: '/v1/status/leader', status: '2xx' },
    });
  });

  test('are text under /metrics, and under the path of Consul once a retention time is set', async () => {
    const { get } = await startHttp();
    const answer = await get('/metrics');
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.text).toContain('rollcall_catalog_rows{table="nodes"} 1\n');
    expect((await get('/v1/agent/metrics?format=prometheus')).status).toBe(415);
    const retaining = await startHttp({ prometheusRetentionMs: 1 });
    expect((await retaining.get('/v1/agent/metrics?format=prometheus')).text).toContain('# TYPE rollcall_');
  });
});

test('what is switched off says so', async () => {
  const { get, put } = await startHttp();
  expect((await get('/v1/acl/tokens')).status).toBe(401);
  expect((await put('/v1/agent/token/default', { Token: 'x' })).text).toBe('ACL support disabled');
  expect((await get('/v1/connect/ca/roots')).text).toBe(
    'Connect must be enabled in order to use this endpoint',
  );
  const kind = await get('/v1/config/service-defaults');
  expect([kind.json(), kind.headers['x-consul-index']]).toEqual([[], '1']);
  expect((await get('/v1/config/service-defaults/web')).status).toBe(404);
});
