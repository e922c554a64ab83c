/**
 * What the API says of three servers, whoever keeps them together: shapes and texts as Consul 1.8.7 gave them.
 */
import { expect, test } from 'vitest';
import { AppError, refuse } from '../../../src/model/errors.ts';
import { FOLLOWER, SERVERS, serverHealth, startFollower } from '../../support/three-servers.ts';

const noLeader = async (): Promise<never> => {
  throw new AppError('no_leader', 'No cluster leader');
};

test('a follower names the leader, all servers, and how far each of them is', async () => {
  const follower = await startFollower();
  expect((await follower.get('/v1/status/leader')).json()).toBe('127.0.0.2:8300');
  const addresses = SERVERS.map(({ address }) => address);
  expect((await follower.get('/v1/status/peers')).json()).toEqual(addresses);
  expect((await follower.get('/v1/operator/raft/configuration')).json()).toMatchObject({
    Servers: [
      { ID: 'id-1', Node: 's1', Leader: false, ProtocolVersion: '3', Voter: true, LastIndex: 12 },
      { ID: 'id-2', Leader: true },
      { ID: 'id-3', Voter: false },
    ],
    Index: 0,
  });
  await follower.app.close();
});

test('health is 200 while all servers are healthy, and 429 with the same document when one is not', async () => {
  const well = await startFollower();
  const answer = await well.get('/v1/operator/autopilot/health');
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject({
    Healthy: true,
    FailureTolerance: 1,
    Servers: [
      {
        ID: 'id-1',
        Name: 's1',
        Address: '127.0.0.1:8300',
        SerfStatus: 'alive',
        LastContact: '32.56242ms',
        LastTerm: 7,
        StableSince: '2026-11-21T19:20:19Z',
      },
      { Leader: true, LastContact: '0s' },
      {},
    ],
  });
  const gone = {
    status: 'failed',
    lastContactMs: undefined,
    term: 0,
    index: 0,
    isHealthy: false,
    stableSinceMs: undefined,
  } as const;
  const ill = await startFollower({
    health: async () => ({
      isHealthy: false,
      failureTolerance: 0,
      servers: [serverHealth(0, gone), serverHealth(1)],
    }),
  });
  const bad = await ill.get('/v1/operator/autopilot/health');
  expect(bad.status).toBe(429);
  expect(bad.json()).toMatchObject({
    Healthy: false,
    Servers: [
      { SerfStatus: 'failed', LastContact: '-1ns', LastTerm: 0, StableSince: '0001-01-01T00:00:00Z' },
      {},
    ],
  });
  await Promise.all([well.app.close(), ill.app.close()]);
});

test('the state of the autopilot lists the leader first among the voters, and who votes not', async () => {
  const follower = await startFollower();
  expect((await follower.get('/v1/operator/autopilot/state')).json()).toMatchObject({
    Leader: 'id-2',
    Voters: ['id-2', 'id-1'],
    Servers: {
      'id-1': { Status: 'voter', NodeType: 'voter', NodeStatus: 'alive', Meta: { rack: 'r1' } },
      'id-2': { Status: 'leader', NodeType: 'voter' },
      'id-3': { Status: 'non-voter', NodeType: 'non-voter' },
    },
  });
  await follower.app.close();
});

test('without a leader the peers are known, stale answers are given, and everything else is refused', async () => {
  const leaderless = { ...FOLLOWER, kind: 'leaderless', leaderAddress: '', lastContactMs: 18_777 } as const;
  const lost = await startFollower({
    standing: () => leaderless,
    servers: () => SERVERS.map((one) => ({ ...one, isLeader: false })),
    health: noLeader,
    transferLeader: noLeader,
    removeServer: noLeader,
  });
  expect((await lost.get('/v1/status/leader')).json()).toBe('');
  expect((await lost.get('/v1/status/peers')).json()).toHaveLength(3);
  const stale = (await lost.get('/v1/operator/raft/configuration?stale')).json();
  expect(stale).toMatchObject({ Servers: [{ ID: 'id-1', Leader: false, LastIndex: 0 }, {}, {}] });
  for (const [method, path] of [
    ['GET', 'raft/configuration'],
    ['GET', 'autopilot/health'],
    ['GET', 'autopilot/state'],
    ['DELETE', 'raft/peer?id=id-1'],
    ['POST', 'raft/transfer-leader'],
  ] as const) {
    const refused = await lost.request(method, `/v1/operator/${path}`);
    expect([path, refused.status, refused.text]).toEqual([path, 500, 'No cluster leader']);
  }
  const { Stats } = (await lost.get('/v1/agent/self')).json() as { Stats: Record<string, object> };
  expect(Stats['consul']).toMatchObject({ leader: 'false', leader_addr: '', bootstrap: 'false' });
  expect(Stats['raft']).toMatchObject({ state: 'Candidate', last_contact: '18.777s' });
  await lost.app.close();
});

test('who is to be removed and who is to lead reaches the cluster as it was asked', async () => {
  const follower = await startFollower();
  const removed = await follower.request('DELETE', '/v1/operator/raft/peer?id=id-3');
  expect([removed.status, removed.text]).toEqual([200, '']);
  await follower.request('DELETE', '/v1/operator/raft/peer?address=127.0.0.3:8300');
  const handedOver = await follower.request('POST', '/v1/operator/raft/transfer-leader');
  expect(handedOver.json()).toEqual({ Success: true });
  await follower.request('POST', '/v1/operator/raft/transfer-leader?id=id-1');
  expect(follower.asked).toEqual([{ id: 'id-3' }, { address: '127.0.0.3:8300' }, undefined, 'id-1']);
  const refusing = await startFollower({
    removeServer: async () => refuse('invalid_command', 'without it 1 of 2 voting servers are up'),
  });
  const refused = await refusing.request('DELETE', '/v1/operator/raft/peer?id=id-2');
  expect([refused.status, refused.text]).toEqual([500, 'without it 1 of 2 voting servers are up']);
  await Promise.all([follower.app.close(), refusing.app.close()]);
});

test("a follower's own page says whom it follows and since when it has heard nothing", async () => {
  const follower = await startFollower();
  const { Stats } = (await follower.get('/v1/agent/self')).json() as { Stats: Record<string, object> };
  expect(Stats['consul']).toMatchObject({ leader: 'false', leader_addr: '127.0.0.2:8300' });
  expect(Stats['raft']).toMatchObject({
    state: 'Follower',
    last_contact: '41.276863ms',
    num_peers: '1',
    term: '7',
    latest_configuration:
      '[{Suffrage:Voter ID:id-1 Address:127.0.0.1:8300} {Suffrage:Voter ID:id-2 Address:127.0.0.2:8300} {Suffrage:Nonvoter ID:id-3 Address:127.0.0.3:8300}]',
  });
  await follower.app.close();
});

test('usage counts what belongs to a mesh by its kind, and what Consul would bill', async () => {
  const follower = await startFollower();
  const register = (ID: string, more: object) =>
    follower.put('/v1/agent/service/register', { ID, Name: ID.slice(0, 3), ...more });
  await register('web1', {});
  await register('web2', { Connect: { Native: true } });
  await register('gat1', { Kind: 'mesh-gateway', Port: 443 });
  expect((await follower.get('/v1/operator/usage')).json()).toMatchObject({
    Usage: {
      dc1: {
        Services: 3,
        ServiceInstances: 4,
        ConnectServiceInstances: { 'connect-native': 1, 'mesh-gateway': 1, 'connect-proxy': 0 },
        BillableServiceInstances: 2,
      },
    },
    KnownLeader: true,
    LastContact: 41_276_863,
  });
  await follower.app.close();
});
