import { describe, expect, test } from 'vitest';
import { parseBehavior, requireTtl } from '../../../src/catalog/session.ts';
import { checkKey } from '../../../src/catalog/tables.ts';
import { KvValue } from '../../../src/model/kv-value.ts';
import type { CheckId } from '../../../src/model/types.ts';
import { deregister, registerCheck, registerService, service } from '../../support/catalog.ts';
import { kvCommand, startKv } from '../../support/kv.ts';

const bound = (...ids: string[]) => ({ nodeChecks: ids as CheckId[] });

describe('a session ends', () => {
  test('when a check it is bound to turns critical, by report or by registration', async () => {
    const { begin, check, writer, state } = await startKv();
    await check('c1', 'passing');
    await check('c2', 'passing');
    const [one, two, other] = [await begin(bound('c1')), await begin(bound('c2')), await begin()];
    await check('c1', 'warning');
    expect(state.view.sessions.get(one)).toBeDefined();
    const report = { node: 'n1', checkId: 'c1' as CheckId, status: 'critical' as const, output: '' };
    await writer.submit({ kind: 'check-status', ...report });
    expect(state.view.sessions.get(one)).toBeUndefined();
    await check('c2', 'critical');
    expect(state.view.sessions.get(two)).toBeUndefined();
    expect(state.view.sessions.get(other)).toBeDefined();
  });

  test('when its check, the service of its check, or its node goes', async () => {
    const { begin, check, writer, state } = await startKv();
    await writer.submit(registerService('n1', service({ name: 'web' })));
    await check('node-check', 'passing');
    await check('web-check', 'passing', 'web');
    const sessions = [
      await begin(bound('node-check')),
      await begin({ checks: ['web-check' as CheckId] }),
      await begin({ serviceChecks: [{ id: 'web-check', namespace: '' }] }),
      await begin(),
    ];
    const alive = () => sessions.map((id) => state.view.sessions.get(id) !== undefined);
    await writer.submit(deregister('n1', 'web'));
    expect(alive()).toEqual([true, false, false, true]);
    await writer.submit({ kind: 'deregister', node: 'n1', checkId: 'node-check' });
    expect(alive()).toEqual([false, false, false, true]);
    await writer.submit(deregister('n1'));
    expect(alive()).toEqual([false, false, false, false]);
  });

  test('and lets go of its keys, or deletes them, as it was told', async () => {
    const { begin, end, kv, row } = await startKv();
    const [release, remove] = [await begin(), await begin({ behavior: 'delete' })];
    await kv('kept', { verb: 'lock', session: release, text: 'v' });
    await kv('gone', { verb: 'lock', session: remove });
    await kv('free', { text: 'v' });
    await end(release);
    await end(remove);
    expect(row('kept')).toMatchObject({ session: '', lockIndex: 1, value: KvValue.from(btoa('v')) });
    expect(row('gone')).toBeUndefined();
    expect(row('free')).toBeDefined();
  });

  test('under one index together with what it held', async () => {
    const { begin, end, kv, row, indexes, installed } = await startKv();
    const session = await begin();
    for (const key of ['a', 'b', 'c']) await kv(key, { verb: 'lock', session });
    const before = installed.length;
    await end(session);
    expect(installed).toHaveLength(before + 1);
    expect(row('a')?.modifyIndex).toBe(row('c')?.modifyIndex);
    expect(indexes.of(['sessions'])).toBe(row('a')?.modifyIndex);
  });

  test('once: ending it again changes nothing', async () => {
    const { begin, end, installed } = await startKv();
    const session = await begin();
    await end(session);
    const before = installed.length;
    await expect(end(session)).resolves.toMatchObject({ result: true });
    expect(installed).toHaveLength(before);
    await expect(end('abc')).rejects.toThrow('UUID must be 36 characters');
  });
});

describe('a check that follows a session', () => {
  async function follow(name: string) {
    const catalog = await startKv();
    const { writer, state } = catalog;
    const command = registerCheck('n1', { id: 'held', status: 'critical' });
    const checks = command.checks.map((check) => ({
      ...check,
      type: 'session',
      definition: { SessionName: name },
    }));
    const register = () => writer.submit({ ...command, checks });
    await register();
    const status = () => state.view.checks.get(checkKey('n1', 'held'))?.status;
    return { ...catalog, register, status };
  }

  test('passes as long as one of that name is alive on its node', async () => {
    const { begin, end, status, register } = await follow('leader');
    expect(status()).toBe('critical');
    const stranger = await begin({ name: 'other' });
    expect(status()).toBe('critical');
    const [first, second] = [await begin({ name: 'leader' }), await begin({ name: 'leader' })];
    expect(status()).toBe('passing');
    await register();
    expect(status()).toBe('passing');
    await end(first);
    await end(stranger);
    expect(status()).toBe('passing');
    await end(second);
    expect(status()).toBe('critical');
  });

  test('takes the sessions that are bound to it along when it fails', async () => {
    const { begin, end, state } = await follow('leader');
    const leader = await begin({ name: 'leader' });
    const follower = await begin(bound('held'));
    await end(leader);
    expect(state.view.sessions.get(follower)).toBeUndefined();
  });
});

describe('the lock delay', () => {
  test('keeps a lost lock free until it is over', async () => {
    const { begin, end, kv, clock } = await startKv();
    const [lost, next] = [await begin({ lockDelayMs: 15_000 }), await begin()];
    await kv('l', { verb: 'lock', session: lost });
    await end(lost);
    expect(await kv('l', { verb: 'lock', session: next })).toBe(false);
    clock.advance(14_999);
    expect(await kv('l', { verb: 'lock', session: next })).toBe(false);
    clock.advance(1);
    expect(await kv('l', { verb: 'lock', session: next })).toBe(true);
  });

  test('holds for a lock that is asked for in the batch in which the session ends', async () => {
    const { begin, writer, kv } = await startKv();
    const [lost, next] = [await begin({ lockDelayMs: 15_000 }), await begin()];
    await kv('l', { verb: 'lock', session: lost });
    const [, locked] = await Promise.all([
      writer.submit({ kind: 'session-destroy', id: lost }),
      writer.submit(kvCommand('l', { verb: 'lock', session: next })),
    ]);
    expect(locked.result).toBe(false);
  });

  test('is a minute at most, none for a lock that was given up, and hinders no plain write', async () => {
    const { begin, end, kv, clock } = await startKv();
    const [long, polite, next] = [
      await begin({ lockDelayMs: 600_000, behavior: 'delete' }),
      await begin({ lockDelayMs: 15_000 }),
      await begin(),
    ];
    await kv('long', { verb: 'lock', session: long });
    await kv('polite', { verb: 'lock', session: polite });
    await kv('polite', { verb: 'unlock', session: polite });
    await end(long);
    await end(polite);
    expect(await kv('polite', { verb: 'lock', session: next })).toBe(true);
    expect(await kv('long', { text: 'plain' })).toBe(true);
    clock.advance(60_000);
    expect(await kv('long', { verb: 'lock', session: next })).toBe(true);
  });

  test('does not hold for hours when the system clock is set back', async () => {
    const { begin, end, kv, clock } = await startKv();
    const [lost, next] = [await begin({ lockDelayMs: 15_000 }), await begin()];
    await kv('l', { verb: 'lock', session: lost });
    await end(lost);
    clock.jumpWallTime(-3_600_000);
    expect(await kv('l', { verb: 'lock', session: next })).toBe(true);
  });

  test('leaves no rows behind', async () => {
    const { begin, end, kv, clock, state } = await startKv();
    for (let round = 0; round < 5; round += 1) {
      const session = await begin({ lockDelayMs: 1_000 });
      await kv(`l${round}`, { verb: 'lock', session });
      await end(session);
      clock.advance(2_000);
    }
    expect(state.view.lockDelays.size).toBe(1);
  });
});

describe('a session is refused', () => {
  test('on a node that is not there, and with checks that are missing or critical', async () => {
    const { begin, check } = await startKv();
    await check('bad', 'critical');
    await expect(begin({ node: 'nowhere' as never })).rejects.toThrow('Missing node registration');
    await expect(begin(bound('none'))).rejects.toThrow("Missing check 'none' registration");
    await expect(begin(bound('bad'))).rejects.toThrow("Check 'bad' is in critical state");
  });

  test('with a TTL out of range or an unknown behavior', () => {
    expect(() => requireTtl('5s', 10_000)).toThrow(
      "Invalid Session TTL '5000000000', must be between [10s=24h0m0s]",
    );
    expect(() => requireTtl('90000s', 10_000)).toThrow("Invalid Session TTL '90000000000000'");
    expect(() => requireTtl('1d', 10_000)).toThrow(`Session TTL '1d' invalid: time: unknown unit "d"`);
    for (const ttl of ['', '0s', '10s', '10.0s', '24h']) expect(() => requireTtl(ttl, 10_000)).not.toThrow();
    expect(() => parseBehavior('explode')).toThrow("Invalid Behavior setting 'explode'");
    expect([parseBehavior(''), parseBehavior('delete')]).toEqual(['release', 'delete']);
  });
});
