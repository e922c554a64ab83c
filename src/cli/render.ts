/**
 * Tables for people: columns padded to their widest cell, two spaces between, as Consul prints them.
 */

import { type Paint, paintState } from './colour.ts';

/** A cell in the colours of what it is: the heads of columns, and the words of states. */
function painted(cell: string, isHead: boolean, paint: Paint | undefined): string {
  if (paint === undefined) return cell;
  return isHead ? paint('bold', cell) : paintState(paint, cell);
}

/** Lines of a table; with `paint` its first row is its head. The last column is not padded; '' for no rows. */
export function renderTable(rows: readonly (readonly string[])[], paint?: Paint): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, [...cell].length);
  return rows
    .map((row, line) =>
      row
        .map((cell, i) => {
          const space = i === row.length - 1 ? 0 : (widths[i] ?? 0) - [...cell].length;
          return painted(cell, line === 0, paint) + ' '.repeat(space);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A map as `a=1, b=2`, keys in order. */
export function renderMap(
  map: Readonly<Record<string, string>> | null | undefined,
  separator = ', ',
): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(separator);
}
