import { expect, test } from 'vitest';
import { actionsOn, offersOf, pageOffers, plainActions, readWish } from '../../../ui/app/found.ts';

const FOUND = [
  { Kind: 'service', Name: 'web' },
  { Kind: 'instance', Name: 'web-3', ID: 'web-3', Node: 'n1', ServiceName: 'web' },
  { Kind: 'node', Name: 'web-node', Node: 'web-node' },
  { Kind: 'check', Name: 'ping', ID: 'c1', Node: 'n1', ServiceName: 'web' },
  { Kind: 'key', Name: 'app/web/port' },
  { Kind: 'query', Name: 'near-web', ID: 'q-1' },
] as const;

test('what was found leads to its place', () => {
  expect(offersOf(FOUND).map(({ group, segments, query }) => [group, segments.join('/'), query])).toEqual([
    ['Services', 'services/web', {}],
    ['Instances', 'services/web', { at: 'n1/web-3' }],
    ['Nodes', 'nodes/web-node', {}],
    ['Checks', 'checks', { at: 'n1/c1' }],
    ['Keys', 'kv', { in: 'app/web/', key: 'app/web/port' }],
    ['Queries', 'queries', { at: 'q-1' }],
  ]);
});

test('of each kind a few are offered', () => {
  const many = Array.from({ length: 20 }, (_, n) => ({ Kind: 'service', Name: `web-${n}` }));
  expect(offersOf(many).length).toBe(6);
});

test('a verb and a name is an action: what is searched for is the name', () => {
  expect(readWish(' Drain web-3 ')).toEqual({ verb: 'drain', text: 'web-3' });
  expect(readWish('drain')).toEqual({ verb: undefined, text: 'drain' });
  expect(readWish('explain api')).toEqual({ verb: undefined, text: 'api' });
  expect(readWish('drained web')).toEqual({ verb: undefined, text: 'drained web' });
});

test('an action on an instance opens its dialog, on a service one has to choose, on a key there is none', () => {
  expect(
    actionsOn('drain', FOUND).map(({ title, segments, query }) => [title, segments.join('/'), query]),
  ).toEqual([
    ['Drain web', 'services/web', {}],
    ['Drain web-3', 'services/web', { at: 'n1/web-3', do: 'drain' }],
    ['Drain web-node', 'nodes/web-node', { do: 'drain' }],
  ]);
});

test('a service is registered, and a name explained, without anything being found', () => {
  const shown = (typed: string) => plainActions(typed, 'consul').map(({ title, query }) => [title, query]);
  expect(shown('register api')).toEqual([['Register api', { do: 'register', name: 'api' }]]);
  expect(shown('explain api')).toEqual([
    ['Explain api.service.consul', { name: 'api.service.consul', type: 'A' }],
  ]);
  expect(shown('EXP a.example')).toEqual([['Explain a.example', { name: 'a.example', type: 'A' }]]);
  expect(shown('').length).toBe(2);
  expect(shown('web')).toEqual([]);
});

test('pages are found by the beginning of a word of their name', () => {
  const pages = [
    { title: 'Key/value', icon: 'kv', segments: ['kv'] },
    { title: 'Nodes', icon: 'nodes', segments: ['nodes'] },
  ] as const;
  expect(pageOffers(pages, 'val').map(({ title }) => title)).toEqual(['Key/value']);
  expect(pageOffers(pages, '').length).toBe(2);
  expect(pageOffers(pages, 'ode')).toEqual([]);
});
