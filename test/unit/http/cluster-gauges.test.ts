/** What metrics tell of the servers, on the leader and on others. */
import { expect, test } from 'vitest';
import type { ClusterPort } from '../../../src/http/cluster-port.ts';
import type { ClusterHealth } from '../../../src/model/cluster-health.ts';
import { FOLLOWER, serverHealth, startFollower } from '../../support/three-servers.ts';

async function seriesOf(own: Partial<ClusterPort>): Promise<readonly string[]> {
  const { app, get } = await startFollower(own);
  const { text } = await get('/metrics');
  await app.close();
  return text
    .split('\n')
    .filter((line) => line.startsWith('rollcall_cluster_'))
    .map((line) => line.replace('rollcall_cluster_', ''));
}

test('a follower tells of itself, and of nobody else', async () => {
  const lines = await seriesOf({});
  expect(lines).toEqual(
    expect.arrayContaining([
      'is_leader 0',
      'has_leader 1',
      'term 7',
      'servers 3',
      'is_healthy 1',
      'last_contact_seconds 0.041276863',
    ]),
  );
  expect(lines.filter((line) => line.startsWith('server_'))).toEqual([]);
});

test('a leader tells how each server is, and of those that are gone no more', async () => {
  const servers = [serverHealth(0, { isHealthy: false, index: 4 }), serverHealth(1), serverHealth(2)];
  let health: ClusterHealth | undefined = { isHealthy: false, failureTolerance: 0, servers };
  const leader = { standing: () => ({ ...FOLLOWER, kind: 'leader', lastContactMs: 0 }) as const };
  const { app, get } = await startFollower({ ...leader, judged: () => health });
  const serverLines = async () =>
    (await get('/metrics')).text.split('\n').filter((line) => line.startsWith('rollcall_cluster_server_'));
  expect(await serverLines()).toEqual(
    expect.arrayContaining([
      'rollcall_cluster_server_healthy{server="s1"} 0',
      'rollcall_cluster_server_healthy{server="s2"} 1',
      'rollcall_cluster_server_behind{server="s1"} 7',
      'rollcall_cluster_server_behind{server="s2"} 0',
    ]),
  );
  health = { isHealthy: true, failureTolerance: 0, servers: servers.slice(1) };
  expect((await serverLines()).join()).not.toContain('s1');
  health = undefined;
  expect(await serverLines()).toEqual([]);
  await app.close();
});

test('a server without a leader is not healthy', async () => {
  const lines = await seriesOf({ standing: () => ({ ...FOLLOWER, kind: 'leaderless', leaderAddress: '' }) });
  expect(lines).toEqual(expect.arrayContaining(['has_leader 0', 'is_healthy 0']));
});
