/**
 * What a pass of a migration did, for people: a table, and lines for what stayed behind.
 */
import { renderTable } from '../render.ts';
import type { Outcome } from './pass.ts';

/** Names that one line shows. */
const MAX_NAMES = 5;
/** Failures of one kind that are shown. */
const MAX_FAILURES = 10;

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}

function linesOf({ name, leftOut, failures, unread }: Outcome): readonly string[] {
  return [
    ...(unread === undefined ? [] : [`${name} were not read: ${unread}`]),
    ...[...leftOut].map(([why, names]) => `left out: ${names.length} ${why} (${someOf(names)})`),
    ...failures.slice(0, MAX_FAILURES).map((failure) => `failed: ${name}: ${failure}`),
    ...(failures.length > MAX_FAILURES ? [`failed: ${failures.length - MAX_FAILURES} more ${name}`] : []),
  ];
}

/** All of it. `others` are lines of what no pass looks at. */
export function renderReport(outcomes: readonly Outcome[], others: readonly string[]): string {
  const rows = outcomes
    .filter(({ unread }) => unread === undefined)
    .map(({ name, added, changed, same, removed }) => [name, ...[added, changed, same, removed].map(String)]);
  const table = renderTable([['What', 'New', 'Changed', 'Same', 'Removed'], ...rows]);
  const lines = [...outcomes.flatMap(linesOf), ...others.map((line) => `left out: ${line}`)];
  return lines.length === 0 ? table : `${table}\n\n${lines.join('\n')}`;
}

/** One line for a pass that wrote something; undefined for one that did not. */
export function renderChange(outcomes: readonly Outcome[]): string | undefined {
  const parts = outcomes.flatMap(({ name, added, changed, removed, failures, unread }) => {
    const counts = [
      [added, 'new'],
      [changed, 'changed'],
      [removed, 'removed'],
      [failures.length, 'failed'],
    ] as const;
    const told = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
    if (unread !== undefined) return [`${name} were not read: ${unread}`];
    return told.length === 0 ? [] : [`${name}: ${told.join(', ')}`];
  });
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** Whether everything that was to be copied was. */
export const isComplete = (outcomes: readonly Outcome[]): boolean =>
  outcomes.every(({ failures, unread }) => failures.length === 0 && unread === undefined);
