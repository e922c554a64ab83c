/** `rollcall bridge` as a process: what it shows is believed only for as long as it says that it is so. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { repositoryDir } from '../support/source-files.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const LAUNCHER = path.join(repositoryDir, 'bin/rollcall.js');
const agents: RunningAgent[] = [];
const bridges: ChildProcess[] = [];
afterEach(async () => {
  for (const bridge of bridges.splice(0)) bridge.kill('SIGKILL');
  for (const agent of agents.splice(0)) await agent.stop();
});

async function agentOf(name: string): Promise<RunningAgent> {
  const agent = await startAgent({ config: { node_name: name } });
  agents.push(agent);
  return agent;
}

function bridge(from: RunningAgent, to: RunningAgent): ChildProcess {
  const args = [LAUNCHER, 'bridge', `-from=${from.httpUrl}`, `-http-addr=${to.httpUrl}`, '-ttl=6s'];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  bridges.push(child);
  return child;
}

interface Entry {
  readonly Service: { readonly ID: string; readonly Address: string };
  readonly Checks: readonly { readonly Status: string; readonly Output: string }[];
}

/** Id and status of each instance of web, as an agent has them. */
async function webOf({ httpUrl }: RunningAgent): Promise<readonly string[]> {
  const entries = (await (await fetch(`${httpUrl}/v1/health/service/web`)).json()) as Entry[];
  return entries.map(({ Service, Checks }) => {
    const worst = Checks.find(({ Status }) => Status !== 'passing')?.Status ?? 'passing';
    return `${Service.ID} at ${Service.Address}: ${worst}`;
  });
}

test('a bridge that dies leaves instances critical, the next one takes them over, and an end takes them back', {
  timeout: 60_000,
}, async () => {
  const [from, to] = [await agentOf('there'), await agentOf('here')];
  const body = JSON.stringify({ Name: 'web', Address: '10.0.0.7', Port: 80 });
  await fetch(`${from.httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
  const shown = (status: string) => [`bridged:there:web at 10.0.0.7: ${status}`];
  const first = bridge(from, to);
  await expect.poll(() => webOf(to), { timeout: 15_000 }).toEqual(shown('passing'));
  first.kill('SIGKILL');
  await expect.poll(() => webOf(to), { timeout: 15_000 }).toEqual(shown('critical'));
  const next = bridge(from, to);
  await expect.poll(() => webOf(to), { timeout: 15_000 }).toEqual(shown('passing'));
  const ended = once(next, 'exit');
  next.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(await webOf(to)).toEqual([]);
});
