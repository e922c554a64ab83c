import { describe, expect, it } from 'vitest';
import { planWatch } from '../../../src/watches/watch-plan.ts';

describe('planWatch', () => {
  it.each([
    [{ type: 'key', key: '/a b/c' }, '/v1/kv/a%20b/c', {}],
    [{ type: 'keyprefix', prefix: 'app/' }, '/v1/kv/app/', { recurse: '' }],
    [{ type: 'services', filter: 'x' }, '/v1/catalog/services', { filter: 'x' }],
    [{ type: 'nodes' }, '/v1/catalog/nodes', {}],
    [{ type: 'nodes', datacenter: 'dc2' }, '/v1/catalog/nodes', { dc: 'dc2' }],
    [{ type: 'service', service: 'a/b' }, '/v1/health/service/a%2Fb', { tag: [] }],
    [
      { type: 'service', service: 'web', tag: 'v1', passingonly: true },
      '/v1/health/service/web',
      { tag: ['v1'], passing: '1' },
    ],
    [{ type: 'service', service: 'web', tag: ['a', 'b'] }, '/v1/health/service/web', { tag: ['a', 'b'] }],
    [{ type: 'checks' }, '/v1/health/state/any', {}],
    [{ type: 'checks', state: 'critical' }, '/v1/health/state/critical', {}],
    [{ type: 'checks', service: 'web' }, '/v1/health/checks/web', {}],
    [{ type: 'event', name: 'deploy' }, '/v1/event/list', { name: 'deploy' }],
    [{ type: 'agent_service', service_id: 'web-1' }, '/v1/agent/service/web-1', {}],
  ])('asks for what %j names', (parameters, path, query) => {
    const plan = planWatch(parameters);
    expect(plan.path).toBe(path);
    expect(JSON.parse(JSON.stringify(plan.query))).toEqual(query);
  });

  it.each([
    [{}, 'Watch type must be specified'],
    [{ type: 'bogus' }, 'Unsupported watch type: bogus'],
    [{ type: 'servces' }, 'Unsupported watch type: servces (did you mean services?)'],
    [{ type: 'toString' }, 'Unsupported watch type: toString'],
    [
      { type: 'connect_roots' },
      'Watch type connect_roots belongs to the service mesh, which rollcall does not have',
    ],
    [
      { type: 'connect_leaf', service: 'a' },
      'Watch type connect_leaf belongs to the service mesh, which rollcall does not have',
    ],
    [{ type: 'key' }, 'Must specify a single key to watch'],
    [{ type: 'key', key: 1 }, 'Expecting key to be a string'],
    [{ type: 'keyprefix' }, 'Must specify a single prefix to watch'],
    [{ type: 'service', service: 'a', passingonly: 'yes' }, 'Expecting passingonly to be a boolean'],
    [{ type: 'service', service: 'a', tag: [1] }, 'Expecting tag to be a string or a list of strings'],
    [{ type: 'checks', service: 'a', state: 'any' }, 'Cannot specify service and state'],
    [{ type: 'agent_service' }, 'Must specify a single service_id to watch'],
    [{ type: 'key', key: 'a', zz: 1 }, 'Invalid parameters: [zz]'],
    [{ type: 'checks', stat: 'any' }, 'Invalid parameters: [stat] (did you mean state?)'],
  ])('refuses %j', (parameters, text) => {
    expect(() => planWatch(parameters)).toThrow(text);
  });

  it('shows the one row of a key, null when there is none', () => {
    const { show } = planWatch({ type: 'key', key: 'a' });
    expect(show([{ Key: 'a' }], undefined)).toEqual({ Key: 'a' });
    expect(show(null, undefined)).toBeNull();
  });

  it('shows events that came after those of the answer before', () => {
    const { show } = planWatch({ type: 'event' });
    const [a, b, c] = [{ ID: 'a' }, { ID: 'b' }, { ID: 'c' }];
    expect(show([a, b], undefined)).toEqual([a, b]);
    expect(show([a, b, c], [a, b])).toEqual([c]);
    expect(show([b, c], [a])).toEqual([b, c]);
  });
});
