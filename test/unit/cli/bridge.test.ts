/** What a bridge shows, takes back, and leaves alone, held against a target that keeps what it is told. */
import { describe, expect, test } from 'vitest';
import { Bridge } from '../../../src/cli/migrate/bridge.ts';
import type { HealthEntry } from '../../../src/cli/migrate/bridged-instances.ts';
import { AppError } from '../../../src/model/errors.ts';

let nowMs = 0;
const clock = { monotonic: () => nowMs };
const OPTIONS = { from: 'http://consul:8500', ttlMs: 30_000, services: [], clock };
const AGENT = { CheckID: 'serfHealth', Name: 'Agent alive', Status: 'passing', Output: 'yes' };

function entry(name: string, over: Partial<HealthEntry['Service']> = {}, checks = [AGENT]): HealthEntry {
  const Service = { ID: name, Service: name, Tags: ['v1'], Address: '', Port: 80, Meta: { a: 'b' }, ...over };
  return { Node: { Node: 'n1', Address: '10.0.0.1' }, Service, Checks: checks };
}

interface Registered {
  ID: string;
  Name: string;
  Address: string;
  Meta: Record<string, string>;
  Check: { TTL: string; Status: string };
}

function rig(entries: readonly HealthEntry[]) {
  const side = { entries, isDown: false };
  const registered = new Map<string, Registered>();
  const health = new Map<string, unknown>();
  const refused = new Set<string>();
  const writes: string[] = [];
  const source = {
    get: async (path: string) => {
      if (side.isDown) throw new AppError('not_found', 'cannot reach the agent');
      if (path === '/v1/catalog/services')
        return Object.fromEntries([['consul', []], ...side.entries.map((one) => [one.Service.Service, []])]);
      return side.entries.filter((one) => path.endsWith(`/${one.Service.Service}`));
    },
  };
  const target = {
    get: async () => Object.fromEntries(registered),
    ok: async (_: string, path: string, call?: { body: string }) => {
      const id = decodeURIComponent(path.split('/').at(-1) ?? '');
      const body = (call && JSON.parse(call.body)) as Registered;
      writes.push(path.split('/').slice(3, 5).join(' '));
      if (path.endsWith('/register')) {
        if (refused.has(body.Name)) throw new AppError('bad_request', `${body.Name} is refused`);
        registered.set(body.ID, body);
      } else if (path.includes('/deregister/')) registered.delete(id);
      else if (!registered.has(id.replace(/^service:/, ''))) throw new AppError('not_found', 'Unknown check');
      else health.set(id, body);
    },
  };
  const bridge = new Bridge({ source, target } as never, OPTIONS);
  return { bridge, side, registered, health, refused, writes };
}

describe('a bridge', () => {
  test('shows instances under the address of their node, with a TTL check that says what their checks say', async () => {
    const failing = { CheckID: 'c', Name: 'http', Status: 'critical', Output: 'refused' };
    const { bridge, registered, health } = rig([entry('web'), entry('db', {}, [AGENT, failing])]);
    expect(await bridge.pass()).toEqual({ shown: 2, added: 2, removed: 0 });
    expect(registered.get('bridged:n1:web')).toMatchObject({
      Name: 'web',
      Address: '10.0.0.1',
      Meta: { a: 'b', 'bridged-from': 'http://consul:8500', 'bridged-node': 'n1' },
      Check: { TTL: '30000ms', DeregisterCriticalServiceAfter: '10m' },
    });
    expect(health.get('service:bridged:n1:db')).toEqual({ Status: 'critical', Output: 'http: refused' });
  });

  test('says again in time that they are well, and registers again only what changed', async () => {
    const { bridge, side, writes } = rig([entry('web')]);
    await bridge.pass();
    await bridge.pass();
    expect(writes).toEqual(['service register', 'check update']);
    nowMs += 10_000;
    await bridge.pass();
    expect(writes).toEqual(['service register', 'check update', 'check update']);
    side.entries = [entry('web', { Tags: ['v2'] })];
    await bridge.pass();
    expect(writes.slice(3)).toEqual(['service register', 'check update']);
  });

  test('leaves alone what another bridge shows, what belongs to the mesh, and nodes without an agent', async () => {
    const { bridge, registered } = rig([
      entry('shown', { Meta: { 'bridged-from': 'http://rollcall:8500' } }),
      entry('proxy', { Kind: 'connect-proxy' }),
      entry('external', {}, []),
    ]);
    await bridge.pass();
    expect(registered.size).toBe(0);
  });

  test('takes out what is gone, and at its end what it showed, and nothing that others registered', async () => {
    const { bridge, side, registered } = rig([entry('web'), entry('db')]);
    const own = { ID: 'own', Name: 'own', Address: '', Meta: {}, Check: { TTL: '', Status: '' } };
    registered.set('own', own);
    await bridge.pass();
    side.entries = [entry('db')];
    expect(await bridge.pass()).toEqual({ shown: 1, added: 0, removed: 1 });
    await bridge.end();
    expect([...registered.keys()]).toEqual(['own']);
  });

  test('takes out nothing when the other side cannot be read', async () => {
    const { bridge, side, registered } = rig([entry('web')]);
    await bridge.pass();
    side.isDown = true;
    await expect(bridge.pass()).rejects.toThrow('cannot reach');
    expect(registered.size).toBe(1);
  });

  test('shows the others when one is refused', async () => {
    const { bridge, registered, refused } = rig([entry('bad'), entry('web')]);
    refused.add('bad');
    await expect(bridge.pass()).rejects.toThrow('bad is refused');
    expect([...registered.keys()]).toEqual(['bridged:n1:web']);
  });

  test('registers again what somebody took away', async () => {
    const { bridge, registered } = rig([entry('web')]);
    await bridge.pass();
    registered.clear();
    await bridge.pass();
    expect(registered.size).toBe(1);
  });
});
