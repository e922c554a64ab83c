/**
 * The pages of docs/ that are derived from tables in the source.
 *
 * A page holds prose and, between `<!-- table:name -->` and `<!-- /table -->`, what its table renders to.
 * test/architecture/tables.test.ts compares; `npm run docs` writes. A new table is a new row of TABLES.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ERRORS } from '../../src/model/errors.ts';
import { renderTable } from './markdown.ts';
import { repositoryDir } from './source-files.ts';

interface GeneratedTable {
  /** The word in the marker. */
  readonly name: string;
  /** The page, relative to the repository. */
  readonly page: string;
  readonly render: () => string;
}

const code = (text: string): string => `\`${text}\``;

export const TABLES: readonly GeneratedTable[] = [
  {
    name: 'errors',
    page: 'docs/errors.md',
    render: () =>
      renderTable(
        ['Code', 'Meaning'],
        Object.entries(ERRORS).map(([name, meaning]) => [code(name), meaning]),
      ),
  },
];

const BETWEEN = /(<!-- table:([a-z-]+) -->\n)([\s\S]*?)(\n<!-- \/table -->)/g;

/** The tables that stand in a page: name → text. */
export function tablesIn(page: string): Map<string, string> {
  return new Map([...page.matchAll(BETWEEN)].map(([, , name = '', text = '']) => [name, text]));
}

/** Write every table into its page. Throws when a page lacks the marker of its table. */
export function writeTables(): void {
  for (const { name, page, render } of TABLES) {
    const file = path.join(repositoryDir, page);
    const old = fs.readFileSync(file, 'utf8');
    if (!tablesIn(old).has(name)) throw new Error(`${page} has no place for the table ${name}`);
    const place = new RegExp(`(<!-- table:${name} -->\\n)[\\s\\S]*?(\\n<!-- /table -->)`);
    const next = old.replace(place, (_old, open: string, close: string) => `${open}${render()}${close}`);
    fs.writeFileSync(file, next);
  }
}

if (import.meta.main) writeTables();
