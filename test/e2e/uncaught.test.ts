/**
 * Errors that nobody catches, in a real agent: it says and counts them, and every face goes on answering.
 */
import { afterEach, expect, test } from 'vitest';
import { decoded, queryPacket } from '../support/dns-rig.ts';
import { askUdp } from '../support/dns-sockets.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const PRELOAD = new URL('../support/throw-on-signal.mjs', import.meta.url);
const SOON = { timeout: 5_000, interval: 20 };

let agent: RunningAgent | undefined;

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

async function addressOf(name: string, { dnsPort }: RunningAgent): Promise<string> {
  const reply = await askUdp(dnsPort, queryPacket(name, 'A'));
  return reply === undefined ? 'no answer' : decoded(reply).rcode;
}

async function countedUncaught({ httpUrl }: RunningAgent): Promise<string | undefined> {
  const response = await fetch(`${httpUrl}/metrics`);
  return /uncaught_errors\S*\{thread="main"\S* (\d+)/.exec(await response.text())?.[1];
}

test('an agent survives what nobody caught, says it and counts it', async () => {
  agent = await startAgent({ env: { NODE_OPTIONS: `--import=${PRELOAD}` } });
  const { httpUrl, pid } = agent;
  process.kill(pid, 'SIGWINCH');
  await expect.poll(() => agent?.output(), SOON).toContain('a promise that nobody awaits');
  expect(agent.output()).toContain('a callback that nobody guards');
  expect(await addressOf('consul.service.consul', agent)).toBe('NOERROR');
  const put = await fetch(`${httpUrl}/v1/kv/still`, { method: 'PUT', body: 'here' });
  expect(await put.json()).toBe(true);
  expect(await countedUncaught(agent)).toBe('2');
  expect(await agent.stop()).toBe(0);
});

test('an error before the agent runs ends it, as any failure to start does', async () => {
  const started = startAgent({
    env: { NODE_OPTIONS: `--import=${PRELOAD}`, THROW_AT_START: '1' },
  });
  await expect(started).rejects.toThrow('a bug while starting');
});

test('a recursor that cannot be reached ends nothing: the question fails, names of the catalog are answered', async () => {
  agent = await startAgent({ config: { recursors: ['255.255.255.255'] } });
  expect(await addressOf('example.org', agent)).toBe('SERVFAIL');
  expect(await addressOf('consul.service.consul', agent)).toBe('NOERROR');
  expect(agent.output()).not.toContain('nobody caught');
});
