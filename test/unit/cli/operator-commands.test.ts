/**
 * What `rollcall operator` prints, next to what Consul's command line printed of servers like these.
 */
import { afterEach, expect, test } from 'vitest';
import { Client } from '../../../src/cli/client.ts';
import type { Command } from '../../../src/cli/command-spec.ts';
import { command as getConfig } from '../../../src/cli/commands/operator-autopilot-get-config-command.ts';
import { command as setConfig } from '../../../src/cli/commands/operator-autopilot-set-config-command.ts';
import { command as state } from '../../../src/cli/commands/operator-autopilot-state-command.ts';
import { command as listPeers } from '../../../src/cli/commands/operator-raft-list-peers-command.ts';
import { command as removePeer } from '../../../src/cli/commands/operator-raft-remove-peer-command.ts';
import { command as transferLeader } from '../../../src/cli/commands/operator-raft-transfer-leader-command.ts';
import { command as instances } from '../../../src/cli/commands/operator-usage-instances-command.ts';
import { Flags } from '../../../src/cli/flags.ts';
import type { ClusterPort } from '../../../src/http/cluster-port.ts';
import { AppError } from '../../../src/model/errors.ts';
import { listenAnywhere } from '../../support/raw-http.ts';
import { type Follower, startFollower } from '../../support/three-servers.ts';

const started: Follower[] = [];
afterEach(async () => {
  for (const follower of started.splice(0)) await follower.app.close();
});

interface Terminal {
  readonly follower: Follower;
  /** Run a command with flags; resolves with all that it printed, or rejects as the program would fail. */
  run(command: Command, given?: Readonly<Record<string, string>>): Promise<string>;
}

async function terminal(own: Partial<ClusterPort> = {}): Promise<Terminal> {
  const follower = await startFollower(own);
  started.push(follower);
  const port = await listenAnywhere(follower.app);
  const env = { ROLLCALL_HTTP_ADDR: `127.0.0.1:${port}` };
  const run: Terminal['run'] = async (command, given = {}) => {
    const flags = new Flags(Object.entries(given).map(([flag, value]) => ({ flag, value })));
    const lines: string[] = [];
    const refuse = (): never => {
      throw new Error('not wanted here');
    };
    await command.run({
      flags,
      args: [],
      env,
      io: {
        out: (text) => lines.push(text),
        err: refuse,
        raw: refuse,
        stdin: refuse,
        isTerminal: false,
        paint: (_style: string, text: string) => text,
      },
      client: () => new Client(flags, env),
      interrupted: new AbortController().signal,
      allCommands: async () => [],
    });
    return lines.join('\n');
  };
  return { follower, run };
}

const noLeader = async (): Promise<never> => {
  throw new AppError('no_leader', 'No cluster leader');
};

test('list-peers shows the servers with their part and how far they are behind', async () => {
  const { run } = await terminal();
  expect(await run(listPeers)).toBe(`\
Node  ID    Address         State     Voter  RaftProtocol  Commit Index  Trails Leader By
s1    id-1  127.0.0.1:8300  follower  true   3             12            0 commits
s2    id-2  127.0.0.2:8300  leader    true   3             11            -
s3    id-3  127.0.0.3:8300  follower  false  3             10            1 commit`);
});

test('without a leader list-peers fails as in Consul, and with -stale it shows what is known', async () => {
  const { run } = await terminal({ health: noLeader });
  await expect(run(listPeers)).rejects.toThrow(
    'Error getting peers: Failed to retrieve raft configuration: Unexpected response code: 500 (No cluster leader)',
  );
  expect(await run(listPeers, { stale: 'true' })).toContain(
    's1    id-1  127.0.0.1:8300  follower  true   3             -             -',
  );
});

test('remove-peer takes an address or an id, says what it removed, and why it could not', async () => {
  const { run, follower } = await terminal();
  expect(await run(removePeer, { address: '127.0.0.3:8300' })).toBe(
    'Removed peer with address "127.0.0.3:8300"',
  );
  expect(await run(removePeer, { id: 'id-3' })).toBe('Removed peer with id "id-3"');
  expect(follower.asked).toEqual([{ address: '127.0.0.3:8300' }, { id: 'id-3' }]);
  await expect(run(removePeer)).rejects.toThrow(
    'Error removing peer: an address or id is required for the peer to remove',
  );
  await expect(run(removePeer, { id: 'a', address: 'b' })).rejects.toThrow(
    'Error removing peer: cannot give both an address and id',
  );
  const lost = await terminal({ removeServer: noLeader });
  await expect(lost.run(removePeer, { id: 'x' })).rejects.toThrow(
    'Error removing peer: Unexpected response code: 500 (No cluster leader)',
  );
});

test('transfer-leader says Success, or why there was none', async () => {
  const { run, follower } = await terminal();
  expect(await run(transferLeader)).toBe('Success');
  expect(await run(transferLeader, { id: 'id-1' })).toBe('Success');
  expect(follower.asked).toEqual([undefined, 'id-1']);
  const lost = await terminal({ transferLeader: noLeader });
  await expect(lost.run(transferLeader)).rejects.toThrow(
    'Error transfering leadership: Failed to transfer leadership: Unexpected response code: 500',
  );
});

test('set-config changes what is given and leaves the rest, get-config shows it', async () => {
  const { run } = await terminal();
  expect(await run(setConfig, { 'cleanup-dead-servers': 'false', 'min-quorum': '3' })).toBe(
    'Configuration updated!',
  );
  expect(await run(setConfig, { 'server-stabilization-time': '5s' })).toBe('Configuration updated!');
  expect(await run(getConfig)).toBe(`\
CleanupDeadServers = false
LastContactThreshold = 200ms
MaxTrailingLogs = 250
MinQuorum = 3
ServerStabilizationTime = 5s
RedundancyZoneTag = ""
DisableUpgradeMigration = false
UpgradeVersionTag = ""`);
  await expect(run(setConfig, { 'last-contact-threshold': 'x' })).rejects.toThrow(
    'invalid value "x" for flag -last-contact-threshold',
  );
});

test('state shows the cluster first, then each server', async () => {
  const { run } = await terminal();
  const shown = await run(state);
  expect(shown).toContain(`\
Healthy:                      true
Failure Tolerance:            1
Optimistic Failure Tolerance: 1
Leader:                       id-2
Voters:
   id-2
   id-1
Servers:
   id-1
      Name:            s1
      Address:         127.0.0.1:8300
      Version:         1.2.3
      Status:          voter
      Node Type:       voter
      Node Status:     alive
      Healthy:         true
      Last Contact:    32.56242ms
      Last Term:       7
      Last Index:      12
      Meta
         "rack": "r1"
`);
  expect(shown).toContain('      Status:          non-voter');
});

test('usage counts what Consul would bill and what belongs to a mesh', async () => {
  const { run, follower } = await terminal();
  await follower.put('/v1/agent/service/register', { Name: 'web' });
  await follower.put('/v1/agent/service/register', { Name: 'gate', Kind: 'mesh-gateway', Port: 443 });
  expect(await run(instances)).toBe(`\
Billable Service Instances Total: 1
dc1 Billable Service Instances: 1

Billable Services
Services      Service instances
3             1

Connect Services
Type                     Service instances
api-gateway              0
connect-native           0
connect-proxy            0
ingress-gateway          0
mesh-gateway             1
terminating-gateway      0`);
  expect(await run(instances, { billable: 'true', 'all-datacenters': 'true' })).toBe(`\
Billable Service Instances Total: 1
dc1 Billable Service Instances: 1

Billable Services
Datacenter      Services      Service instances
dc1             3             1

Total           3             1
`);
});
