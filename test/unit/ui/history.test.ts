/** How the page tells entries of the history, and where Consul's addresses lead. */
import { describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../ui/api/shapes.ts';
import { fromConsul, fromKeyPath } from '../../../ui/app/consul-links.ts';
import { tell } from '../../../ui/app/history.ts';

const entry = (fields: Partial<HistoryEntry>): HistoryEntry => ({
  ID: '1.0',
  Time: '2030-01-01T00:00:00.000Z',
  Kind: 'service',
  Action: 'registered',
  ...fields,
});

describe('an entry of the history', () => {
  test('of a check says which, what it turned and what it said', () => {
    const told = tell(
      entry({
        Kind: 'check',
        Action: 'critical',
        Node: 'n1',
        Service: 'web',
        ServiceID: 'web-1',
        Name: 'http',
        Output: 'connection refused\nmore',
      }),
    );
    expect(told).toMatchObject({
      who: 'web-1',
      page: ['services', 'web'],
      look: 'critical',
      text: 'http turned critical: connection refused',
    });
  });

  test('of a change names the fields and who asked', () => {
    const told = tell(
      entry({
        Action: 'changed',
        Service: 'web',
        ServiceID: 'web-1',
        After: { Port: 81 },
        By: { Address: '10.0.0.9' },
      }),
    );
    expect(told).toMatchObject({ text: 'was changed (Port)', origin: 'by 10.0.0.9' });
  });

  test('of a node, a key, a leader and many things at once has words too', () => {
    expect(tell(entry({ Kind: 'member', Action: 'failed', Node: 'n2' }))).toMatchObject({
      who: 'n2',
      page: ['nodes', 'n2'],
      text: 'failed',
    });
    expect(tell(entry({ Kind: 'kv', Action: 'written', Key: 'a/b' }))).toMatchObject({
      who: 'a/b',
      page: ['kv'],
    });
    expect(tell(entry({ Kind: 'leader', Action: 'elected', Node: 'n1', Before: 'n2' })).text).toBe(
      'leads now, after n2',
    );
    expect(tell(entry({ Kind: 'kv', Action: 'changed', More: 36 })).text).toBe(
      'and 36 more were changed at once',
    );
  });
});

describe('an address of Consul’s page', () => {
  const pages = new Set(['services', 'nodes', 'kv']);
  const place = (path: string) => fromConsul(path.split('/'), (name) => pages.has(name));
  test.each([
    ['dc1/services', ['services'], {}],
    ['dc1/services/web', ['services', 'web'], {}],
    ['dc1/services/web/instances/n1/web-1/health-checks', ['services', 'web'], { at: 'n1/web-1' }],
    ['dc1/services/web/intentions', ['services', 'web'], {}],
    ['dc1/nodes/n1', ['nodes', 'n1'], {}],
    ['dc1/nodes/n1/health-checks', ['nodes', 'n1'], {}],
    ['dc1/kv', ['kv'], {}],
    ['dc1/kv/a/b/edit', ['kv'], { in: 'a/', key: 'a/b' }],
    ['dc1/kv/a/b', ['kv'], { in: 'a/b/' }],
    ['dc1/overview/server-status', [], {}],
  ])('%s leads to its like', (path, segments, query) => {
    expect(place(path)).toEqual({ segments, query });
  });

  test.each(['services/web', 'kv', 'nodes/n1', 'nonsense/at-all', 'services/kv'])(
    '%s is left alone',
    (path) => {
      expect(place(path)).toBeUndefined();
    },
  );

  test('the path of a key or folder is an address too', () => {
    expect(fromKeyPath(['kv', 'config', 'app'], false)).toEqual({
      segments: ['kv'],
      query: { in: 'config/', key: 'config/app' },
    });
    expect(fromKeyPath(['kv', 'config'], true)).toEqual({ segments: ['kv'], query: { in: 'config/' } });
    expect(fromKeyPath(['kv'], false)).toBeUndefined();
  });
});
