/**
 * A thousand programs beside a client agent that wait for one service: for the servers that is one agent that follows one
 * name.
 */
import fs from 'node:fs';
import http from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClusterAgent } from '../support/cluster-agents.ts';

const WAITERS = 1_000;
const NET = '127.23.22';
const server = new ClusterAgent({
  name: 's1',
  address: `${NET}.1`,
  args: ['-server', '-bootstrap-expect', '1'],
});
const client = new ClusterAgent({
  name: 'c1',
  address: `${NET}.11`,
  args: ['-retry-join', `${NET}.1`],
  config: { limits: { http_max_conns_per_client: 2 * WAITERS } },
});

beforeAll(async () => {
  await server.start();
  await client.start();
});
afterAll(() => Promise.all([server.remove(), client.remove()]));

const agent = new http.Agent({ maxSockets: WAITERS, keepAlive: true });

/** The index of an answer, and how many instances are in it. */
async function ask(query: string): Promise<{ index: string; count: number }> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get(`${client.url}/v1/health/service/web?${query}`, { agent }, resolve).on('error', reject);
  });
  const rows = (await json(response)) as readonly unknown[];
  return { index: String(response.headers['x-consul-index']), count: rows.length };
}

/** Sum of a metric over its labels. */
async function metric(one: ClusterAgent, name: string): Promise<number> {
  const text = await (await fetch(`${one.url}/metrics`)).text();
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith(`rollcall_${name}{`) || line.startsWith(`rollcall_${name} `));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Connections of the client to the server's port for agents, from the kernel's list: addresses and ports in hexadecimal. */
function connectionsToServer(): number {
  const lines = fs.readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const hex = (address: string): string =>
    address
      .split('.')
      .reverse()
      .map((octet) => Number(octet).toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase();
  const port = (8300).toString(16).toUpperCase();
  return lines.filter(
    (line) => line.trim().split(/\s+/)[2] === `${hex(`${NET}.1`)}:${port}` && / 01 /.test(line),
  ).length;
}

test.runIf(fs.existsSync('/proc/net/tcp'))(
  'a thousand who wait cost the server one connection and no request',
  async () => {
    const { index } = await ask('');
    const before = await metric(server, 'http_requests_total');
    const waiting = Array.from({ length: WAITERS }, () => ask(`index=${index}&wait=60s`));
    await expect.poll(() => metric(client, 'http_blocking'), { timeout: 20_000 }).toBe(WAITERS);
    expect(connectionsToServer()).toBe(1);
    await server.put('/v1/catalog/register', {
      Node: 'elsewhere',
      Address: '10.0.0.9',
      Service: { Service: 'web', Port: 80 },
    });
    const answers = await Promise.all(waiting);
    expect(answers.every(({ count }) => count === 1)).toBe(true);
    expect(new Set(answers.map((answer) => answer.index)).size).toBe(1);
    // The registration, and the question for the metric.
    expect((await metric(server, 'http_requests_total')) - before).toBeLessThanOrEqual(2);
    agent.destroy();
  },
  60_000,
);
