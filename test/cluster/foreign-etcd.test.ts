/** Servers on an etcd that somebody else runs, behind a password. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askServer, askUntil } from '../support/ask-cluster.ts';
import { type EtcdCluster, fastFolder, startEtcd } from '../support/etcd-server.ts';
import { ServerProcess } from '../support/faults/server-process.ts';
import { describeWith } from '../support/needs-program.ts';

const octet = (): number => 1 + Math.floor(Math.random() * 250);
const SUBNET = `127.13.${octet()}`;
const folder = fastFolder();
const started: ServerProcess[] = [];
let etcd: EtcdCluster;

function etcdctl(...args: string[]): void {
  const given = [`--endpoints=${etcd.endpoints.join(',')}`, ...args];
  const { status, stderr } = spawnSync('etcdctl', given, {
    env: { ...process.env, ETCDCTL_API: '3' },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

function start(number: number, password: string): ServerProcess {
  const name = `s${number}`;
  const store = `endpoints = ["${etcd.endpoints.join('", "')}"] username = "rollcall" password = "${password}"`;
  const server = new ServerProcess({
    name,
    address: `${SUBNET}.${number}`,
    dataDir: path.join(folder, name),
    args: ['-hcl', `store { etcd { ${store} } }`],
  });
  server.start();
  started.push(server);
  return server;
}

describeWith('etcdctl', 'servers on an etcd that is there already', () => {
  beforeAll(async () => {
    etcd = await startEtcd({ size: 1 });
    etcdctl('user', 'add', 'root:secret');
    etcdctl('user', 'grant-role', 'root', 'root');
    etcdctl('role', 'add', 'rollcall');
    etcdctl('role', 'grant-permission', 'rollcall', '--prefix=true', 'readwrite', '/rollcall/dc1/');
    etcdctl('user', 'add', 'rollcall:ours');
    etcdctl('user', 'grant-role', 'rollcall', 'rollcall');
    etcdctl('auth', 'enable');
  });
  afterAll(async () => {
    for (const server of started) await server.kill();
    await etcd?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test('find each other in it, share the catalog and start no etcd of their own', async () => {
    const [one, two] = [start(1, 'ours'), start(2, 'ours')];
    for (const { httpUrl } of [one, two])
      await askUntil(`${httpUrl}/v1/status/leader`, ({ text }) => text.includes(SUBNET));
    expect((await askServer(`${one.httpUrl}/v1/kv/a`, 'PUT', 'x')).text).toBe('true');
    expect((await askServer(`${two.httpUrl}/v1/kv/a?raw`)).text).toBe('x');
    const peers = await askUntil(`${two.httpUrl}/v1/status/peers`, ({ text }) =>
      text.includes(`${SUBNET}.1`),
    );
    expect(JSON.parse(peers.text)).toHaveLength(2);
    expect([one.etcdPid(), two.etcdPid()]).toEqual([undefined, undefined]);
  });

  test('say why they wait when the password is not right, and show it to nobody', async () => {
    const wrong = start(3, 'not-ours');
    await expect.poll(() => wrong.output()).toContain('the catalog cannot be read from etcd yet');
    expect(wrong.output()).toMatch(/authentication failed/);
    const self = await askServer(`${wrong.httpUrl}/v1/agent/self`);
    expect(self.text).not.toContain('not-ours');
    expect(wrong.output()).not.toContain('not-ours');
  });
});
