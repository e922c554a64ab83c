/**
 * The npm client `consul`, unchanged, against an agent: keys, sessions, transactions, events, queries, watches.
 * It makes `undefined` of an answer that is false.
 */
import Consul from 'consul';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let agent: RunningAgent;
let consul: Consul;

/** The client's own types ask for more than it does. */
function transact(operations: readonly object[]): Promise<unknown> {
  return consul.transaction.create(operations as never);
}

beforeAll(async () => {
  agent = await startAgent();
  consul = new Consul({ host: '127.0.0.1', port: agent.httpPort });
});
afterAll(() => agent.stop());

describe('kv', () => {
  it('sets, gets, lists and deletes', async () => {
    expect(await consul.kv.set('hello', 'world')).toBe(true);
    expect(await consul.kv.get('hello')).toMatchObject({ Key: 'hello', Value: 'world', Flags: 0 });
    expect(await consul.kv.get('none')).toBeUndefined();
    await consul.kv.set({ key: 'dir/a', value: 'é', flags: 7 });
    expect(await consul.kv.get({ key: 'dir/', recurse: true })).toMatchObject([{ Value: 'é', Flags: 7 }]);
    const bytes = Buffer.from([0, 255]);
    await consul.kv.set('bin', bytes);
    expect(await consul.kv.get({ key: 'bin', buffer: true } as never)).toMatchObject({ Value: bytes });
    expect(await consul.kv.keys({ key: '' })).toEqual(['bin', 'dir/a', 'hello']);
    expect(await consul.kv.keys({ key: '', separator: '/' })).toEqual(['bin', 'dir/', 'hello']);
    await consul.kv.del('hello');
    await consul.kv.del({ key: 'dir', recurse: true });
    expect(await consul.kv.keys({ key: '' })).toEqual(['bin']);
  });

  it('checks and sets', async () => {
    expect(await consul.kv.set({ key: 'cas', value: '1', cas: 0 })).toBe(true);
    const { ModifyIndex } = (await consul.kv.get('cas')) as { ModifyIndex: number };
    expect(await consul.kv.set({ key: 'cas', value: '2', cas: 1 })).not.toBe(true);
    expect(await consul.kv.set({ key: 'cas', value: '2', cas: ModifyIndex })).toBe(true);
    expect(await consul.kv.del({ key: 'cas', cas: ModifyIndex })).not.toBe(true);
  });

  it('watches a key through its changes', async () => {
    await consul.kv.set('watched', '1');
    const seen: (string | undefined)[] = [];
    const watch = consul.watch({ method: consul.kv.get, options: { key: 'watched', wait: '5s' } });
    const done = new Promise<void>((resolve, reject) => {
      watch.on('error', reject);
      watch.on('change', (pair: { Value: string } | undefined) => {
        seen.push(pair?.Value);
        if (seen.length === 1) void consul.kv.set('watched', '2');
        else if (seen.length === 2) void consul.kv.del('watched');
        else resolve();
      });
    });
    await done;
    watch.end();
    expect(seen).toEqual(['1', '2', undefined]);
  });
});

describe('session', () => {
  it('holds a lock until it is destroyed', async () => {
    const { ID: id } = await consul.session.create({ name: 'mine', ttl: '10s', lockdelay: '0s' });
    const { ID: other } = await consul.session.create();
    expect(await consul.kv.set({ key: 'lock', value: 'a', acquire: id })).toBe(true);
    expect(await consul.kv.set({ key: 'lock', value: 'b', acquire: other })).not.toBe(true);
    expect(await consul.session.get(id)).toMatchObject({ ID: id, Name: 'mine', TTL: '10s' });
    expect(await consul.session.renew(id)).toMatchObject([{ ID: id }]);
    expect(await consul.session.list()).toHaveLength(2);
    expect(await consul.session.node('n1')).toHaveLength(2);
    await consul.session.destroy(id);
    expect(await consul.kv.set({ key: 'lock', value: 'b', acquire: other })).toBe(true);
    expect(await consul.kv.set({ key: 'lock', value: '', release: other })).toBe(true);
  });
});

describe('transaction, event, query, status', () => {
  it('does a transaction or none of it', async () => {
    const done = await transact([
      { KV: { Verb: 'set', Key: 'txn', Value: btoa('x') } },
      { KV: { Verb: 'get', Key: 'txn' } },
    ]);
    expect(done).toMatchObject({
      Results: [{ KV: { Key: 'txn' } }, { KV: { Value: btoa('x') } }],
      Errors: null,
    });
    const failing = transact([{ KV: { Verb: 'get', Key: 'none' } }]);
    await expect(failing).rejects.toMatchObject({ statusCode: 409 });
  });

  it('fires and lists events', async () => {
    const fired = (await consul.event.fire('deploy', '53')) as { ID: string };
    expect(await consul.event.list('deploy')).toMatchObject([
      { ID: fired.ID, Name: 'deploy', Payload: '53' },
    ]);
  });

  it('creates, updates, executes and destroys a prepared query', async () => {
    await consul.agent.service.register({ name: 'web', port: 80 });
    const { ID: query } = (await consul.query.create({ name: 'find', service: { service: 'web' } })) as {
      ID: string;
    };
    expect(await consul.query.list()).toHaveLength(1);
    expect(await consul.query.get(query)).toMatchObject({ ID: query, Name: 'find' });
    await consul.query.update({ query, name: 'find', service: { service: 'web', near: '_agent' } });
    expect(await consul.query.execute('find')).toMatchObject({
      Service: 'web',
      Nodes: [{ Service: { Port: 80 } }],
    });
    await (consul.query as unknown as { destroy(id: string): Promise<void> }).destroy(query);
    expect(await consul.query.list()).toEqual([]);
  });

  it('names the leader and its peers', async () => {
    const leader = await consul.status.leader();
    expect(leader).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await consul.status.peers()).toEqual([leader]);
  });
});
