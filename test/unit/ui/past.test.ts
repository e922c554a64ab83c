import { expect, test } from 'vitest';
import type { HealthPast } from '../../../ui/api/shapes.ts';
import { partsOf, shareText, stretchesOf, windowOf } from '../../../ui/app/past.ts';

const HOUR_MS = 3_600_000;
const UNTIL = Date.UTC(2026, 0, 2);
const at = (hoursAgo: number): string => new Date(UNTIL - hoursAgo * HOUR_MS).toISOString();

const past = (rest: Partial<HealthPast>): HealthPast => ({
  From: at(24),
  To: at(0),
  Instances: [],
  Omitted: 0,
  Steady: {},
  ...rest,
});
const WINDOW = windowOf(past({}), 24 * HOUR_MS);

const instance = (Spans: HealthPast['Instances'][number]['Spans'], ServiceID = 'web-1') => ({
  Node: 'n1',
  ServiceName: 'web',
  ServiceID,
  UpShare: 1,
  Falls: 0,
  IsFlapping: false,
  Spans,
});

test('a strip has a stretch for each state, and none where the instance was not registered', () => {
  const stretches = stretchesOf(
    [
      { At: at(30), Status: 'passing' },
      { At: at(18), Status: 'critical' },
      { At: at(12), Status: 'absent' },
      { At: at(6), Status: 'passing' },
    ],
    WINDOW,
  );
  expect(stretches.map(({ status, left, width }) => [status, left, width])).toEqual([
    ['passing', 0, 0.25],
    ['critical', 0.25, 0.25],
    ['passing', 0.75, 0.25],
  ]);
});

test('parts count who was registered and who was up, those that did not change included', () => {
  const parts = partsOf(
    past({
      Instances: [
        instance([
          { At: at(24), Status: 'passing' },
          { At: at(9), Status: 'critical' },
          { At: at(6), Status: 'warning' },
        ]),
        instance([{ At: at(24), Status: 'critical' }], ''),
      ],
      Steady: { passing: 1, critical: 1 },
    }),
    WINDOW,
    4,
  );
  expect(parts).toEqual([
    { registered: 3, up: 2 },
    { registered: 3, up: 2 },
    { registered: 3, up: 1.5 },
    { registered: 3, up: 2 },
  ]);
});

test('what is not remembered counts for nobody', () => {
  const parts = partsOf(past({ From: at(6), Steady: { passing: 2 } }), WINDOW, 4);
  expect(parts.map(({ registered }) => registered)).toEqual([0, 0, 0, 2]);
});

test('what was not up all the time is never said to be', () => {
  expect([1, 0.99999, 0.9876, 0.5, 0].map(shareText)).toEqual(['100 %', '99.9 %', '98.7 %', '50 %', '0 %']);
});
