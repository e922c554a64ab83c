/**
 * The limit on connections of one client.
 */
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const MAX_CONNECTIONS = 3;
let agent: RunningAgent;
let held: net.Socket[] = [];

async function connect(): Promise<net.Socket> {
  const socket = net.connect({ port: agent.httpPort, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  held.push(socket);
  return socket;
}

beforeEach(async () => {
  agent = await startAgent({ config: { limits: { http_max_conns_per_client: MAX_CONNECTIONS } } });
});
afterEach(async () => {
  for (const socket of held) socket.destroy();
  held = [];
  await agent.stop();
});

/** Take up every connection that there is; the one that waited for the agent may still be among them. */
async function takeAll(): Promise<void> {
  for (let taken = 0; taken < MAX_CONNECTIONS; taken += 1) await connect();
}

it('refuses one too many, does not obey it, and closes it whatever its client does', async () => {
  await takeAll();
  const socket = await connect();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {}); // written to after the end
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'end');
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 429 .*rate limit your calls/s);

  const request = 'PUT /v1/kv/refused HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na';
  const sending = setInterval(() => socket.write(request), 50);
  await closed; // by the agent's reset: this side never ends
  clearInterval(sending);

  for (const one of held) one.destroy();
  await expect.poll(async () => (await fetch(`${agent.httpUrl}/v1/kv/refused`)).status).toBe(404);
});
