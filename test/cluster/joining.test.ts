/**
 * One server that grows to three, a server that comes back without its data, and those who are not let in.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { askServer, askUntil } from '../support/ask-cluster.ts';
import { ServerProcess } from '../support/faults/server-process.ts';
import { describeWith } from '../support/needs-program.ts';

const SECRET = ['-encrypt', Buffer.alloc(32, 9).toString('base64')];
const octet = (): number => 1 + Math.floor(Math.random() * 250);
const SUBNET = `127.12.${octet()}`;
const FIRST = `${SUBNET}.1`;

const folder = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'joining-'));
const started: ServerProcess[] = [];

function start(number: number, args: readonly string[]): ServerProcess {
  const name = `s${number}`;
  const dataDir = path.join(folder, name);
  const server = new ServerProcess({ name, address: `${SUBNET}.${number}`, dataDir, args: [...args] });
  server.start();
  started.push(server);
  return server;
}

const peersOf = async ({ httpUrl }: ServerProcess): Promise<readonly string[]> => {
  const { status, text } = await askServer(`${httpUrl}/v1/status/peers`);
  return status === 200 ? (JSON.parse(text) as string[]).toSorted() : [];
};
const addresses = (...numbers: number[]): readonly string[] => numbers.map((one) => `${SUBNET}.${one}:8300`);
const readOn = ({ httpUrl }: ServerProcess): Promise<unknown> =>
  askUntil(`${httpUrl}/v1/kv/a?raw`, ({ status }) => status === 200).then(({ text }) => text);

afterAll(async () => {
  for (const server of started) await server.kill();
  fs.rmSync(folder, { recursive: true, force: true });
});

describeWith('etcd', 'a cluster that grows', () => {
  const join = [...SECRET, '-retry-join', FIRST];
  let third: ServerProcess;

  test('begins with one server and takes in others, one by one, with all that it holds', async () => {
    const first = start(1, [...SECRET, '-bootstrap-expect', '1', '-hcl', 'store { kind = "etcd" }']);
    await askUntil(`${first.httpUrl}/v1/status/leader`, ({ text }) => text.includes(FIRST));
    expect((await askServer(`${first.httpUrl}/v1/kv/a`, 'PUT', 'kept')).text).toBe('true');
    const second = start(2, join);
    third = start(3, join);
    for (const server of [second, third]) expect(await readOn(server)).toBe('kept');
    await expect.poll(() => peersOf(first)).toEqual(addresses(1, 2, 3));
    await first.kill();
    await expect
      .poll(async () => (await askServer(`${second.httpUrl}/v1/kv/b`, 'PUT', 'x')).text)
      .toBe('true');
    first.start();
    expect(await readOn(first)).toBe('kept');
  });

  test('takes back a server whose data is gone, as another one at its place', async () => {
    await third.kill();
    fs.rmSync(third.place.dataDir, { recursive: true });
    third.start();
    expect(await readOn(third)).toBe('kept');
    await expect.poll(() => peersOf(third)).toEqual(addresses(1, 2, 3));
  });

  test('takes back a server at another address, with its data', async () => {
    await third.kill();
    const { name, dataDir } = third.place;
    third = new ServerProcess({ name, address: `${SUBNET}.33`, dataDir, args: join });
    started.push(third);
    third.start();
    expect(await readOn(third)).toBe('kept');
    await expect.poll(() => peersOf(third)).toEqual(addresses(1, 2, 33));
    expect(third.output()).toContain('this server has moved');
  });

  test.each([
    [
      'another secret',
      ['-encrypt', Buffer.alloc(32, 1).toString('base64')],
      /its secret \(encrypt\) is another one/,
    ],
    ['no secret', [], /127\.12\.\d+\.1:8300: .*is encrypt the same on both/],
    ['another datacenter', [...SECRET, '-datacenter', 'dc2'], /is of datacenter dc1, this one of dc2/],
    [
      'another prefix',
      [...SECRET, '-hcl', 'store { etcd { prefix = "/elsewhere/" } }'],
      /keeps its keys below \/rollcall\/dc1\/, this one below \/elsewhere\//,
    ],
  ])('does not let in a server with %s, which says why', async (_what, args, text) => {
    const stranger = start(9, [...args, '-retry-join', FIRST]);
    await expect.poll(() => stranger.output(), { timeout: 20_000 }).toMatch(text);
    expect(await peersOf(third)).toEqual(addresses(1, 2, 33));
    await stranger.kill();
    fs.rmSync(stranger.place.dataDir, { recursive: true, force: true });
    fs.rmSync(stranger.logFile, { force: true });
  });

  test('tells a server that nobody can be reached, which then ends', async () => {
    const lost = start(8, [...SECRET, '-join', `${SUBNET}.250`]);
    await expect.poll(() => lost.isUp, { timeout: 20_000 }).toBe(false);
    expect(await lost.stop()).toBe(1);
    expect(lost.output()).toContain('start_join (-join): no server could be reached');
  });
});

describeWith('etcd', 'servers that know nobody', () => {
  test('begin a cluster when each is told of another while it runs', async () => {
    const alone = [21, 22, 23].map((number) => start(number, [...SECRET, '-bootstrap-expect', '3']));
    const [first, ...others] = alone as [ServerProcess, ...ServerProcess[]];
    await askUntil(`${first.httpUrl}/v1/agent/self`, ({ status }) => status === 200);
    const join = (by: ServerProcess, address: string) =>
      askServer(`${by.httpUrl}/v1/agent/join/${address}`, 'PUT');
    expect(await join(first, `${SUBNET}.250`)).toMatchObject({ status: 500 });
    for (const other of others) {
      await askUntil(`${other.httpUrl}/v1/agent/self`, ({ status }) => status === 200);
      expect(await join(other, `${SUBNET}.21`)).toMatchObject({ status: 200 });
    }
    await askUntil(`${first.httpUrl}/v1/status/leader`, ({ text }) => text.includes(SUBNET));
    await expect.poll(() => peersOf(first), { timeout: 20_000 }).toEqual(addresses(21, 22, 23));
    expect(await join(first, `${SUBNET}.22`)).toMatchObject({ status: 200 });
  });
});

describeWith('etcd', 'a server that cannot begin ends with one line', () => {
  test('when there is no etcd', async () => {
    const server = start(7, ['-bootstrap-expect', '3', '-hcl', 'store { etcd { binary = "no-such-etcd" } }']);
    await expect.poll(() => server.isUp).toBe(false);
    expect(await server.stop()).toBe(1);
    expect(server.output()).toContain('the program no-such-etcd was not found; install it (Debian: apt-get');
  });

  test('when its port for calls is taken', async () => {
    const server = start(6, [
      '-bootstrap-expect',
      '3',
      '-server-port',
      '2380',
      '-hcl',
      'ports { etcd_peer = 2381 }',
      '-advertise',
      `${SUBNET}.6`,
      '-bind',
      `${SUBNET}.2`,
    ]);
    await expect.poll(() => server.isUp).toBe(false);
    expect(await server.stop()).toBe(1);
    expect(server.output()).toMatch(/ports\.server: .*:2380 is in use by another program/);
  });
});
