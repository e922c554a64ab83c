import { expect, test } from 'vitest';
import { impatientStreak, PATIENT_STREAK, type Streak, transition } from '../../../src/checks/check.ts';
import type { CheckStatus } from '../../../src/model/types.ts';

const PLAIN = { successBeforePassing: 0, failuresBeforeWarning: 0, failuresBeforeCritical: 0 };

/** What is reported after each result; '-' is nothing. */
function reports(thresholds: typeof PLAIN, results: readonly CheckStatus[], from?: Streak): string[] {
  let streak = from ?? impatientStreak(thresholds);
  return results.map((result) => {
    const step = transition(thresholds, streak, result);
    streak = step.streak;
    return step.status ?? '-';
  });
}

test('without thresholds every result is reported', () => {
  expect(reports(PLAIN, ['passing', 'critical', 'warning'])).toEqual(['passing', 'critical', 'warning']);
});

test('the first result counts at once, whatever the thresholds are', () => {
  const slow = { successBeforePassing: 3, failuresBeforeWarning: 3, failuresBeforeCritical: 3 };
  expect(reports(slow, ['passing'])).toEqual(['passing']);
  expect(reports(slow, ['critical'])).toEqual(['critical']);
});

test('a recovery needs successBeforePassing results in a row', () => {
  const slow = { ...PLAIN, successBeforePassing: 3 };
  const results: CheckStatus[] = [
    'critical',
    'passing',
    'passing',
    'critical',
    'passing',
    'passing',
    'passing',
  ];
  expect(reports(slow, results)).toEqual(['critical', '-', '-', 'critical', '-', '-', 'passing']);
});

test('a warning counts as a success', () => {
  const slow = { ...PLAIN, successBeforePassing: 2 };
  expect(reports(slow, ['critical', 'warning', 'passing'])).toEqual(['critical', '-', 'passing']);
});

test('a failure needs failuresBeforeCritical results in a row', () => {
  const slow = { ...PLAIN, failuresBeforeWarning: 3, failuresBeforeCritical: 3 };
  const results: CheckStatus[] = [
    'passing',
    'critical',
    'critical',
    'passing',
    'critical',
    'critical',
    'critical',
  ];
  expect(reports(slow, results)).toEqual(['passing', '-', '-', 'passing', '-', '-', 'critical']);
});

test('failuresBeforeWarning reports a warning on the way to critical', () => {
  const slow = { ...PLAIN, failuresBeforeWarning: 2, failuresBeforeCritical: 4 };
  const results: CheckStatus[] = ['passing', 'critical', 'critical', 'critical', 'critical'];
  expect(reports(slow, results)).toEqual(['passing', '-', 'warning', 'warning', 'critical']);
});

test('a check whose status is from before needs full thresholds from the first result on', () => {
  const slow = { successBeforePassing: 2, failuresBeforeWarning: 2, failuresBeforeCritical: 2 };
  expect(reports(slow, ['critical', 'critical'], PATIENT_STREAK)).toEqual(['-', 'critical']);
});
