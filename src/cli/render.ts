/**
 * Tables for people: columns padded to their widest cell, two spaces between, as Consul prints them.
 */

/** Lines of a table. The last column is not padded; [] for no rows. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, [...cell].length);
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - [...cell].length),
        )
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
