/** Tables of the source and their pages in docs/ say the same; `npm run docs` writes the pages. */
import { describe, expect, test } from 'vitest';
import { TABLES, tablesIn } from '../support/generated-tables.ts';
import { readSource, sourceFiles } from '../support/source-files.ts';

describe('each table stands in its page as it is in the source', () => {
  test.each(TABLES)('$name in $page', ({ name, page, render }) => {
    expect(tablesIn(readSource(page)).get(name)).toBe(render());
  });
});

test('no page has a table that nothing renders', () => {
  const known = new Set(TABLES.map(({ name, page }) => `${page}: ${name}`));
  const found = sourceFiles('docs/*.md').flatMap((page) =>
    [...tablesIn(readSource(page)).keys()].map((name) => `${page}: ${name}`),
  );
  expect(found.filter((place) => !known.has(place))).toEqual([]);
});
