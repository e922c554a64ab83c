import { beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../../src/lib/logger.ts';
import { decodeWatch } from '../../../src/watches/definition.ts';
import type { Answer } from '../../../src/watches/follow.ts';
import type { Query } from '../../../src/watches/watch-plan.ts';
import { type Tell, Watchers } from '../../../src/watches/watchers.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';

interface Asked {
  readonly path: string;
  readonly query: Query;
  readonly token: string;
  answer(index: string, body: unknown, status?: number): void;
  fail(): void;
}

let clock: ManualClock;
let asked: Asked[];
let told: unknown[];
let errors: string[];
let watchers: Watchers;

const turn = () => new Promise((resolve) => setImmediate(resolve));
const watch = (key: string, more: object = {}) => decodeWatch({ type: 'key', key, args: ['x'], ...more });

function ask(path: string, query: Query, token: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
    asked.push({
      path,
      query,
      token,
      answer: (index, body, status = 200) =>
        resolve({
          status,
          headers: { 'x-consul-index': index },
          body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
        }),
      fail: () => reject(new Error('refused')),
    });
  });
}

function build(tell: Tell): void {
  const note = (): void => {};
  const log: Logger = {
    trace: note,
    debug: note,
    info: note,
    warn: note,
    error: ({ retryMs }: { retryMs?: number }, text: string) => void errors.push(`${text} ${retryMs ?? ''}`),
    isLevelEnabled: () => true,
    child: () => log,
  } as unknown as Logger;
  watchers = new Watchers({ ask, tell, clock, log });
}

beforeEach(() => {
  [clock, asked, told, errors] = [manualClock(), [], [], []];
  build(async (_handler, reading) => {
    told.push(reading);
    return '';
  });
});

describe('a watch', () => {
  it('tells the present view and every other one, not one that is the same', async () => {
    watchers.replace([watch('a', { token: 't' })]);
    expect(asked[0]).toMatchObject({ path: '/v1/kv/a', query: { index: '0', wait: '60s' }, token: 't' });
    asked[0]?.answer('5', [{ Value: '1' }]);
    await turn();
    expect(asked[1]?.query).toMatchObject({ index: '5' });
    asked[1]?.answer('6', [{ Value: '1' }]);
    await turn();
    asked[2]?.answer('7', 'no such key', 404);
    await turn();
    expect(told).toEqual([
      { value: { Value: '1' }, index: '5' },
      { value: null, index: '7' },
    ]);
  });

  it('begins anew when the index falls', async () => {
    watchers.replace([watch('a')]);
    asked[0]?.answer('5', [{ Value: '1' }]);
    await turn();
    asked[1]?.answer('2', [{ Value: '2' }]);
    await turn();
    expect(asked[2]?.query).toMatchObject({ index: '0' });
  });

  it('tries again 5 s, 20 s, … after failures, 180 s at most', async () => {
    watchers.replace([watch('a')]);
    for (const waitMs of [5_000, 20_000, 45_000, 80_000, 125_000, 180_000, 180_000]) {
      asked.at(-1)?.fail();
      await turn();
      const before = asked.length;
      await clock.advanceAndSettle(waitMs - 1);
      expect(asked.length).toBe(before);
      await clock.advanceAndSettle(1);
      expect(asked.length).toBe(before + 1);
      expect(errors.at(-1)).toBe(`watch failed, trying again ${waitMs}`);
    }
  });

  it('counts failures from an answer on', async () => {
    watchers.replace([watch('a')]);
    asked[0]?.fail();
    await clock.advanceAndSettle(5_000);
    asked[1]?.answer('5', []);
    await turn();
    asked[2]?.fail();
    await clock.advanceAndSettle(5_000);
    expect(asked.length).toBe(4);
  });

  it('waits, too, after an answer that names no index', async () => {
    watchers.replace([decodeWatch({ type: 'agent_service', service_id: 'x', args: ['x'] })]);
    asked[0]?.answer('5', 'unknown service ID: x', 404);
    await turn();
    expect([asked.length, told, errors.length]).toEqual([1, [], 1]);
  });

  it('goes on after a handler that failed', async () => {
    build(async () => {
      throw new Error('exit status 1');
    });
    watchers.replace([watch('a')]);
    asked[0]?.answer('5', []);
    await turn();
    expect([errors, asked.length]).toEqual([['watch handler failed '], 2]);
  });
});

describe('replace', () => {
  it('starts what is new, ends what is gone and leaves alone what stays', async () => {
    watchers.replace([watch('a'), watch('b')]);
    expect(asked.map(({ path }) => path)).toEqual(['/v1/kv/a', '/v1/kv/b']);
    expect(watchers.preview([watch('b'), watch('c')])).toEqual({
      added: ['watch key c'],
      removed: ['watch key a'],
    });
    expect(asked.length).toBe(2);
    watchers.replace([watch('b'), watch('c')]);
    await turn();
    expect(asked.map(({ path }) => path)).toEqual(['/v1/kv/a', '/v1/kv/b', '/v1/kv/c']);
    for (const one of asked) one.answer('5', []);
    await turn();
    expect(told.length).toBe(2);
    expect(errors).toEqual([]);
  });

  it('runs twice what is written twice', () => {
    watchers.replace([watch('a'), watch('a')]);
    expect(asked.length).toBe(2);
    expect(watchers.replace([watch('a')]).removed).toEqual(['watch key a']);
  });
});

describe('stop', () => {
  it('lets a handler at work finish within 2 s', async () => {
    build(
      (_handler, _reading, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(''));
        }),
    );
    watchers.replace([watch('a')]);
    asked[0]?.answer('5', []);
    await turn();
    let isStopped = false;
    const stopped = watchers.stop().then(() => {
      isStopped = true;
    });
    await clock.advanceAndSettle(1_999);
    expect(isStopped).toBe(false);
    await clock.advanceAndSettle(1);
    await stopped;
    watchers.replace([watch('b')]);
    expect(asked.length).toBe(1);
  });
});
