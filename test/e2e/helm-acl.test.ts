/** The script of the chart's bootstrap job, run against a server as the job runs it. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryDir } from '../support/source-files.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const SCRIPT = path.join(repositoryDir, 'deploy/helm/rollcall/files/acl-bootstrap.sh');
const MANAGEMENT = '11111111-1111-4111-8111-111111111111';
const AGENT = '22222222-2222-4222-8222-222222222222';
const DNS = '33333333-3333-4333-8333-333333333333';

describe('the bootstrap job of the chart', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-bootstrap-'));
  let agent: RunningAgent;
  beforeAll(async () => {
    const tokens = { initial_management: MANAGEMENT, agent: AGENT, dns: DNS };
    agent = await startAgent({ config: { acl: { enabled: true, default_policy: 'deny', tokens } } });
    const program = `#!/bin/sh\nexec '${process.execPath}' '${path.join(repositoryDir, 'bin/rollcall.js')}' "$@"\n`;
    fs.writeFileSync(path.join(dir, 'rollcall'), program, { mode: 0o755 });
  });
  afterAll(async () => {
    await agent.stop();
    fs.rmSync(dir, { recursive: true });
  });

  const bootstrap = (): readonly [number | null, string] => {
    const env = {
      PATH: `${dir}:${process.env['PATH'] ?? ''}`,
      ROLLCALL_HTTP_ADDR: agent.httpUrl,
      ROLLCALL_HTTP_TOKEN: MANAGEMENT,
      AGENT_TOKEN: AGENT,
      DNS_TOKEN: DNS,
      ANONYMOUS_READS: 'true',
    };
    const { status, stdout, stderr } = spawnSync('sh', [SCRIPT], { encoding: 'utf8', env });
    return [status, stdout + stderr];
  };
  const statusOf = async (url: string, token = '', method = 'GET'): Promise<number> => {
    const headers = token === '' ? {} : { 'X-Consul-Token': token };
    return (await fetch(agent.httpUrl + url, { method, headers })).status;
  };

  test('makes tokens that may do what agents and lookups need, and no more', async () => {
    expect(bootstrap()).toEqual([0, expect.stringContaining('token of the agents\n')]);
    expect(await statusOf('/v1/acl/token/self', AGENT)).toBe(200);
    expect(await statusOf('/v1/kv/a', AGENT, 'PUT')).toBe(403);
    expect(await (await fetch(`${agent.httpUrl}/v1/catalog/services`)).json()).toHaveProperty('consul');
    expect(await statusOf('/v1/kv/a', '', 'PUT')).toBe(403);
  });

  test('changes nothing the second time', () => {
    expect(bootstrap()).toEqual([0, expect.stringContaining('token of the agents: there already\n')]);
  });
});
