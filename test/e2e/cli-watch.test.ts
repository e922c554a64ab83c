/**
 * Commands that run for long: watch, lock, monitor.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/cli/client.ts';
import { Flags } from '../../src/cli/flags.ts';
import { openLockSession } from '../../src/cli/lock-session.ts';
import { semaphore } from '../../src/cli/locks.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let agent: RunningAgent;
let dir = '';

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-watch-'));
  agent = await startAgent();
});
afterAll(async () => {
  await agent.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

const cli = (...args: readonly string[]) => runCli(agent, args);
const put = (key: string, value: string) =>
  fetch(`${agent.httpUrl}/v1/kv/${key}`, { method: 'PUT', body: value });

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries += 1) await delay(25);
  expect(condition()).toBe(true);
}

const linesOf = (file: string): string[] =>
  fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];

describe('rollcall watch', () => {
  it('without a program prints the present view and ends', () => {
    expect(JSON.parse(cli('watch', '-type=services').out)).toEqual({ consul: [] });
    expect(cli('watch', '-type=key', '-key=nope').out).toBe('null\n');
    expect(JSON.parse(cli('watch', '-type=nodes').out)).toMatchObject([{ Node: 'n1' }]);
    expect(JSON.parse(cli('watch', '-type=checks', '-state=passing').out)).toMatchObject([
      { CheckID: 'serfHealth' },
    ]);
  });

  it('refuses what it cannot watch', () => {
    expect(cli('watch').err).toBe('Watch type must be specified\n');
    expect(cli('watch', '-type=bogus').err).toBe('Unsupported watch type: bogus\n');
    expect(cli('watch', '-type=key').code).toBe(1);
    expect(cli('watch', '-type=connect_leaf', '-service=a').err).toBe(
      'Watch type connect_leaf belongs to the service mesh, which rollcall does not have\n',
    );
  });

  it('shows a service of this agent by its id, and says when there is none', async () => {
    const body = JSON.stringify({ Name: 'own', ID: 'own-1', Port: 7 });
    await fetch(`${agent.httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
    const shown = cli('watch', '-type=agent_service', '-id=own-1');
    await fetch(`${agent.httpUrl}/v1/agent/service/deregister/own-1`, { method: 'PUT' });
    expect(JSON.parse(shown.out)).toMatchObject({ ID: 'own-1', Port: 7 });
    expect(cli('watch', '-type=agent_service', '-id=own-1')).toMatchObject({
      code: 1,
      err: 'Error querying Consul agent: Unexpected response code: 404 (unknown service ID: own-1)\n',
    });
  });

  it('runs a program with the view now and after every change', async () => {
    const file = path.join(dir, 'seen');
    await put('w/a', '1');
    const watch = startCli(agent, ['watch', '-type=key', '-key=w/a', `cat >> ${file}`]);
    await until(() => linesOf(file).length === 1);
    await put('w/a', '2');
    await until(() => linesOf(file).length === 2);
    watch.kill('SIGINT');
    expect((await once(watch, 'exit'))[0]).toBe(0);
    const values = linesOf(file).map((line) => (JSON.parse(line) as { Value: string }).Value);
    expect(values).toEqual(['MQ==', 'Mg==']);
  });
});

describe('rollcall watch, when the index moves and the view does not', () => {
  it('runs nothing', async () => {
    const file = path.join(dir, 'services');
    const register = (port: number, name: string) =>
      fetch(`${agent.httpUrl}/v1/agent/service/register`, {
        method: 'PUT',
        body: JSON.stringify({ Name: name, Port: port }),
      });
    const watch = startCli(agent, ['watch', '-type=services', `cat >> ${file}`]);
    await until(() => linesOf(file).length === 1);
    await register(1, 'one');
    await until(() => linesOf(file).length === 2);
    await register(2, 'one');
    await delay(300);
    await register(1, 'two');
    await until(() => (linesOf(file).at(-1) ?? '').includes('two'));
    watch.kill('SIGINT');
    await once(watch, 'exit');
    expect(linesOf(file)).toHaveLength(3);
  });
});

describe('rollcall lock', () => {
  it('runs the program with the lock held and leaves nothing behind', () => {
    expect(cli('lock', 'l1', 'echo held=$CONSUL_LOCK_HELD')).toMatchObject({ code: 0, out: 'held=true\n' });
    expect(cli('kv', 'get', '-keys', 'l1').out).toBe('');
    expect(cli('lock', '-child-exit-code', 'l1', 'exit 3')).toMatchObject({
      code: 2,
      err: 'Error running handler: exit status 3\n',
    });
    expect(cli('lock', 'l1').err).toBe('Key prefix and child command must be specified\n');
  });

  it.each([
    [['-n=1'], 1],
    [['-n=2'], 2],
  ])('with %j lets no more than that many hold it at a time', async (flags, limit) => {
    const file = path.join(dir, `holders-${limit}`);
    const program = `echo + >> ${file}; sleep 1; echo - >> ${file}`;
    const all = Array.from({ length: 4 }, () => startCli(agent, ['lock', ...flags, `l-${limit}`, program]));
    const ends = await Promise.all(all.map(async (one) => (await once(one, 'exit'))[0] as number));
    expect(ends).toEqual([0, 0, 0, 0]);
    let holders = 0;
    const most = Math.max(...linesOf(file).map((line) => (holders += line === '+' ? 1 : -1)));
    expect(most).toBeLessThanOrEqual(limit);
    expect(linesOf(file)).toHaveLength(8);
  });

  it.each([1, 2])('of %i holders misses no release that comes between a look and the wait', async (limit) => {
    const client = new Client(new Flags([]), { CONSUL_HTTP_ADDR: agent.httpUrl });
    const open = async () => {
      const session = await openLockSession(client, 'test', 0);
      return { session, lock: semaphore(client, `l-missed-${limit}`, session, limit) };
    };
    const all = await Promise.all(Array.from({ length: limit + 1 }, open));
    for (const { lock } of all.slice(0, limit)) expect(await lock.tryAcquire()).toBe(true);
    const last = all[limit]!.lock;
    expect(await last.tryAcquire()).toBe(false);
    await all[0]!.lock.release();
    await last.waitForChange(AbortSignal.timeout(5_000));
    expect(await last.tryAcquire()).toBe(true);
    for (const { session } of all) await session.end();
  });

  it('gives up after -timeout', async () => {
    const holder = startCli(agent, ['lock', 'l3', 'echo; sleep 30']);
    await once(holder.stdout ?? holder, 'data');
    expect(cli('lock', '-timeout=300ms', 'l3', 'true').code).toBe(1);
    holder.kill('SIGTERM');
    await once(holder, 'exit');
  });

  it('gives the lock back when a Ctrl-C comes twice at once, as it does under npx', async () => {
    const slowToEnd = 'trap "sleep 0.3; exit" TERM; echo; while :; do sleep 0.05; done';
    const holder = startCli(agent, ['lock', 'l6', slowToEnd]);
    await once(holder.stdout ?? holder, 'data');
    holder.kill('SIGINT');
    await delay(50);
    holder.kill('SIGINT');
    expect((await once(holder, 'exit'))[0]).toBe(1);
    const left = await fetch(`${agent.httpUrl}/v1/kv/l6/.lock`);
    expect(left.status).toBe(404);
  });

  it('ends the program when its session is gone', async () => {
    const holder = startCli(agent, ['lock', 'l4', 'echo; exec sleep 30']);
    await once(holder.stdout ?? holder, 'data');
    const sessions = (await (await fetch(`${agent.httpUrl}/v1/session/list`)).json()) as { ID: string }[];
    for (const { ID } of sessions)
      await fetch(`${agent.httpUrl}/v1/session/destroy/${ID}`, { method: 'PUT' });
    expect((await once(holder, 'exit'))[0]).toBe(1);
  });

  it('ends the program when somebody took the lock away, though its session lives', async () => {
    const holder = startCli(agent, ['lock', 'l5', 'echo; exec sleep 30']);
    await once(holder.stdout ?? holder, 'data');
    await fetch(`${agent.httpUrl}/v1/kv/l5/.lock`, { method: 'DELETE' });
    expect((await once(holder, 'exit'))[0]).toBe(1);
  });
});

describe('rollcall monitor', () => {
  it('shows log lines as they are written', async () => {
    const monitor = startCli(agent, ['monitor', '-log-level=debug']);
    let seen = '';
    monitor.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8');
    });
    for (let tries = 0; tries < 100 && !seen.includes('reload'); tries += 1) {
      await fetch(`${agent.httpUrl}/v1/agent/reload`, { method: 'PUT' });
      await delay(50);
    }
    expect(seen).toMatch(/\[INFO\] {2}agent\.reload: configuration reloaded/);
    monitor.kill('SIGINT');
    expect((await once(monitor, 'exit'))[0]).toBe(0);
  });
});
