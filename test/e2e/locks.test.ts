/**
 * Locks under contention: sessions, `acquire`, `release` and blocking reads as clients combine them.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const running: RunningAgent[] = [];
const folders: string[] = [];

async function start(options: Parameters<typeof startAgent>[0] = {}): Promise<RunningAgent> {
  const agent = await startAgent(options);
  running.push(agent);
  return agent;
}

function dataFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-locks-'));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((agent) => agent.stop()));
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

interface Pair {
  readonly Key: string;
  readonly Session?: string;
  readonly LockIndex: number;
  readonly ModifyIndex: number;
  readonly Value: string | null;
}

/** A client of whatever agent runs at the moment; a call fails when the agent goes away under it. */
class Client {
  readonly #url: () => string;

  constructor(url: () => string) {
    this.#url = url;
  }

  async call(
    method: string,
    target: string,
    body?: string,
  ): Promise<{ status: number; index: number; json: unknown }> {
    const response = await fetch(`${this.#url()}/v1${target}`, {
      method,
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const index = Number(response.headers.get('x-consul-index'));
    return {
      status: response.status,
      index,
      json: response.ok && text !== '' ? JSON.parse(text) : undefined,
    };
  }

  async session(fields: object): Promise<string> {
    return ((await this.call('PUT', '/session/create', JSON.stringify(fields))).json as { ID: string }).ID;
  }

  async put(target: string, body = ''): Promise<boolean> {
    return (await this.call('PUT', `/kv/${target}`, body)).json as boolean;
  }

  async read(target: string): Promise<{ pairs: readonly Pair[]; index: number }> {
    const { json, index } = await this.call('GET', `/kv/${target}`);
    return { pairs: (json ?? []) as readonly Pair[], index };
  }
}

/** Counts who holds the lock between the answer to `acquire` and the sending of `release`. */
class Witness {
  readonly lockIndexes: number[] = [];
  readonly wins = new Map<number, number>();
  most = 0;
  #holders = 0;

  enter(who: number): void {
    this.#holders += 1;
    this.most = Math.max(this.most, this.#holders);
    this.wins.set(who, (this.wins.get(who) ?? 0) + 1);
  }

  leave(): void {
    this.#holders -= 1;
  }
}

/** Call again while the agent is away. */
async function persist<Value>(attempt: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await delay(20);
    }
  }
}

async function waitUntilFree(client: Client, key: string): Promise<void> {
  let seen = 0;
  for (;;) {
    const { pairs, index } = await persist(() => client.read(`${key}?index=${seen}&wait=2s`));
    if (!pairs[0]?.Session) return;
    seen = index;
  }
}

async function contend(client: Client, who: number, rounds: number, witness: Witness): Promise<void> {
  const session = await persist(() => client.session({ Name: `c${who}`, LockDelay: '0s', TTL: '30s' }));
  for (let round = 0; round < rounds; ) {
    const isHeld = await persist(() => client.put(`fight?acquire=${session}`, String(who)));
    if (!isHeld) {
      await waitUntilFree(client, 'fight');
      continue;
    }
    witness.enter(who);
    const [pair] = (await persist(() => client.read('fight'))).pairs;
    expect(pair?.Session).toBe(session);
    witness.lockIndexes.push(pair?.LockIndex as number);
    await delay(Math.random() * 3);
    witness.leave();
    await persist(() => client.put(`fight?release=${session}`, 'free'));
    round += 1;
  }
}

describe('twenty contenders for one lock', () => {
  it('never hold it together, and each gets it', async () => {
    const agent = await start();
    const witness = new Witness();
    const client = new Client(() => agent.httpUrl);
    await Promise.all(Array.from({ length: 20 }, (_, who) => contend(client, who, 5, witness)));
    expect(witness.most).toBe(1);
    expect([...witness.wins.values()]).toEqual(new Array(20).fill(5));
    expect(witness.lockIndexes).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });

  it('never hold it together while the agent is killed and started again under them', async () => {
    const dataDir = dataFolder();
    let agent = await start({ dataDir });
    const witness = new Witness();
    const client = new Client(() => agent.httpUrl);
    const fight = Promise.all(Array.from({ length: 20 }, (_, who) => contend(client, who, 4, witness)));
    for (let kills = 0; kills < 2; kills += 1) {
      const wins = witness.lockIndexes.length;
      while (witness.lockIndexes.length < wins + 15) await delay(5);
      await agent.kill();
      agent = await start({ dataDir });
    }
    await fight;
    expect(witness.most).toBe(1);
    expect([...witness.wins.values()]).toEqual(new Array(20).fill(4));
    expect(witness.lockIndexes).toEqual([...witness.lockIndexes].sort((a, b) => a - b));
  });
});

describe('across a restart', () => {
  it('a lost lock stays free for its delay, and sessions without renewal end', async () => {
    const dataDir = dataFolder();
    const config = { session_ttl_min: '1s' };
    let agent = await start({ dataDir, config });
    const client = new Client(() => agent.httpUrl);
    const lost = await client.session({ LockDelay: '6s' });
    const mortal = await client.session({ TTL: '1s', LockDelay: '0s', Behavior: 'delete' });
    expect(await client.put(`delayed?acquire=${lost}`)).toBe(true);
    expect(await client.put(`mortal?acquire=${mortal}`)).toBe(true);
    await client.call('PUT', `/session/destroy/${lost}`);
    const lostMs = performance.now();
    await agent.kill();
    agent = await start({ dataDir, config });

    const next = await client.session({});
    expect(performance.now() - lostMs).toBeLessThan(5_000);
    expect(await client.put(`delayed?acquire=${next}`)).toBe(false);
    const { index } = await client.read('mortal');
    expect((await client.read(`mortal?index=${index}&wait=8s`)).pairs).toEqual([]);
    expect((await client.call('GET', `/session/info/${mortal}`)).json).toEqual([]);
    await delay(Math.max(0, lostMs + 6_100 - performance.now()));
    expect(await client.put(`delayed?acquire=${next}`)).toBe(true);
  });

  it('a session bound to checks keeps its lock through a kill, and loses it when one of them fails', async () => {
    const dataDir = dataFolder();
    let agent = await start({ dataDir });
    const client = new Client(() => agent.httpUrl);
    const ttlCheck = { CheckID: 'web-check', TTL: '60s', Status: 'passing' };
    await client.call('PUT', '/agent/service/register', JSON.stringify({ Name: 'web', Check: ttlCheck }));
    const nodeCheck = { Name: 'disk', TTL: '60s', Status: 'passing' };
    await client.call('PUT', '/agent/check/register', JSON.stringify(nodeCheck));
    const session = await client.session({
      NodeChecks: ['serfHealth', 'disk'],
      ServiceChecks: [{ ID: 'web-check' }],
      LockDelay: '0s',
    });
    expect(await client.put(`bound?acquire=${session}`)).toBe(true);
    await agent.kill();
    agent = await start({ dataDir });
    const { pairs, index } = await client.read('bound');
    expect(pairs).toMatchObject([{ Session: session }]);

    const lost = client.read(`bound?index=${index}&wait=10s`);
    await client.call('PUT', '/agent/check/fail/web-check');
    expect((await lost).pairs[0]?.Session).toBeUndefined();
    const next = await client.session({});
    expect(await client.put(`bound?acquire=${next}`)).toBe(true);
  });
});

/** What Consul's Go client marks its locks and semaphores with; both are beyond 2^53. */
const LOCK_FLAGS = '3304740253564472344';
const SEMAPHORE_FLAGS = '16210313421097356768';

describe('the sequences of client libraries', () => {
  it("the Go client's Lock: acquire, be told of the loss, unlock, destroy", async () => {
    const agent = await start();
    const client = new Client(() => agent.httpUrl);
    const session = await client.session({ Name: 'Consul API Lock', TTL: '15s' });
    expect((await client.read('lock?wait=15000ms')).pairs).toEqual([]);
    expect(await client.put(`lock?acquire=${session}&flags=${LOCK_FLAGS}`, 'me')).toBe(true);
    const raw = await (await fetch(`${agent.httpUrl}/v1/kv/lock`)).text();
    expect(raw).toMatch(new RegExp(`"Flags":\\s*${LOCK_FLAGS}\\b`));

    // The monitor waits for the key to change, with the index that it got with the key.
    const { index } = await client.read('lock?consistent');
    const monitor = client.read(`lock?consistent&index=${index}&wait=10s`);
    const other = await client.session({ Name: 'thief' });
    expect(await client.put(`lock?acquire=${other}&flags=${LOCK_FLAGS}`, 'thief')).toBe(false);
    await client.call('PUT', `/session/destroy/${session}`);
    expect((await monitor).pairs[0]?.Session).toBeUndefined();

    // The lost lock is kept free for the lock delay; the loser has nothing to unlock.
    expect(await client.put(`lock?release=${session}&flags=${LOCK_FLAGS}`)).toBe(false);
    expect(await client.put(`lock?acquire=${other}&flags=${LOCK_FLAGS}`)).toBe(false);
    const [pair] = (await client.read('lock')).pairs;
    expect((await client.call('DELETE', `/kv/lock?cas=${pair?.ModifyIndex}`)).json).toBe(true);
    expect((await client.read('lock')).pairs).toEqual([]);
  });

  it("the Go client's Semaphore: two slots, the third waits until one is free", async () => {
    const agent = await start();
    const client = new Client(() => agent.httpUrl);
    const flags = `flags=${SEMAPHORE_FLAGS}`;

    /** One round of Acquire: take a slot if the holders leave one. */
    async function take(session: string): Promise<boolean> {
      const { pairs } = await client.read('sema/?recurse');
      const lock = pairs.find(({ Key }) => Key === 'sema/.lock');
      const alive = new Set(pairs.flatMap(({ Session }) => Session ?? []));
      const stored = lock?.Value
        ? (JSON.parse(atob(lock.Value)) as { Holders: Record<string, boolean> })
        : { Holders: {} };
      const holders = Object.keys(stored.Holders).filter((id) => alive.has(id));
      if (holders.length >= 2) return false;
      const Holders = Object.fromEntries([...holders, session].map((id) => [id, true]));
      const body = JSON.stringify({ Limit: 2, Holders });
      return client.put(`sema/.lock?cas=${lock?.ModifyIndex ?? 0}&${flags}`, body);
    }

    const sessions: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const session = await client.session({ Name: 'Consul API Semaphore', TTL: '15s', Behavior: 'release' });
      expect(await client.put(`sema/${session}?acquire=${session}&${flags}`)).toBe(true);
      sessions.push(session);
    }
    const [first = '', second = '', third = ''] = sessions;
    expect([await take(first), await take(second), await take(third)]).toEqual([true, true, false]);

    const { index } = await client.read('sema/?recurse');
    const woken = client.call('GET', `/kv/sema/?recurse&index=${index}&wait=10s`);
    await client.call('PUT', `/session/destroy/${first}`);
    expect((await woken).index).toBeGreaterThan(index);
    expect(await take(third)).toBe(true);
    expect(await take(second)).toBe(false);
  });

  it('Patroni: a leader key with a TTL, watched by its ModifyIndex, also after a restart', async () => {
    const dataDir = dataFolder();
    let agent = await start({ dataDir });
    const client = new Client(() => agent.httpUrl);
    const options = { Name: 'cluster-pg1', Checks: [], LockDelay: 0.001, Behavior: 'delete', TTL: '10.0s' };
    const session = await client.session(options);
    expect(await client.put('service/c/initialize?cas=0', '123')).toBe(true);
    expect(await client.put(`service/c/members/pg1?acquire=${session}`, '{"role":"replica"}')).toBe(true);
    expect(await client.put(`service/c/leader?acquire=${session}`, 'pg1')).toBe(true);

    const [before] = (await client.read('service/c/leader')).pairs;
    await client.put('service/c/other', 'x');
    await agent.kill();
    agent = await start({ dataDir });

    // A watch with the index of the unchanged key must wait, or the cluster spins.
    const startedMs = performance.now();
    const watched = await client.read(`service/c/leader?index=${before?.ModifyIndex}&wait=700ms`);
    expect(performance.now() - startedMs).toBeGreaterThan(650);
    expect(watched).toMatchObject({ pairs: [{ Session: session }], index: before?.ModifyIndex });
    expect((await client.call('PUT', `/session/renew/${session}`)).status).toBe(200);
    expect(await client.put(`service/c/leader?acquire=${session}`, 'pg1')).toBe(true);
    expect((await client.read('service/c/?recurse=1')).pairs.map(({ Key }) => Key)).toEqual([
      'service/c/initialize',
      'service/c/leader',
      'service/c/members/pg1',
      'service/c/other',
    ]);

    await client.call('PUT', `/session/destroy/${session}`);
    expect((await client.read('service/c/?recurse=1')).pairs.map(({ Key }) => Key)).toEqual([
      'service/c/initialize',
      'service/c/other',
    ]);
  });
});
