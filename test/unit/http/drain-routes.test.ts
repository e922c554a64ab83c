import { describe, expect, test } from 'vitest';
import { startHttp } from '../../support/http-server.ts';

describe('?drain= of the maintenance routes', () => {
  test('takes a service out at once and shows the drain until it is over', async () => {
    const server = await startHttp();
    await server.put('/v1/agent/service/register', { ID: 'web-1', Name: 'web' });
    const answer = await server.put('/v1/agent/service/maintenance/web-1?enable=true&drain=30s');
    expect(answer.status).toBe(200);
    expect((await server.get('/v1/health/service/web?passing')).json()).toEqual([]);
    expect((await server.get('/v1/agent/drains')).json()).toEqual([
      {
        Node: 'n1',
        ServiceID: 'web-1',
        ServiceName: 'web',
        Ends: new Date(server.clock.now() + 30_000).toISOString(),
        UntilCheck: '',
        Deregister: false,
      },
    ]);
    await server.put('/v1/agent/service/maintenance/web-1?enable=false');
    expect((await server.get('/v1/agent/drains')).json()).toEqual([]);
    expect((await server.get('/v1/health/service/web?passing')).json()).toHaveLength(1);
  });

  test('drains the whole node', async () => {
    const server = await startHttp();
    await server.put('/v1/agent/maintenance?enable=true&drain=1m&reason=kernel');
    expect((await server.get('/v1/agent/drains')).json()).toMatchObject([{ ServiceID: '' }]);
  });

  test.each([
    ['service/maintenance/web?enable=true&drain=soon', 'Invalid value for drain'],
    ['service/maintenance/web?enable=true&drain=2h', 'Invalid value for drain'],
    ['service/maintenance/web?enable=false&drain=30s', '?drain needs enable=true'],
    ['service/maintenance/web?enable=true&deregister', '?deregister needs ?drain'],
    [
      'service/maintenance/web?enable=true&drain=1s&until=nothing',
      'this agent has no check with ID "nothing"',
    ],
    ['maintenance?enable=true&drain=1s&deregister', 'for services, not for the node'],
  ])('refuses %s and changes nothing', async (path, text) => {
    const server = await startHttp();
    await server.put('/v1/agent/service/register', { Name: 'web' });
    const answer = await server.put(`/v1/agent/${path}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(text);
    expect((await server.get('/v1/agent/checks')).json()).toEqual({});
  });
});
