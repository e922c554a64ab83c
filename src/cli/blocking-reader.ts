/**
 * Reads one path again and again by blocking queries, and hands on what changed.
 */
import { type Client, unexpected } from './client.ts';
import type { WatchPlan } from './watch-plans.ts';

export interface Reading {
  readonly value: unknown;
  readonly index: string;
}

/** How long one query blocks. */
const WAIT = '60s';
/** Pause after a failed query, ms. */
const RETRY_MS = 5_000;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

async function readOnce(
  client: Client,
  plan: WatchPlan,
  index: string,
  signal: AbortSignal,
): Promise<Reading> {
  const query = { ...plan.query, index, wait: WAIT };
  const answer = await client.request('GET', plan.path, { query, signal });
  if (answer.status !== 200 && answer.status !== 404) throw unexpected(answer);
  const body = answer.status === 404 ? null : (JSON.parse(answer.body.toString('utf8')) as unknown);
  return { value: plan.show(body), index: String(answer.headers['x-consul-index'] ?? '0') };
}

/** Every value that differs from the one before, beginning with the present one, until `signal` aborts. */
export async function* readChanges(
  client: Client,
  plan: WatchPlan,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): AsyncGenerator<Reading> {
  let [index, last] = ['0', undefined as string | undefined];
  while (!signal.aborted) {
    try {
      const reading = await readOnce(client, plan, index, signal);
      // An index that falls means another server or a restored one: begin anew.
      index = Number(reading.index) < Number(index) ? '0' : reading.index;
      const text = JSON.stringify(reading.value);
      if (text === last) continue;
      last = text;
      yield reading;
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      await pause(RETRY_MS, signal);
    }
  }
}
