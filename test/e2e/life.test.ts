/**
 * What an agent does beside answering: leaves, writes its files, listens in several places, accepts the flags of tutorials.
 */
import { Resolver } from 'node:dns/promises';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let dir = '';
let agent: RunningAgent | undefined;

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-life-'));
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  fs.rmSync(dir, { recursive: true, force: true });
});

const getJson = async (url: string): Promise<unknown> => (await fetch(url)).json();

describe('leaving', () => {
  it('takes the node out of the catalog, says so to orchestrators, and ends', async () => {
    agent = await startAgent({ config: { performance: { leave_drain_time: '1s' } } });
    const { httpUrl } = agent;
    expect((await fetch(`${httpUrl}/health/ready`)).status).toBe(200);
    expect((await fetch(`${httpUrl}/v1/agent/leave`, { method: 'PUT' })).status).toBe(200);
    expect(await getJson(`${httpUrl}/v1/catalog/nodes`)).toEqual([]);
    expect((await fetch(`${httpUrl}/health/ready`)).status).toBe(503);
    expect((await fetch(`${httpUrl}/health/live`)).status).toBe(200);
    expect(await agent.stop('SIGCONT')).toBe(0);
  });

  it('happens on SIGTERM with leave_on_terminate, and what was registered is there again after the next start', async () => {
    const config = { leave_on_terminate: true, performance: { leave_drain_time: '50ms' } };
    agent = await startAgent({ dataDir: dir, config });
    await fetch(`${agent.httpUrl}/v1/agent/service/register`, { method: 'PUT', body: '{"Name":"kept"}' });
    expect(await agent.stop()).toBe(0);
    agent = await startAgent({ dataDir: dir, config });
    expect(await getJson(`${agent.httpUrl}/v1/catalog/services`)).toEqual({ consul: [], kept: [] });
  });
});

describe('files of an agent', () => {
  it('holds its process id in pid_file while it runs', async () => {
    const file = path.join(dir, 'pid');
    agent = await startAgent({ config: { pid_file: file } });
    expect(fs.readFileSync(file, 'utf8')).toBe(String(agent.pid));
    await agent.stop();
    expect(fs.existsSync(file)).toBe(false);
  });

  it('writes its log as JSON to log_file, and goes on in a new one on SIGUSR2', async () => {
    const file = path.join(dir, 'agent.log');
    agent = await startAgent({ config: { log_file: file } });
    const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toHaveProperty('@message');
    fs.renameSync(file, `${file}.1`);
    process.kill(agent.pid, 'SIGUSR2');
    for (let tries = 0; tries < 100 && !fs.existsSync(file); tries += 1) await delay(20);
    await agent.stop();
    expect(fs.readFileSync(file, 'utf8')).toContain('"@message":"ended"');
  });
});

describe('addresses', () => {
  it('answers HTTP and DNS on every one of them', async () => {
    agent = await startAgent({ config: { client_addr: '127.0.0.1 127.0.0.2' } });
    for (const address of ['127.0.0.1', '127.0.0.2']) {
      expect((await fetch(`http://${address}:${agent.httpPort}/v1/status/leader`)).status).toBe(200);
      const resolver = new Resolver({ timeout: 1_000, tries: 1 });
      resolver.setServers([`${address}:${agent.dnsPort}`]);
      expect(await resolver.resolve4('consul.service.consul')).toEqual(['127.0.0.1']);
    }
  });

  it('takes them from templates', async () => {
    agent = await startAgent({
      config: { client_addr: '{{ GetInterfaceIP "lo" }}', advertise_addr: '{{ env "ME" }}' },
      env: { ME: '10.1.2.3' },
    });
    expect(await getJson(`${agent.httpUrl}/v1/status/leader`)).toBe('10.1.2.3:8300');
  });
});

describe('tutorials', () => {
  it('may start it with the flags of a cluster', async () => {
    const definitions = path.join(dir, 'conf');
    fs.mkdirSync(definitions);
    fs.writeFileSync(
      path.join(definitions, 'service.json'),
      '{ "service": { "name": "user-api", "id": "user-api-{{ env "POD_NAME" }}",   // unique per pod\n "address": "{{ env "POD_IP" }}", "port": 80 } }'
        .replaceAll('env "', 'env \\"')
        .replaceAll('" }}', '\\" }}'),
    );
    const flags =
      '-server -bootstrap-expect 1 -bind=127.0.0.1 -ui -rejoin -join 10.0.0.1 -retry-join=10.0.0.2 -client 127.0.0.1 -disable-host-node-id=true';
    agent = await startAgent({
      dataDir: path.join(dir, 'data'),
      args: [...flags.split(' '), '-config-dir', definitions],
      env: { POD_NAME: 'p1', POD_IP: '10.9.8.7' },
    });
    expect(await getJson(`${agent.httpUrl}/v1/catalog/service/user-api`)).toMatchObject([
      { ServiceID: 'user-api-p1', ServiceAddress: '10.9.8.7' },
    ]);
    expect(agent.output()).toContain('without meaning here');
    expect(runCli(agent, ['join', '127.0.0.1']).code).toBe(0);
    expect(runCli(agent, ['force-leave', 'nobody']).code).toBe(1);
  });
});
