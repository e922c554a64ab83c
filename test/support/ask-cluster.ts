/**
 * Questions to the servers of a cluster over their API, for tests: an answer as a value, whatever its status.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface ClusterAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Ask once. Status 0 when nobody answers. */
export async function askServer(
  url: string,
  method = 'GET',
  body?: string,
  timeoutMs = 15_000,
): Promise<ClusterAnswer> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { method, signal, ...(body !== undefined && { body }) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    return { status: 0, headers: new Headers(), text: String(error) };
  }
}

/** Ask until `isRight`; rejects with the last answer after the time. */
export async function askUntil(
  url: string,
  isRight: (answer: ClusterAnswer) => boolean,
  timeoutMs = 20_000,
): Promise<ClusterAnswer> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await askServer(url);
    if (isRight(answer)) return answer;
    if (performance.now() > untilMs) throw new Error(`${url}: ${answer.status} ${answer.text}`);
    await delay(50);
  }
}
