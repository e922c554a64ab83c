/** Members that are started by the supervisor: found, started, ended, and put together to a cluster that changes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { type Logger, silentLogger } from '../../src/lib/logger.ts';
import {
  firstMembers,
  joiningCluster,
  type Membership,
  planJoin,
  planRemoval,
} from '../../src/store/etcd/cluster-plan.ts';
import { type EtcdClient, etcdClient } from '../../src/store/etcd/etcd-client.ts';
import type { Answer } from '../../src/store/etcd/etcd-fault.ts';
import { EtcdMember } from '../../src/store/etcd/etcd-member.ts';
import type { MemberFinding } from '../../src/store/etcd/member-log.ts';
import {
  MEMBER_DEFAULTS,
  type MemberSettings,
  type MemberStart,
} from '../../src/store/etcd/member-options.ts';
import { fastFolder, ownAddress, untilReady } from '../support/etcd-server.ts';
import { describeWith } from '../support/needs-program.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function settingsOf(name: string, more: Partial<MemberSettings> = {}): MemberSettings {
  const address = ownAddress();
  const dataDir = fastFolder();
  closing.push(() => fs.rmSync(dataDir, { recursive: true, force: true }));
  const urls = { clientUrl: `http://${address}:2379`, peerUrl: `http://${address}:2380` };
  return { name, dataDir, ...urls, ...MEMBER_DEFAULTS, quotaBytes: 1024 ** 3, ...more };
}

const founderOf = ({ name, peerUrl }: MemberSettings) => ({ id: name, peerUrl });
const firstOf = (...settings: MemberSettings[]): MemberStart => ({
  kind: 'first',
  first: firstMembers('dc1', settings.map(founderOf)),
});

interface MemberOptions {
  readonly start?: MemberStart;
  readonly program?: string;
  readonly log?: Logger;
  readonly onFinding?: (finding: MemberFinding) => void;
  readonly stopGraceMs?: number;
}

function memberOf(settings: MemberSettings, options: MemberOptions = {}): EtcdMember {
  const { program = 'etcd', start = firstOf(settings), log = silentLogger, onFinding, stopGraceMs } = options;
  const member = new EtcdMember({
    program,
    settings,
    start,
    clock: systemClock,
    log,
    ...(onFinding && { onFinding }),
    ...(stopGraceMs !== undefined && { stopGraceMs }),
  });
  closing.push(() => member.stop());
  return member;
}

function clientOf(...settings: MemberSettings[]): EtcdClient {
  const client = etcdClient({ endpoints: settings.map(({ clientUrl }) => clientUrl), clock: systemClock });
  closing.push(() => client.close());
  return client;
}

function doneOf<Reply>(answer: Answer<Reply>): Reply {
  if (answer.kind !== 'done') throw new Error(`${answer.kind} ${answer.reason}: ${answer.text}`);
  return answer.reply;
}

const isRunning = (pid: number): boolean => {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
};

async function until(claim: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await claim()) return;
    await delay(30);
  }
  throw new Error(`did not happen: ${what}`);
}

/** A program of the test's making, in the place of etcd. */
function program(script: string): string {
  const folder = fastFolder();
  closing.push(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'etcd');
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

describeWith('etcd', 'a member', () => {
  test('is started on its data, keeps it over a restart, and has ended when it was stopped', async () => {
    const settings = settingsOf('s1');
    const client = clientOf(settings);
    const first = memberOf(settings);
    await first.start();
    await untilReady(client, settings.clientUrl);
    doneOf(await client.txn({ success: [{ put: { key: Buffer.from('k'), value: Buffer.from('v') } }] }));
    const { pid, version } = first.state;
    expect(version).toMatch(/^3\./);
    await first.stop();
    expect(isRunning(pid as number)).toBe(false);
    await memberOf(settings).start();
    await untilReady(client, settings.clientUrl);
    expect(doneOf(await client.range({ key: Buffer.from('k') })).count).toBe(1);
  });

  test('is started again when it ends by itself', async () => {
    const settings = settingsOf('s1');
    const member = memberOf(settings);
    await member.start();
    await untilReady(clientOf(settings), settings.clientUrl);
    const { pid } = member.state;
    process.kill(pid as number, 'SIGKILL');
    await until(() => member.state.pid !== undefined && member.state.pid !== pid, 'another process');
    expect(member.state).toMatchObject({ restarts: 1, lastEnd: 'signal SIGKILL' });
    await untilReady(clientOf(settings), settings.clientUrl);
  });

  test('that ignores SIGTERM is killed', async () => {
    const settings = settingsOf('s1');
    const mark = path.join(settings.dataDir, 'ready');
    const stubborn = program(
      `[ "$1" = --version ] && echo "etcd Version: 3.5.0" && exit\ntrap "" TERM\ntouch ${mark}\nwhile :; do sleep 0.1; done`,
    );
    const member = memberOf(settings, { program: stubborn, stopGraceMs: 300 });
    await member.start();
    await until(() => fs.existsSync(mark), 'the program runs');
    const { pid } = member.state;
    await member.stop();
    expect(isRunning(pid as number)).toBe(false);
  });

  test('takes a folder that nobody else may read', async () => {
    const settings = settingsOf('s1');
    await memberOf(settings).start();
    expect(fs.statSync(path.join(settings.dataDir, 'data')).mode & 0o777).toBe(0o700);
  });
});

describeWith('etcd', 'an agent that is killed', () => {
  const AGENT = fileURLToPath(new URL('../support/member-agent.ts', import.meta.url));

  async function startAgent(settings: MemberSettings, env: Record<string, string> = {}): Promise<number> {
    const agent = spawn(process.execPath, [AGENT, JSON.stringify({ settings, start: firstOf(settings) })], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    closing.push(() => agent.kill('SIGKILL'));
    const [pid] = (await once(agent.stdout, 'data')) as [Buffer];
    await untilReady(clientOf(settings), settings.clientUrl);
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    return Number(String(pid));
  }

  test('takes its member along', async () => {
    const settings = settingsOf('s1');
    const pid = await startAgent(settings);
    await until(() => !isRunning(pid), 'the end of etcd');
  });

  test('where the kernel does not help, leaves one that the next agent ends', async () => {
    const settings = settingsOf('s1');
    // A PATH with etcd and without setpriv.
    const folder = fastFolder();
    closing.push(() => fs.rmSync(folder, { recursive: true }));
    const found = (process.env['PATH'] ?? '')
      .split(':')
      .find((each) => fs.existsSync(path.join(each, 'etcd')));
    fs.symlinkSync(path.join(found as string, 'etcd'), path.join(folder, 'etcd'));
    const pid = await startAgent(settings, { PATH: folder });
    expect(isRunning(pid)).toBe(true);
    await memberOf(settings).start();
    expect(isRunning(pid)).toBe(false);
    await untilReady(clientOf(settings), settings.clientUrl);
  });
});

describeWith('etcd', 'a start that cannot go well ends with one clear line', () => {
  const failing = (settings: MemberSettings, options: MemberOptions = {}): Promise<unknown> =>
    memberOf(settings, options)
      .start()
      .then(
        () => 'started',
        (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
      );

  test('when the program is missing', async () => {
    const settings = settingsOf('s1');
    expect(await failing(settings, { program: 'no-such-etcd' })).toBe(
      'config_invalid: etcd: the program no-such-etcd was not found; install it (Debian: apt-get install etcd-server) or name it in store.etcd.binary',
    );
  });

  test('when it is too old, or something else', async () => {
    const settings = settingsOf('s1');
    const old = program('echo "etcd Version: 3.3.25"');
    expect(await failing(settings, { program: old })).toBe(
      `config_invalid: etcd: ${old} is version 3.3.25; 3.4 or later is needed`,
    );
    expect(await failing(settings, { program: 'true' })).toMatch(
      'true is no etcd: it does not say a version',
    );
    expect(await failing(settings, { program: 'false' })).toMatch('"false --version" ended with status 1');
  });

  test('when an address is taken', async () => {
    const settings = settingsOf('s1');
    const { hostname } = new URL(settings.peerUrl);
    const taken = net.createServer().listen(2380, hostname);
    await once(taken, 'listening');
    closing.push(() => taken.close());
    expect(await failing(settings)).toBe(
      `config_invalid: etcd: ports.etcd_peer: ${hostname}:2380 cannot be listened on: address already in use`,
    );
  });

  test('when the folder cannot be written', async () => {
    const settings = settingsOf('s1');
    fs.writeFileSync(path.join(settings.dataDir, 'data'), 'a file');
    expect(await failing(settings)).toMatch(`etcd: ${settings.dataDir} cannot be written: `);
  });

  test('when the data is of another server or of another cluster', async () => {
    const settings = settingsOf('s1');
    const member = memberOf(settings);
    await member.start();
    await untilReady(clientOf(settings), settings.clientUrl);
    await member.stop();
    expect(await failing({ ...settings, name: 's2' })).toMatch('holds the data of server s1, this one is s2');
    const others = firstOf(settings, settingsOf('s2'));
    expect(await failing(settings, { start: others })).toMatch('holds data of another cluster');
  });

  test('when the agent that started it still runs', async () => {
    const settings = settingsOf('s1');
    const agent = spawn('sleep', ['60']);
    closing.push(() => agent.kill('SIGKILL'));
    const member = memberOf(settings);
    await member.start();
    const file = path.join(settings.dataDir, 'member.json');
    const record = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<
      string,
      { pid: number; startTicks: string }
    >;
    const stat = fs.readFileSync(`/proc/${agent.pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    record['agent'] = { ...record['agent'], pid: agent.pid as number, startTicks: stat?.[19] as string };
    fs.writeFileSync(file, JSON.stringify(record));
    expect(await failing(settings)).toMatch(`is in use by the agent with process id ${agent.pid}`);
  });
});

describeWith('etcd', 'a cluster of members', () => {
  async function membershipOf(client: EtcdClient, ...up: MemberSettings[]): Promise<Membership> {
    const members = doneOf(await client.members());
    const urls = up.map(({ peerUrl }) => peerUrl);
    const healthy = members.filter(({ peerUrls }) => peerUrls.some((url) => urls.includes(url)));
    return { members, healthy: new Set(healthy.map(({ id }) => id)) };
  }

  async function changed(client: EtcdClient, change: () => Promise<Answer<unknown>>): Promise<void> {
    // etcd refuses changes while it believes that a member is not connected, for a few seconds after each change.
    await until(
      async () => (await change()).kind === 'done',
      `a change of members: ${JSON.stringify((await client.members()).kind)}`,
    );
  }

  test('begins at once, takes a fourth one as a learner, lets one go, and takes back one without its data', async () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => settingsOf(name)) as [
      MemberSettings,
      MemberSettings,
      MemberSettings,
      MemberSettings,
    ];
    const running = [a, b, c].map((settings) => memberOf(settings, { start: firstOf(c, a, b) }));
    await Promise.all(running.map((member) => member.start()));
    const client = clientOf(a, b);
    for (const { clientUrl } of [a, b, c]) await untilReady(client, clientUrl);

    expect(planJoin(await membershipOf(client, a, b, c), d)).toEqual({ kind: 'add' });
    let added = { id: 0n };
    const add = async (): Promise<Answer<unknown>> => {
      const answer = await client.addMember([d.peerUrl], true);
      if (answer.kind === 'done') added = answer.reply;
      return answer;
    };
    await changed(client, add);
    const start: MemberStart = {
      kind: 'joining',
      initialCluster: joiningCluster(doneOf(await client.members()), founderOf(d)),
    };
    expect(planJoin(await membershipOf(client, a, b, c), d)).toEqual({ kind: 'start', id: added.id });
    let fourth = memberOf(d, { start });
    await fourth.start();
    await changed(client, () => client.promoteMember(added.id));
    expect(doneOf(await client.members()).filter(({ isLearner }) => !isLearner)).toHaveLength(4);

    const [, , third] = running;
    const gone = doneOf(await client.members()).find(({ name }) => name === 'c');
    expect(planRemoval(await membershipOf(client, a, b, c, d), gone?.id as bigint)).toEqual({ kind: 'go' });
    await changed(client, () => client.removeMember(gone?.id as bigint));
    await third?.stop();

    await fourth.stop();
    fs.rmSync(path.join(d.dataDir, 'data'), { recursive: true });
    expect(planJoin(await membershipOf(client, a, b), d)).toEqual({ kind: 'replace', id: added.id });
    await changed(client, () => client.removeMember(added.id));
    await changed(client, add);
    const again = joiningCluster(doneOf(await client.members()), founderOf(d));
    fourth = memberOf(d, { start: { kind: 'joining', initialCluster: again } });
    await fourth.start();
    await changed(client, () => client.promoteMember(added.id));
    expect(
      doneOf(await client.members())
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['a', 'b', 'd']);
  });

  test('tells that a peer is of another cluster', async () => {
    const [a, b] = [settingsOf('a'), settingsOf('b')];
    const alone = memberOf(a);
    await alone.start();
    await untilReady(clientOf(a), a.clientUrl);
    const found = Promise.withResolvers<MemberFinding>();
    const both = memberOf(b, { start: firstOf(a, b), onFinding: found.resolve });
    await both.start();
    expect((await found.promise).kind).toBe('other-cluster');
  });
});
