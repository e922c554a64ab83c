/**
 * Commands for those who look for a fault: round trips, a folder with everything, and the reasons why Consul's others are not here.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-diagnosis-'));
let agent: RunningAgent;
beforeAll(async () => {
  agent = await startAgent({ config: { node_name: 'n1', enable_debug: true } });
});
afterAll(async () => {
  await agent.stop();
  fs.rmSync(dir, { recursive: true });
});

async function place(node: string, at: number): Promise<void> {
  const register = { Node: node, Address: '10.0.0.1' };
  const coordinate = {
    Node: node,
    Coord: { Vec: [at, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 1e-5 },
  };
  for (const [url, body] of [
    ['/v1/catalog/register', register],
    ['/v1/coordinate/update', coordinate],
  ] as const) {
    const response = await fetch(agent.httpUrl + url, { method: 'PUT', body: JSON.stringify(body) });
    expect(response.status).toBe(200);
  }
}

describe('rollcall rtt', () => {
  test('tells the estimated round trip between two nodes', async () => {
    await place('near', 0);
    await place('far', 0.003);
    await expect
      .poll(() => runCli(agent, ['rtt', 'near', 'far']).out, { timeout: 10_000 })
      .toBe('Estimated near <-> far rtt: 3.020 ms (using LAN coordinates)\n');
  });

  test('names the node that it knows no place of', () => {
    expect(runCli(agent, ['rtt', 'near', 'nobody'])).toEqual({
      code: 1,
      out: '',
      err: 'Could not find a coordinate for node "nobody"\n',
    });
    expect(runCli(agent, ['rtt']).err).toBe('One or two node names must be specified\n');
  });
});

describe('rollcall debug', () => {
  test('writes configuration, members, metrics and log into a folder for its owner alone', () => {
    const folder = path.join(dir, 'captured');
    const { code, out } = runCli(agent, [
      'debug',
      '-duration=1500ms',
      '-interval=500ms',
      `-output=${folder}`,
    ]);
    expect([code, out]).toEqual([0, expect.stringContaining(`to ${folder}\n`)]);
    const files = fs.readdirSync(folder);
    const profile = (kind: string): unknown =>
      JSON.parse(fs.readFileSync(path.join(folder, `agent.${kind}profile`), 'utf8')) as unknown;
    expect(profile('cpu')).toMatchObject({ nodes: expect.any(Array), samples: expect.any(Array) });
    expect(profile('heap')).toMatchObject({ head: expect.any(Object) });
    expect(files).toEqual(expect.arrayContaining(['agent.json', 'agent.log', 'index.json', 'members.json']));
    expect(files.filter((name) => name.startsWith('metrics-')).length).toBeGreaterThanOrEqual(2);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    expect(fs.readFileSync(path.join(folder, 'agent.log'), 'utf8')).toMatch(/request finished/);
    const self = JSON.parse(fs.readFileSync(path.join(folder, 'agent.json'), 'utf8')) as { Config: object };
    expect(self.Config).toMatchObject({ NodeName: 'n1' });
  });

  test('does not write into what is there, and says what is no duration', () => {
    expect(runCli(agent, ['debug', `-output=${dir}`]).err).toMatch(/-output: .*: file already exists/);
    expect(runCli(agent, ['debug', '-duration=soon']).err).toBe(
      '-duration: soon is no duration; write 30s or 2m\n',
    );
  });
});

describe('a command of Consul that is not here', () => {
  test.each([
    [['exec', 'uptime'], 'programs are not run on other machines'],
    [['keyring', '-list'], 'there is no gossip'],
    [['connect', 'ca', 'get-config'], 'there is no mesh'],
    [['config', 'list'], 'config entries are for the mesh'],
  ])('%j is refused with the reason', (args, reason) => {
    const { code, out, err } = runCli(agent, args);
    expect({ code, out }).toEqual({ code: 127, out: '' });
    expect(err).toContain(`rollcall has no command ${args[0]}: ${reason}`);
  });
});
