/** The page's stream of changes: which paths it tells of, and that no change goes untold while connections come and go. */
import { describe, expect, test } from 'vitest';
import { ChangeFeed } from '../../../ui/api/change-feed.ts';
import { type ApiClient, ApiError } from '../../../ui/api/client.ts';
import { topicsOf } from '../../../ui/api/topics.ts';

interface Opened {
  readonly path: string;
  readonly signal: AbortSignal;
  say(text: string): void;
  end(error?: Error): void;
}

/** A clock that moves when it is told to. */
function manualClock() {
  let nowMs = 0;
  const waiting = new Set<{ readonly atMs: number; readonly resolve: () => void }>();
  const pause = (ms: number, abort?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const entry = { atMs: nowMs + ms, resolve };
      waiting.add(entry);
      abort?.addEventListener('abort', () => resolve());
    });
  async function pass(ms: number): Promise<void> {
    for (const endMs = nowMs + ms; ; ) {
      const next = [...waiting].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      nowMs = next?.atMs ?? endMs;
      if (next) waiting.delete(next);
      next?.resolve();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      if (!next) return;
    }
  }
  return { clock: { now: () => nowMs, pause }, pass };
}

function startFeed() {
  const opened: Opened[] = [];
  const changes: string[] = [];
  const { clock, pass } = manualClock();
  const stream: ApiClient['stream'] = (path, signal, onText) =>
    new Promise((resolve, reject) => {
      const end = (error?: Error) => (error ? reject(error) : resolve());
      signal.addEventListener('abort', () => end(new Error('aborted')));
      opened.push({ path, signal, say: onText, end });
    });
  const feed = new ChangeFeed({
    api: { stream } as ApiClient,
    clock,
    onChange: (topic, index) => changes.push(`${topic} ${index}`),
    onCoverage: () => changes.push('coverage'),
  });
  const last = () => opened.at(-1) as Opened;
  return { feed, opened, changes, pass, last };
}

const change = (topic: string, index: number) =>
  `id: ${index}\nevent: change\ndata: {"Topic":"${topic}","Index":${index}}\n\n`;

describe('the topics of a path', () => {
  test.each([
    ['/v1/internal/ui/services', ['services', 'nodes', 'checks']],
    ['/v1/internal/ui/health-map', ['services', 'nodes', 'checks']],
    ['/v1/health/state/any?filter=x', ['checks']],
    ['/v1/health/service/a%20b', ['service:a b']],
    ['/v1/catalog/node-services/n1', ['node:n1']],
    ['/v1/kv/app/limit', ['kv:app/limit']],
    ['/v1/kv/?keys&separator=%2F', ['kv:']],
    ['/v1/history?service=web&limit=25', ['history']],
    ['/v1/health/service/a,b', []],
    ['/v1/agent/self', []],
    ['/v1/event/list', []],
  ])('of %s are %j', (path, topics) => {
    expect(topicsOf(path)).toEqual(topics);
  });
});

describe('the stream of changes', () => {
  test('follows everything that is shown at once, and tells', async () => {
    const { feed, opened, changes, pass, last } = startFeed();
    feed.want(new Set(['nodes']));
    feed.want(new Set(['nodes', 'kv:a/b']));
    await pass(100);
    expect(opened.map(({ path }) => path)).toEqual(['/v1/stream?topics=nodes,kv%3Aa%2Fb&values=false']);
    expect(feed.covers(['nodes'])).toBe(false);
    last().say('retry: 2000\n\n');
    expect(feed.covers(['nodes', 'kv:a/b'])).toBe(true);
    expect(feed.covers(['services'])).toBe(false);
    const text = change('nodes', 7);
    last().say(text.slice(0, 20));
    last().say(text.slice(20));
    expect(changes).toEqual(['coverage', 'nodes 7']);
  });

  test('keeps the old connection until the new one tells', async () => {
    const { feed, opened, pass, last } = startFeed();
    feed.want(new Set(['nodes']));
    await pass(100);
    last().say(': hello\n\n');
    feed.want(new Set(['nodes', 'checks']));
    await pass(100);
    expect(opened).toHaveLength(2);
    expect(feed.covers(['nodes'])).toBe(true);
    expect(opened[0]?.signal.aborted).toBe(false);
    last().say(': hello\n\n');
    expect(opened[0]?.signal.aborted).toBe(true);
    expect(feed.covers(['checks', 'nodes'])).toBe(true);
  });

  test('gives up a connection that says nothing, and comes back', async () => {
    const { feed, opened, pass, last } = startFeed();
    feed.want(new Set(['nodes']));
    await pass(100);
    last().say(': hello\n\n');
    await pass(50_000);
    last().say(': still here\n\n');
    await pass(50_000);
    expect(feed.covers(['nodes'])).toBe(true);
    await pass(30_000);
    expect(opened[0]?.signal.aborted).toBe(true);
    await pass(3_000);
    expect(opened).toHaveLength(2);
  });

  test('that is refused covers nobody and is not asked for again at once', async () => {
    const { feed, opened, pass, last } = startFeed();
    feed.want(new Set(['kv:secret']));
    await pass(100);
    last().end(new ApiError(403, 'Permission denied'));
    await pass(20_000);
    expect(opened).toHaveLength(1);
    expect(feed.covers(['kv:secret'])).toBe(false);
    feed.restart();
    await pass(100);
    expect(opened).toHaveLength(2);
  });

  test('gives its connection back when nothing is shown', async () => {
    const { feed, opened, pass, last } = startFeed();
    feed.want(new Set(['nodes']));
    await pass(100);
    last().say(': hello\n\n');
    expect(feed.held).toBe(1);
    feed.want(new Set());
    expect([feed.held, opened[0]?.signal.aborted]).toEqual([0, true]);
    await pass(120_000);
    expect(opened).toHaveLength(1);
  });
});
