/**
 * What the chart makes, as processes: the script of its bootstrap job against a server as the job runs it, and a server and a client
 * with the configuration and tokens that it gives them.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterAgent } from '../support/cluster-agents.ts';
import { type Manifest, manifestsOf } from '../support/manifests.ts';
import { describeWith } from '../support/needs-program.ts';
import { repositoryDir } from '../support/source-files.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const SCRIPT = path.join(repositoryDir, 'deploy/helm/rollcall/files/acl-bootstrap.sh');
const MANAGEMENT = '11111111-1111-4111-8111-111111111111';
const AGENT = '22222222-2222-4222-8222-222222222222';
const DNS = '33333333-3333-4333-8333-333333333333';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-bootstrap-'));
beforeAll(() => {
  const program = `#!/bin/sh\nexec '${process.execPath}' '${path.join(repositoryDir, 'bin/rollcall.js')}' "$@"\n`;
  fs.writeFileSync(path.join(dir, 'rollcall'), program, { mode: 0o755 });
});
afterAll(() => fs.rmSync(dir, { recursive: true }));

interface Tokens {
  readonly management: string;
  readonly agent: string;
  readonly dns: string;
}

function bootstrap(url: string, tokens: Tokens): readonly [number | null, string] {
  const env = {
    PATH: `${dir}:${process.env['PATH'] ?? ''}`,
    ROLLCALL_HTTP_ADDR: url,
    ROLLCALL_HTTP_TOKEN: tokens.management,
    AGENT_TOKEN: tokens.agent,
    DNS_TOKEN: tokens.dns,
    ANONYMOUS_READS: 'true',
  };
  const { status, stdout, stderr } = spawnSync('sh', [SCRIPT], { encoding: 'utf8', env });
  return [status, stdout + stderr];
}

describe('the bootstrap job of the chart', () => {
  let agent: RunningAgent;
  beforeAll(async () => {
    const tokens = { initial_management: MANAGEMENT, agent: AGENT, dns: DNS };
    agent = await startAgent({ config: { acl: { enabled: true, default_policy: 'deny', tokens } } });
  });
  afterAll(async () => {
    await agent.stop();
  });

  const run = () => bootstrap(agent.httpUrl, { management: MANAGEMENT, agent: AGENT, dns: DNS });
  const statusOf = async (url: string, token = '', method = 'GET'): Promise<number> => {
    const headers = token === '' ? {} : { 'X-Consul-Token': token };
    return (await fetch(agent.httpUrl + url, { method, headers })).status;
  };

  test('makes tokens that may do what agents and lookups need, and no more', async () => {
    expect(run()).toEqual([0, expect.stringContaining('token for agents: made\n')]);
    expect(await statusOf('/v1/acl/token/self', AGENT)).toBe(200);
    expect(await statusOf('/v1/kv/a', AGENT, 'PUT')).toBe(403);
    expect(await (await fetch(`${agent.httpUrl}/v1/catalog/services`)).json()).toHaveProperty('consul');
    expect(await statusOf('/v1/kv/a', '', 'PUT')).toBe(403);
  });

  test('changes nothing the second time', () => {
    expect(run()).toEqual([0, expect.stringContaining('token for agents: exists\n')]);
  });
});

describeWith('helm', 'a release of the chart with access control', () => {
  const chart = path.join(repositoryDir, 'deploy/helm/rollcall');
  const sets = '--set=acl.enabled=true,server.replicas=1,acl.anonymousReads=true';
  const { stdout } = spawnSync('helm', ['template', 'demo', chart, sets], { encoding: 'utf8' });
  const manifests: readonly Manifest[] = manifestsOf(stdout);
  const secret = (key: string): string =>
    Buffer.from(manifests.find(({ kind }) => kind === 'Secret')?.data?.[key] ?? '', 'base64').toString();
  const tokens = { management: secret('management'), agent: secret('agent'), dns: secret('dns') };
  const configOf = (file: string, own: object): object => {
    const text = manifests.flatMap(({ data }) => data?.[file] ?? [])[0] ?? '';
    const config = JSON.parse(text) as { acl: object };
    return { ...config, encrypt: secret('encrypt'), acl: { ...config.acl, tokens: own } };
  };
  const SERVER = '127.27.2.1';
  const { management: initial_management, agent, dns } = tokens;
  const server = new ClusterAgent({
    name: 'demo-rollcall-server-0',
    address: SERVER,
    args: [],
    config: configOf('server.json', { initial_management, agent, dns }),
  });
  const client = new ClusterAgent({
    name: 'node-1',
    address: '127.27.2.11',
    args: [],
    config: { ...configOf('client.json', { agent, dns }), retry_join: [SERVER] },
  });
  afterAll(() => Promise.all([server, client].map((each) => each.remove())));

  test('has a client that becomes a member by its token, and services that everybody may look up', async () => {
    await Promise.all([server.start(), client.start()]);
    expect(bootstrap(server.url, tokens)).toEqual([0, expect.any(String)]);
    const headers = { 'X-Consul-Token': tokens.management };
    const put = { method: 'PUT', headers, body: '{"Name":"web","Port":80}' };
    expect((await client.ask('/v1/agent/service/register', put)).status).toBe(200);
    const found = async () => (await server.get<unknown[]>('/v1/health/service/web?passing')).length;
    await expect.poll(found, { timeout: 50_000 }).toBe(1);
    expect(await client.get('/v1/health/service/web')).toHaveLength(1);
  });
});
