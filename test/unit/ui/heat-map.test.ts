import { expect, test } from 'vitest';
import { countPairs, heatMap, loadByNode, nextBad, pairsOf, selectPairs } from '../../../ui/app/heat-map.ts';

const LINES = [
  { Name: 'api', Critical: ['n2'], Warning: null, Maintenance: [], Passing: ['n1', 'n10'] },
  { Name: 'db', Critical: [], Warning: [], Maintenance: ['n1'], Passing: ['n2'] },
  { Name: 'web', Critical: [], Warning: ['n10'], Maintenance: [], Passing: ['n2'] },
  { Name: 'calm', Critical: [], Warning: [], Maintenance: [], Passing: ['n3'] },
] as const;

const shown = (order: 'worst' | 'name', text = '') => {
  const { rows, nodes } = heatMap(selectPairs(pairsOf(LINES), text), order);
  return { nodes, rows: rows.map(({ service, cells }) => [service, Object.fromEntries(cells)]) };
};

test('what stands worst comes first, services and nodes alike', () => {
  expect(shown('worst')).toEqual({
    nodes: ['n2', 'n10', 'n1', 'n3'],
    rows: [
      ['api', { 0: 'critical', 1: 'passing', 2: 'passing' }],
      ['web', { 0: 'passing', 1: 'warning' }],
      ['db', { 0: 'passing', 2: 'maintenance' }],
      ['calm', { 3: 'passing' }],
    ],
  });
});

test('by name, numbers in names count as numbers', () => {
  const { nodes, rows } = shown('name');
  expect(nodes).toEqual(['n1', 'n2', 'n3', 'n10']);
  expect(rows.map(([name]) => name)).toEqual(['api', 'calm', 'db', 'web']);
});

test('a search keeps services and nodes with the text in their name', () => {
  expect(shown('name', ' N10 ')).toEqual({
    nodes: ['n10'],
    rows: [
      ['api', { 0: 'passing' }],
      ['web', { 0: 'warning' }],
    ],
  });
  expect(shown('name', 'db').rows).toEqual([['db', { 0: 'maintenance', 1: 'passing' }]]);
});

test('places are counted by state', () => {
  expect(Object.fromEntries(countPairs(LINES))).toEqual({
    critical: 1,
    warning: 1,
    maintenance: 1,
    passing: 5,
  });
});

test('a node is as healthy as the worst that runs on it, which is named', () => {
  expect(Object.fromEntries(loadByNode(LINES))).toEqual({
    n1: { status: 'maintenance', services: ['db'], count: 2 },
    n2: { status: 'critical', services: ['api'], count: 3 },
    n3: { status: 'passing', services: [], count: 1 },
    n10: { status: 'warning', services: ['web'], count: 2 },
  });
});

test('the next bad place is found row by row, and around the end', () => {
  const map = heatMap(pairsOf(LINES), 'worst');
  const places = [{ row: 0, column: -1 }];
  for (let step = 0; step < 4; step++)
    places.push(nextBad(map, places.at(-1) ?? { row: 0, column: 0 }) ?? { row: 9, column: 9 });
  expect(places.slice(1)).toEqual([
    { row: 0, column: 0 },
    { row: 1, column: 1 },
    { row: 2, column: 2 },
    { row: 0, column: 0 },
  ]);
  expect(nextBad(heatMap(pairsOf([LINES[3]]), 'name'), { row: 0, column: 0 })).toBeUndefined();
  expect(nextBad({ rows: [], nodes: [] }, { row: 0, column: 0 })).toBeUndefined();
});
