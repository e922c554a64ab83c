/**
 * Clients that write, count, read and lock through whichever server, and note in the ledger what they were told.
 *
 * A register is written by compare-and-set only, so that a write of unknown fate that takes effect late cannot turn it
 * back. Each client uses one connection to each server and does one thing at a time.
 */
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, type Question, type Reply } from './ask.ts';
import type { Ledger } from './ledger.ts';

export interface ClientParts {
  readonly ledger: Ledger;
  /** URLs of servers whose processes run. */
  readonly upUrls: () => readonly string[];
  readonly isOver: () => boolean;
  /** Told of every acknowledged write. */
  readonly onAcknowledged: () => void;
  readonly random: () => number;
}

export const COUNTER = 'fault/counter';
const LOCK = 'fault/lock';
const GUARDED = 'fault/guarded';

interface Row {
  readonly value: number;
  readonly index: number;
  readonly session: string;
  readonly lock: number;
}

interface KvDocument {
  readonly Key: string;
  readonly Value: string | null;
  readonly ModifyIndex: number;
  readonly LockIndex: number;
  readonly Session?: string;
}

/** The number that a key holds. */
const numberOf = (value: string | null): number =>
  value ? Number(Buffer.from(value, 'base64').toString()) : 0;

const NO_ROW: Row = { value: 0, index: 0, session: '', lock: 0 };

class Client {
  readonly #parts: ClientParts;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** A question to a server drawn by lot; undefined when none is up. */
  async ask(path: string, question?: Question): Promise<(Reply & { readonly where: string }) | undefined> {
    const url = this.#draw();
    if (url === undefined) {
      await delay(20);
      return undefined;
    }
    const reply = await ask(this.#agent, `${url}${path}`, question);
    if (reply.told === 'done' && question?.method === 'PUT') this.#parts.onAcknowledged();
    return { ...reply, where: url };
  }

  /** A key as `?consistent` shows it; undefined when it could not be read. */
  async consistent(key: string): Promise<(Row & { readonly where: string }) | undefined> {
    const reply = await this.ask(`/v1/kv/${key}?consistent`);
    if (reply === undefined || (reply.status !== 200 && reply.status !== 404)) return undefined;
    if (reply.status === 404) return { ...NO_ROW, where: reply.where };
    const [row] = JSON.parse(reply.body) as KvDocument[];
    if (row === undefined) return undefined;
    const { Value, ModifyIndex: index, LockIndex: lock, Session: session = '' } = row;
    return { value: numberOf(Value), index, lock, session, where: reply.where };
  }

  async pause(mostMs: number): Promise<void> {
    await delay(1 + this.#parts.random() * mostMs);
  }

  end(): void {
    this.#agent.destroy();
  }

  #draw(): string | undefined {
    const urls = this.#parts.upUrls();
    return urls[Math.floor(this.#parts.random() * urls.length)];
  }
}

/** Each step of a client; repeated until the run is over. */
type Step = (client: Client, parts: ClientParts) => Promise<void>;

function keepKeys(name: string): Step {
  let next = 0;
  return async (client, { ledger }) => {
    next += 1;
    const key = `fault/kept/${name}/${next}`;
    const reply = await client.ask(`/v1/kv/${key}`, { method: 'PUT', body: String(next) });
    if (reply) ledger.kept(key, next, reply.told);
  };
}

function raiseRegister(register: string): Step {
  let known: { value: number; index: number } | undefined;
  return async (client, { ledger }) => {
    known ??= await client.consistent(register);
    if (known === undefined) return;
    const value = known.value + 1;
    const reply = await client.ask(`/v1/kv/${register}?cas=${known.index}`, {
      method: 'PUT',
      body: String(value),
    });
    known = undefined; // the index of a write is not in its answer
    if (reply?.told === 'done' && reply.body.trim() === 'true') ledger.wrote(register, value, 'done');
  };
}

const count: Step = async (client, { ledger }) => {
  const row = await client.consistent(COUNTER);
  if (row === undefined) return;
  const body = String(row.value + 1);
  const reply = await client.ask(`/v1/kv/${COUNTER}?cas=${row.index}`, { method: 'PUT', body });
  if (reply === undefined) return;
  const isRefused = reply.told === 'done' && reply.body.trim() !== 'true';
  ledger.counted(isRefused ? 'not done' : reply.told);
};

function readRegister(register: string): Step {
  return async (client, { ledger }) => {
    const floor = ledger.beginRead(register);
    const row = await client.consistent(register);
    if (row) ledger.endRead(register, { floor, value: row.value, where: row.where });
  };
}

async function newSession(client: Client): Promise<string | undefined> {
  const body = JSON.stringify({ TTL: '10s', LockDelay: '1ms', Behavior: 'release' });
  const made = await client.ask('/v1/session/create', { method: 'PUT', body });
  return made?.status === 200 ? (JSON.parse(made.body) as { ID: string }).ID : undefined;
}

/** Writes what only the holder may write, a few times; every one has to come from the newest holder. */
async function useLock(client: Client, ledger: Ledger, session: string, lock: number): Promise<void> {
  for (let times = 0; times < 4; times += 1) {
    const floor = ledger.beginRead('lock');
    const Value = Buffer.from(String(lock)).toString('base64');
    const operations = [
      { KV: { Verb: 'check-session', Key: LOCK, Session: session } },
      { KV: { Verb: 'set', Key: GUARDED, Value } },
    ];
    const reply = await client.ask('/v1/txn', { method: 'PUT', body: JSON.stringify(operations) });
    if (reply?.status === 409) return;
    if (reply?.status === 200) ledger.guarded(lock, { floor, session });
    await client.pause(30);
  }
}

const contend: Step = async (client, { ledger, random }) => {
  const session = await newSession(client);
  if (session === undefined) return;
  const path = `/v1/kv/${LOCK}`;
  const taken = await client.ask(`${path}?acquire=${session}`, { method: 'PUT', body: session });
  if (taken?.told === 'done' && taken.body.trim() === 'true') {
    const row = await client.consistent(LOCK);
    if (row?.session === session) {
      ledger.held(row.lock, session);
      await useLock(client, ledger, session, row.lock);
    }
    if (random() < 0.8) await client.ask(`${path}?release=${session}`, { method: 'PUT' });
  }
  // Now and then a holder dies: its session ends by its time to live.
  if (random() < 0.95) await client.ask(`/v1/session/destroy/${session}`, { method: 'PUT' });
};

const MANY = 'fault/many';
/** Keys of one transaction, and octets of each value: together more than etcd takes in one request. */
const MANY_KEYS = 64;
const MANY_BYTES = 36_000;

/** A value that begins with a number and is as long as it has to be. */
const padded = (value: number): string => Buffer.from(`${value} `.padEnd(MANY_BYTES, 'x')).toString('base64');
const paddedNumberOf = (value: string | null): number =>
  Number(
    Buffer.from(value?.slice(0, 32) ?? '', 'base64')
      .toString()
      .split(' ')[0],
  );

/** Writes rows that are larger together than one request of etcd, all with the same number. */
function writeMany(): Step {
  let number = 0;
  return async (client) => {
    number += 1;
    const Value = padded(number);
    const operations = Array.from({ length: MANY_KEYS }, (_, at) => ({
      KV: { Verb: 'set', Key: `${MANY}/${at}`, Value },
    }));
    await client.ask('/v1/txn', { method: 'PUT', body: JSON.stringify(operations) });
  };
}

/** Reads them, from a server that need not be current: no server ever shows a part. */
const readMany: Step = async (client, { ledger }) => {
  const reply = await client.ask(`/v1/kv/${MANY}/?recurse&stale`);
  if (reply?.status !== 200) return;
  const rows = JSON.parse(reply.body) as KvDocument[];
  ledger.whole(
    rows.map(({ Value }) => paddedNumberOf(Value)),
    reply.where,
  );
};

const REGISTERS = ['fault/register/0', 'fault/register/1'] as const;

/** Begin all clients; resolves when the run is over and each has done its last step. */
export async function runClients(parts: ClientParts, keepers = 4): Promise<void> {
  const steps: readonly (readonly [Step, number])[] = [
    ...Array.from({ length: keepers }, (_, at) => [keepKeys(`w${at}`), 20] as const),
    ...REGISTERS.map((register) => [raiseRegister(register), 20] as const),
    ...REGISTERS.flatMap((register) => [1, 2].map(() => [readRegister(register), 20] as const)),
    ...[1, 2, 3].map(() => [count, 40] as const),
    ...[1, 2, 3].map(() => [contend, 100] as const),
    [readRegister(GUARDED), 40],
    [writeMany(), 20_000],
    [readMany, 1_000],
  ];
  const run = async ([step, mostPauseMs]: readonly [Step, number]): Promise<void> => {
    const client = new Client(parts);
    while (!parts.isOver()) {
      await step(client, parts);
      await client.pause(mostPauseMs);
    }
    client.end();
  };
  await Promise.all(steps.map(run));
}

/** Everything that the clients wrote, as a server shows it to a `?consistent` reader; undefined when it does not. */
export async function storedAt(url: string): Promise<ReadonlyMap<string, number> | undefined> {
  const agent = new http.Agent();
  const reply = await ask(agent, `${url}/v1/kv/fault/?recurse&consistent`, { timeoutMs: 30_000 });
  agent.destroy();
  if (reply.status !== 200) return undefined;
  const rows = JSON.parse(reply.body) as KvDocument[];
  const counted = rows.filter(({ Key }) => Key !== LOCK && !Key.startsWith(MANY));
  return new Map(counted.map(({ Key, Value }) => [Key, numberOf(Value)]));
}
