/**
 * Watches of a configuration: programs and addresses are told, a reload changes only what differs, mistakes have a place.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

interface Received {
  readonly method: string | undefined;
  readonly header: http.IncomingHttpHeaders;
  readonly body: string;
}

let dir = '';
let agent: RunningAgent | undefined;
let receiver: http.Server;
let received: Received[] = [];

const write = (content: object): void =>
  fs.writeFileSync(path.join(dir, 'watches.json'), JSON.stringify(content, null, 1));
const linesOf = (name: string): string[] => {
  const file = path.join(dir, name);
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
};
const append = (name: string): string => `(echo $CONSUL_INDEX; cat) >> ${path.join(dir, name)}`;

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries += 1) await delay(25);
  expect(condition()).toBe(true);
}

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-watches-'));
  received = [];
  receiver = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      received.push({ method: request.method, header: request.headers, body });
      response.end('ok');
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  receiver.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

describe('watches of a configuration', () => {
  it('tell programs and addresses, and a reload touches what differs only', async () => {
    const { port } = receiver.address() as AddressInfo;
    const services = { type: 'services', args: ['/bin/sh', '-c', append('services')] };
    const address = { path: `http://127.0.0.1:${port}/hook`, method: 'PUT', header: { 'X-Own': ['1'] } };
    const own = { type: 'agent_service', service_id: 'web', handler: append('web') };
    const service = { name: 'web', port: 1 };
    write({
      service,
      watches: [services, own, { type: 'key', key: 'k', handler_type: 'http', http_handler_config: address }],
    });
    agent = await startAgent({ args: ['-config-dir', dir] });
    await until(
      () => linesOf('services').length === 2 && linesOf('web').length === 2 && received.length === 1,
    );
    expect(linesOf('services')[0]).toMatch(/^[1-9]\d*$/);
    expect(JSON.parse(linesOf('services')[1] ?? '')).toEqual({ consul: [], web: [] });
    expect(JSON.parse(linesOf('web')[1] ?? '')).toMatchObject({ ID: 'web', Port: 1 });
    expect(received[0]).toMatchObject({ method: 'PUT', body: 'null', header: { 'x-own': '1' } });

    await fetch(`${agent.httpUrl}/v1/kv/k`, { method: 'PUT', body: 'v' });
    await until(() => received.length === 2);
    expect(JSON.parse(received[1]?.body ?? '')).toMatchObject({ Key: 'k', Value: 'dg==' });

    write({ service, watches: [services, { type: 'nodes', handler: append('nodes') }] });
    expect(runCli(agent, ['reload', '-dry-run']).out).toBe(
      '+ definition watch nodes\n- definition watch agent_service web\n- definition watch key k\n',
    );
    expect(runCli(agent, ['reload']).code).toBe(0);
    await until(() => linesOf('nodes').length === 2);
    await fetch(`${agent.httpUrl}/v1/kv/k`, { method: 'PUT', body: 'w' });
    await delay(300);
    expect([linesOf('services').length, received.length]).toEqual([2, 2]);
    expect(await agent.stop()).toBe(0);
    agent = undefined;
  });

  it('with a mistake keep a reload from changing anything and an agent from starting', async () => {
    const nodes = { type: 'nodes', args: ['/bin/sh', '-c', append('nodes')] };
    write({ watches: [nodes] });
    agent = await startAgent({ args: ['-config-dir', dir] });
    await until(() => linesOf('nodes').length === 2);
    write({ watches: [{ type: 'key', args: ['/bin/true'] }] });
    const mistake = /watches\.json:\d+: watches: Must specify a single key to watch/;
    expect(runCli(agent, ['reload'])).toMatchObject({ code: 1, err: expect.stringMatching(mistake) });
    await fetch(`${agent.httpUrl}/v1/catalog/register`, {
      method: 'PUT',
      body: JSON.stringify({ Node: 'other', Address: '10.0.0.9' }),
    });
    await until(() => linesOf('nodes').length === 4);
    await expect(startAgent({ args: ['-config-dir', dir] })).rejects.toThrow(mistake);
    expect(runCli(agent, ['validate', dir])).toMatchObject({ code: 1, err: expect.stringMatching(mistake) });
  });
});
