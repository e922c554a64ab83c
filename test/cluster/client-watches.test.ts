/**
 * What a client agent does by itself about what happens elsewhere: watches of its configuration, events, alias checks.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterAgent } from '../support/cluster-agents.ts';

const NET = '127.23.21';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-client-watches-'));
const server = new ClusterAgent({
  name: 's1',
  address: `${NET}.1`,
  args: ['-server', '-bootstrap-expect', '1'],
});
const other = new ClusterAgent({
  name: 'c2',
  address: `${NET}.12`,
  args: ['-retry-join', `${NET}.1`],
});
const posted: string[] = [];
const receiver = http.createServer((request, response) => {
  void text(request).then((body) => {
    posted.push(body);
    response.end();
  });
});

/** What the handler of a watch was told last; undefined before the first time. */
function told(name: string): unknown {
  const file = path.join(folder, name);
  if (!fs.existsSync(file)) return undefined;
  const last = fs.readFileSync(file, 'utf8').trim().split('\n').at(-1);
  return last ? JSON.parse(last) : undefined;
}
const into = (name: string) => ({ args: ['/bin/sh', '-c', `cat >> ${path.join(folder, name)}`] });

function makeClient(): ClusterAgent {
  const { port } = receiver.address() as AddressInfo;
  const watches = [
    { type: 'key', key: 'a', ...into('key') },
    { type: 'keyprefix', prefix: 'p/', ...into('keyprefix') },
    { type: 'services', ...into('services') },
    { type: 'nodes', ...into('nodes') },
    { type: 'service', service: 'web', ...into('service') },
    { type: 'checks', service: 'web', ...into('checks') },
    { type: 'checks', state: 'critical', ...into('critical') },
    { type: 'event', name: 'deploy', ...into('event') },
    {
      type: 'key',
      key: 'b',
      handler_type: 'http',
      http_handler_config: { path: `http://127.0.0.1:${port}/`, timeout: '5s' },
    },
  ];
  return new ClusterAgent({
    name: 'c1',
    address: `${NET}.11`,
    args: ['-retry-join', `${NET}.1`],
    config: { watches, service: { name: 'db', tags: ['primary'], port: 5432 } },
  });
}
let client: ClusterAgent;

beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  client = makeClient();
  await server.start();
  await Promise.all([client.start(), other.start()]);
});
afterAll(async () => {
  await Promise.all([server, client, other].map((agent) => agent.remove()));
  receiver.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const poll = <T>(look: () => T) => expect.poll(look, { timeout: 10_000, interval: 50 });

describe('watches of a client agent', () => {
  test('key and keyprefix: what is written on a server', async () => {
    await server.put('/v1/kv/a', 'one');
    await poll(() => told('key')).toMatchObject({ Key: 'a', Value: Buffer.from('one').toString('base64') });
    await server.put('/v1/kv/p/1', 'x');
    await poll(() => told('keyprefix')).toMatchObject([{ Key: 'p/1' }]);
  });

  test('services, nodes, service and checks: what another client registers', async () => {
    const Check = { CheckID: 'web', TTL: '1h', Status: 'passing' };
    await other.put('/v1/agent/service/register', { Name: 'web', Port: 80, Check });
    await poll(() => told('services')).toMatchObject({ consul: [], db: ['primary'], web: [] });
    await poll(() => told('nodes')).toMatchObject([{ Node: 'c1' }, { Node: 'c2' }, { Node: 's1' }]);
    await poll(() => told('service')).toMatchObject([{ Node: { Node: 'c2' }, Service: { Port: 80 } }]);
    await poll(() => told('checks')).toMatchObject([{ CheckID: 'web', Status: 'passing' }]);
    await other.put('/v1/agent/check/fail/web');
    await poll(() => told('checks')).toMatchObject([{ Status: 'critical' }]);
    await poll(() => told('critical')).toMatchObject([{ CheckID: 'web' }]);
  });

  test('an address is told as a program is', async () => {
    await server.put('/v1/kv/b', 'two');
    await poll(() => posted.at(-1)).toContain('"Key":"b"');
  });

  test('they go on when the server was away', async () => {
    await server.kill();
    await server.start();
    await expect
      .poll(() => server.put('/v1/kv/a', 'three').catch(() => false), { timeout: 10_000 })
      .toBe(true);
    await poll(() => told('key')).toMatchObject({ Value: Buffer.from('three').toString('base64') });
  });
});

describe('events', () => {
  const fire = (by: ClusterAgent, query: string, payload: string) =>
    by.put(`/v1/event/fire/deploy?${query}`, payload);
  const listed = async (agent: ClusterAgent): Promise<readonly string[]> => {
    const events = await agent.get<readonly { Payload: string }[]>('/v1/event/list?name=deploy');
    return events.map(({ Payload }) => Buffer.from(Payload, 'base64').toString());
  };

  test('reach the agents that their filters name, whichever agent fires them, and no other', async () => {
    await fire(other, 'node=c1', 'to-node');
    await fire(other, 'service=db', 'to-service');
    await fire(server, 'service=db&tag=primary', 'to-tag');
    await fire(client, 'service=db&tag=replica', 'to-nobody');
    await fire(other, 'node=s1', 'to-server');
    await fire(other, '', 'to-all');
    await poll(() => listed(client)).toEqual(['to-node', 'to-service', 'to-tag', 'to-all']);
    await poll(() => listed(other)).toEqual(['to-all']);
    await poll(() => listed(server)).toEqual(['to-server', 'to-all']);
    await poll(() => (told('event') as { Payload: string }[]).at(-1)).toMatchObject({
      Payload: Buffer.from('to-all').toString('base64'),
    });
  });
});

describe('alias checks of a client agent', () => {
  const check = async (id: string): Promise<{ Status: string; Output: string } | undefined> => {
    const checks = await client.get<Record<string, { Status: string; Output: string }>>('/v1/agent/checks');
    return checks[id];
  };

  test('follow what is registered here and elsewhere; without servers the former go on, the latter are critical', async () => {
    await other.put('/v1/agent/check/pass/web');
    const own = { Name: 'own', Check: { CheckID: 'own', TTL: '1h', Status: 'passing' } };
    await client.put('/v1/agent/service/register', own);
    const of = (AliasService: string, more: object) =>
      client.put('/v1/agent/service/register', {
        Name: `uses-${AliasService}`,
        Check: { CheckID: `alias-${AliasService}`, AliasService, ...more },
      });
    await of('own', {});
    await of('web', { AliasNode: 'c2' });
    await poll(() => check('alias-own')).toMatchObject({ Status: 'passing' });
    await poll(() => check('alias-web')).toMatchObject({ Status: 'passing', Output: 'All checks passing.' });
    await other.put('/v1/agent/check/fail/web');
    await poll(() => check('alias-web')).toMatchObject({ Status: 'critical' });
    await other.put('/v1/agent/check/pass/web');
    await poll(() => check('alias-web')).toMatchObject({ Status: 'passing' });
    await server.kill();
    await poll(() => check('alias-web')).toMatchObject({
      Status: 'critical',
      Output: 'Failure checking aliased node or service: No known Consul servers',
    });
    expect(await check('alias-own')).toMatchObject({ Status: 'passing' });
    await client.put('/v1/agent/check/fail/own');
    await poll(() => check('alias-own')).toMatchObject({ Status: 'critical' });
    await server.start();
    await poll(() => check('alias-web')).toMatchObject({ Status: 'passing' });
  });
});
