/**
 * A session that lives as long as a command: made with a TTL, renewed, ended at the end.
 *
 * Renewal is tried `renewals` times more when the agent cannot be reached; then the session counts as lost.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, jsonOf } from './client.ts';

const TTL = '15s';
/** Half the TTL, so that one lost renewal does no harm. */
const RENEW_MS = 7_500;
const RETRY_MS = 1_000;

export interface LockSession {
  readonly id: string;
  /** Aborts when the session is gone or cannot be renewed. */
  readonly lost: AbortSignal;
  end(): Promise<void>;
}

async function renew(client: Client, id: string, retries: number): Promise<boolean> {
  for (let tries = 0; tries <= retries; tries += 1) {
    try {
      return (await client.request('PUT', `/v1/session/renew/${id}`)).status === 200;
    } catch {
      await delay(RETRY_MS);
    }
  }
  return false;
}

/** Make a session and keep it alive until `end`. */
export async function openLockSession(client: Client, name: string, retries: number): Promise<LockSession> {
  const body = await client.ok('PUT', '/v1/session/create', { body: JSON.stringify({ Name: name, TTL }) });
  const { ID: id } = jsonOf<{ ID: string }>(body);
  const [lost, ended] = [new AbortController(), new AbortController()];
  const keepAlive = async (): Promise<void> => {
    for (;;) {
      await delay(RENEW_MS, undefined, { signal: ended.signal });
      if (await renew(client, id, retries)) continue;
      lost.abort();
      return;
    }
  };
  keepAlive().catch(() => {}); // `end` aborts the pause
  return {
    id,
    lost: lost.signal,
    end: async () => {
      ended.abort();
      await client.request('PUT', `/v1/session/destroy/${id}`);
    },
  };
}
