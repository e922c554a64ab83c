import { describe, expect, test } from 'vitest';
import { startHttp } from '../../support/http-server.ts';

describe('/v1/agent/profile', () => {
  test('gives nothing where enable_debug is off', async () => {
    const { get } = await startHttp();
    expect(await get('/v1/agent/profile')).toMatchObject({
      status: 403,
      text: 'Profiles are off: enable_debug switches them on',
    });
  });

  test('gives the profile that is asked for, for at most half a minute', async () => {
    const asked: unknown[] = [];
    const takeProfile = async (...of: unknown[]): Promise<unknown> => {
      asked.push(of);
      return { nodes: [] };
    };
    const { get } = await startHttp({}, { takeProfile });
    expect((await get('/v1/agent/profile')).json()).toEqual({ nodes: [] });
    await get('/v1/agent/profile?type=heap&duration=30s');
    expect(asked).toEqual([
      ['cpu', 10_000],
      ['heap', 30_000],
    ]);
    for (const query of ['type=disk', 'duration=31s', 'duration=soon', 'duration=-1s'])
      expect((await get(`/v1/agent/profile?${query}`)).status).toBe(400);
    expect(asked).toHaveLength(2);
  });

  test('tells whoever comes while one is made to come again', async () => {
    const { get } = await startHttp({}, { takeProfile: async () => undefined });
    const { status, headers } = await get('/v1/agent/profile');
    expect([status, headers['retry-after']]).toEqual([503, '1']);
  });
});
