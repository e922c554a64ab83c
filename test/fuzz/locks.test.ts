/**
 * Random sequences of locks, sessions, checks and plain writes against a model that is too simple to be wrong.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckId } from '../../src/model/types.ts';
import { kvCommand, startKv } from '../support/kv.ts';

const KEYS = ['a', 'a/1', 'b'];
const CHECKS = ['c0', 'c1'];
const DELAY_MS = 5_000;

type Step =
  | {
      readonly do: 'begin';
      readonly check: number;
      readonly isDeleting: boolean;
      readonly isDelayed: boolean;
    }
  | { readonly do: 'end' | 'lock' | 'unlock'; readonly session: number; readonly key: number }
  | { readonly do: 'put' | 'delete' | 'cas' | 'delete-tree'; readonly key: number }
  | { readonly do: 'fail' | 'pass' | 'remove'; readonly check: number }
  | { readonly do: 'wait'; readonly ms: number };

const small = fc.nat({ max: 5 });
const key = fc.nat({ max: KEYS.length - 1 });
const check = fc.nat({ max: CHECKS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('begin' as const),
    check: small,
    isDeleting: fc.boolean(),
    isDelayed: fc.boolean(),
  }),
  fc.record({
    do: fc.constantFrom('end' as const, 'lock' as const, 'lock' as const, 'unlock' as const),
    session: small,
    key,
  }),
  fc.record({
    do: fc.constantFrom('put' as const, 'delete' as const, 'cas' as const, 'delete-tree' as const),
    key,
  }),
  fc.record({
    do: fc.constantFrom('fail' as const, 'pass' as const, 'pass' as const, 'remove' as const),
    check,
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 4_000 }) }),
);

interface ModelSession {
  readonly id: string;
  readonly check: string | undefined;
  readonly isDeleting: boolean;
  readonly delayMs: number;
}

/** Keys with their holders, sessions alive, locks kept free. */
class Model {
  readonly keys = new Map<string, { holder: string; lockIndex: number }>();
  readonly sessions = new Map<string, ModelSession>();
  readonly delays = new Map<string, number>();

  lock(name: string, session: string, nowMs: number): boolean {
    const row = this.keys.get(name) ?? { holder: '', lockIndex: 0 };
    if ((this.delays.get(name) ?? 0) > nowMs) return false;
    if (row.holder !== '' && row.holder !== session) return false;
    const lockIndex = row.holder === session ? row.lockIndex : row.lockIndex + 1;
    this.keys.set(name, { holder: session, lockIndex });
    return true;
  }

  end(session: ModelSession, nowMs: number): void {
    this.sessions.delete(session.id);
    for (const [name, row] of [...this.keys]) {
      if (row.holder !== session.id) continue;
      if (session.isDeleting) this.keys.delete(name);
      else this.keys.set(name, { ...row, holder: '' });
      if (session.delayMs > 0) this.delays.set(name, nowMs + session.delayMs);
    }
  }

  endBoundTo(name: string, nowMs: number): void {
    for (const session of [...this.sessions.values()]) if (session.check === name) this.end(session, nowMs);
  }
}

async function startRun() {
  const catalog = await startKv();
  for (const name of CHECKS) await catalog.check(name, 'passing');
  const model = new Model();
  const statuses = new Map(CHECKS.map((name) => [name, 'passing']));
  const sessions: string[] = [];
  const { kv, row, clock, begin, end, writer } = catalog;

  async function beginOne(wanted: Extract<Step, { do: 'begin' }>): Promise<void> {
    const name = CHECKS[wanted.check];
    const delayMs = wanted.isDelayed ? DELAY_MS : 0;
    const fields = {
      nodeChecks: (name === undefined ? [] : [name]) as CheckId[],
      behavior: wanted.isDeleting ? ('delete' as const) : ('release' as const),
      lockDelayMs: delayMs,
    };
    if (name !== undefined && statuses.get(name) !== 'passing') {
      await expect(begin(fields)).rejects.toThrow();
      return;
    }
    const id = await begin(fields);
    sessions.push(id);
    model.sessions.set(id, { id, check: name, isDeleting: wanted.isDeleting, delayMs });
  }

  async function onSession(wanted: {
    do: 'end' | 'lock' | 'unlock';
    session: number;
    key: number;
  }): Promise<void> {
    const id = sessions.at(-1 - wanted.session);
    const name = KEYS[wanted.key] as string;
    if (id === undefined) return;
    const alive = model.sessions.get(id);
    if (wanted.do === 'end') {
      await end(id);
      if (alive) model.end(alive, clock.now());
    } else if (wanted.do === 'unlock') {
      const held = model.keys.get(name);
      const isHeld = held?.holder === id;
      expect(await kv(name, { verb: 'unlock', session: id })).toBe(isHeld);
      if (held && isHeld) model.keys.set(name, { ...held, holder: '' });
    } else if (alive) {
      expect(await kv(name, { verb: 'lock', session: id })).toBe(model.lock(name, id, clock.now()));
    } else {
      const isDelayed = (model.delays.get(name) ?? 0) > clock.now();
      const tried = kv(name, { verb: 'lock', session: id });
      await (isDelayed
        ? expect(tried).resolves.toBe(false)
        : expect(tried).rejects.toThrow('invalid session'));
    }
  }

  async function onKey(wanted: { do: 'put' | 'delete' | 'cas' | 'delete-tree'; key: number }): Promise<void> {
    const name = KEYS[wanted.key] as string;
    const before = model.keys.get(name);
    if (wanted.do === 'put' || wanted.do === 'cas') {
      const index = row(name)?.modifyIndex ?? 0;
      expect(await kv(name, { verb: wanted.do === 'put' ? 'set' : 'cas', index })).toBe(true);
      model.keys.set(name, { holder: before?.holder ?? '', lockIndex: 0 });
    } else {
      await kv(name, { verb: wanted.do });
      for (const other of [...model.keys.keys()])
        if (other === name || (wanted.do === 'delete-tree' && other.startsWith(name)))
          model.keys.delete(other);
    }
  }

  async function onCheck(wanted: { do: 'fail' | 'pass' | 'remove'; check: number }): Promise<void> {
    const name = CHECKS[wanted.check] as string;
    if (wanted.do === 'remove') await writer.submit({ kind: 'deregister', node: 'n1', checkId: name });
    else await catalog.check(name, wanted.do === 'fail' ? 'critical' : 'passing');
    statuses.set(name, wanted.do === 'pass' ? 'passing' : 'gone');
    if (wanted.do !== 'pass') model.endBoundTo(name, clock.now());
  }

  async function run(wanted: Step): Promise<void> {
    if (wanted.do === 'begin') await beginOne(wanted);
    else if (wanted.do === 'wait') clock.advance(wanted.ms);
    else if ('session' in wanted) await onSession(wanted);
    else if ('key' in wanted) await onKey(wanted);
    else await onCheck(wanted);
  }

  return { ...catalog, model, run };
}

describe('locks', () => {
  test('do what a simple model does, step by step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), async (steps) => {
        const { model, run, state } = await startRun();
        for (const each of steps) {
          await run(each);
          const rows = [...state.view.kv.values()].map(({ key: name, session, lockIndex }) => [
            name,
            { holder: session, lockIndex },
          ]);
          expect(new Map(rows as [string, { holder: string; lockIndex: number }][])).toEqual(model.keys);
          expect(new Set([...state.view.sessions.values()].map(({ id }) => id))).toEqual(
            new Set(model.sessions.keys()),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('are given to at most one of those who ask in one batch, whatever else is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 7 }), { minLength: 2, maxLength: 40 }), async (order) => {
        const { writer, begin, state } = await startKv();
        const sessions = await Promise.all(Array.from({ length: 4 }, () => begin()));
        const held = new Set<string>();
        const tries = order.map((n) => {
          const session = sessions[n % 4] as string;
          return writer.submit(kvCommand('k', { verb: n < 4 ? 'lock' : 'unlock', session }));
        });
        const results = await Promise.all(tries);
        for (const [at, { result }] of results.entries()) {
          const session = sessions[(order[at] as number) % 4] as string;
          if (result && (order[at] as number) < 4) held.add(session);
          else if (result) held.delete(session);
          expect(held.size).toBeLessThanOrEqual(1);
        }
        expect(state.view.kv.get('k')?.session ?? '').toBe([...held][0] ?? '');
      }),
      { numRuns: 200 },
    );
  });
});
