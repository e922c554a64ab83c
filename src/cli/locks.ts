/**
 * Locks over keys, as Consul's clients agree on them: one holder of `<prefix>/.lock`, or up to n holders that a
 * document under the same key names.
 *
 * Flags mark which of the two a key is for, so that neither is taken for the other. Both wait by blocking queries.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../model/errors.ts';
import { type Client, jsonOf } from './client.ts';
import { bytesOf, type KvPair, keyPath } from './kv-entries.ts';
import type { LockSession } from './lock-session.ts';

/** What Consul's clients write beside such keys. */
const LOCK_FLAGS = '3304740253564472344';
const SEMAPHORE_FLAGS = '16210313421097356768';
/** After a holder's session died nobody gets the lock for a while; ask again at this pace, ms. */
const LOCK_DELAY_POLL_MS = 1_000;

export interface Lock {
  /** Try once; true when this session holds it now. */
  tryAcquire(): Promise<boolean>;
  /** Resolves when it may be worth to try again. */
  waitForChange(signal: AbortSignal): Promise<void>;
  /** Whether this session still holds it. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

interface Read<T> {
  readonly rows: readonly T[];
  readonly index: string;
}

async function readRows(
  client: Client,
  key: string,
  query: Record<string, string>,
  signal?: AbortSignal,
): Promise<Read<KvPair>> {
  const { status, body, headers } = await client.request('GET', keyPath(key), {
    query,
    ...(signal && { signal }),
  });
  const rows = status === 200 ? jsonOf<readonly KvPair[]>(body) : [];
  return { rows, index: String(headers['x-consul-index'] ?? '0') };
}

/** How long one blocking query waits. */
const WAIT = '60s';

const isTrue = (body: Buffer): boolean => body.toString('utf8').trim() === 'true';

/** One holder at a time. */
export function keyLock(client: Client, prefix: string, session: LockSession): Lock {
  const key = `${prefix}/.lock`;
  const write = async (query: Record<string, string>): Promise<boolean> =>
    isTrue(await client.ok('PUT', keyPath(key), { query: { ...query, flags: LOCK_FLAGS }, body: '' }));
  const read = async (): Promise<KvPair | undefined> => (await readRows(client, key, {})).rows[0];
  return {
    tryAcquire: () => write({ acquire: session.id }),
    waitForChange: async (signal) => {
      const { rows, index } = await readRows(client, key, {});
      if (rows[0]?.Session) await readRows(client, key, { index, wait: WAIT }, signal);
      else await delay(LOCK_DELAY_POLL_MS, undefined, { signal });
    },
    isHeld: async () => (await read())?.Session === session.id,
    release: async () => {
      await write({ release: session.id });
      const pair = await read();
      if (pair && !pair.Session)
        await client.request('DELETE', keyPath(key), { query: { cas: String(pair.ModifyIndex) } });
    },
  };
}

interface Holders {
  readonly Limit: number;
  readonly Holders: Readonly<Record<string, boolean>>;
}

/** Up to `limit` holders at a time. Contenders own a key with their session each, so the dead are recognised. */
export function semaphore(client: Client, prefix: string, session: LockSession, limit: number): Lock {
  const lockKey = `${prefix}/.lock`;
  const ownKey = `${prefix}/${session.id}`;
  let isContending = false;
  /** Of the last look: waiting from there on, nothing that happened since the look is missed. */
  let seenIndex = '0';
  const contend = async (): Promise<void> => {
    if (isContending) return;
    const query = { acquire: session.id, flags: SEMAPHORE_FLAGS };
    await client.ok('PUT', keyPath(ownKey), { query, body: '' });
    isContending = true;
  };
  const read = async (): Promise<{ holders: Holders; index: number }> => {
    const { rows, index } = await readRows(client, `${prefix}/`, { recurse: '' });
    seenIndex = index;
    const lock = rows.find(({ Key }) => Key === lockKey);
    const alive = new Set(rows.filter(({ Session }) => Session).map(({ Session }) => Session));
    const stored: Holders = lock
      ? (JSON.parse(bytesOf(lock).toString('utf8')) as Holders)
      : { Limit: limit, Holders: {} };
    if (stored.Limit !== limit)
      throw new AppError('conflict', `semaphore limit conflict (lock: ${stored.Limit}, local: ${limit})`);
    const Holders = Object.fromEntries(Object.entries(stored.Holders).filter(([id]) => alive.has(id)));
    return { holders: { Limit: limit, Holders }, index: lock?.ModifyIndex ?? 0 };
  };
  const write = async (holders: Holders, index: number): Promise<boolean> =>
    isTrue(
      await client.ok('PUT', keyPath(lockKey), {
        query: { cas: String(index), flags: SEMAPHORE_FLAGS },
        body: JSON.stringify(holders),
      }),
    );
  return {
    tryAcquire: async () => {
      await contend();
      const { holders, index } = await read();
      if (Object.keys(holders.Holders).length >= limit) return false;
      return write({ ...holders, Holders: { ...holders.Holders, [session.id]: true } }, index);
    },
    waitForChange: async (signal) => {
      await readRows(client, `${prefix}/`, { recurse: '', index: seenIndex, wait: WAIT }, signal);
    },
    isHeld: async () => Object.hasOwn((await read()).holders.Holders, session.id),
    release: async () => {
      for (;;) {
        const { holders, index } = await read();
        const { [session.id]: _own, ...others } = holders.Holders;
        if (await write({ ...holders, Holders: others }, index)) break;
      }
      await client.request('DELETE', keyPath(ownKey));
    },
  };
}
