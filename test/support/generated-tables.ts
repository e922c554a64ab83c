/**
 * The pages of docs/ that are derived from tables in the source.
 *
 * A page holds prose and, between `<!-- table:name -->` and `<!-- /table -->`, what its table renders to.
 * test/architecture/tables.test.ts compares; `npm run docs` writes. A new table is a new row of TABLES.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ACCEPTED_KEYS, SUBJECTS } from '../../src/agent/config/accepted-keys.ts';
import { envOf, type OptionSpec } from '../../src/agent/config/option-spec.ts';
import { OPTION_KEYS, OPTIONS } from '../../src/agent/config/options.ts';
import { UNENFORCED } from '../../src/agent/config/unenforced.ts';
import { METHODS } from '../../src/http/call-and-reply.ts';
import { placeText } from '../../src/http/place.ts';
import { ROUTES } from '../../src/http/server.ts';
import { formatDuration } from '../../src/lib/duration.ts';
import { consulMetrics } from '../../src/metrics/consul-names.ts';
import { METRICS } from '../../src/metrics/metric-table.ts';
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
const codes = (texts: readonly string[]): string => texts.map(code).join(', ');

/** A default as one would write it in a file; empty for "none". */
function defaultOf(spec: OptionSpec): string {
  if (spec.kind === 'duration') return code(`"${formatDuration(spec.default)}"`);
  const text = JSON.stringify(spec.default);
  return ['""', '[]', '{}'].includes(text) ? '' : code(text);
}

function optionRow(key: (typeof OPTION_KEYS)[number]): readonly string[] {
  const spec: OptionSpec = OPTIONS[key];
  const values = spec.values === undefined ? '' : ` One of ${codes(spec.values)}.`;
  const aliases = spec.aliases === undefined ? '' : ` Also written ${codes(spec.aliases)}.`;
  const flag = spec.flag === undefined ? '' : code(`-${spec.flag}`);
  return [
    // Other pages lead to a single option: config.md#dns_config.only_passing.
    `<a id="${key}"></a>${code(key)}`,
    spec.kind,
    defaultOf(spec),
    flag,
    code(envOf(key)),
    spec.reloadable ? 'yes' : '',
    `${spec.doc}${values}${aliases}`,
  ];
}

/** One row for methods of a path that are described and declared alike. */
function routeRows(): string[][] {
  return ROUTES.flatMap(({ path: route, operations }) => {
    const cells = METHODS.flatMap((method) => {
      const operation = operations[method];
      if (operation === undefined) return [];
      const { about, place, permission } = operation;
      return [{ method, told: [about, placeText(place), permission.needs] }];
    });
    const alike = Map.groupBy(cells, ({ told }) => told.join('\n'));
    return [...alike.values()].map((same) => [
      code(route),
      same.map(({ method }) => method).join(', '),
      ...(same[0]?.told ?? []),
    ]);
  });
}

function acceptedRows(): string[][] {
  return Object.entries(SUBJECTS).map(([subject, meaning]) => {
    const keys = [...ACCEPTED_KEYS].filter(([, of]) => of === subject).map(([key]) => key);
    return [meaning, codes(keys.sort())];
  });
}

const ASKS: Readonly<Record<(typeof UNENFORCED)[string]['asks'], string>> = {
  on: 'on',
  set: 'not empty',
  port: 'above 0',
};

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
  {
    name: 'routes',
    page: 'docs/api.md',
    render: () => renderTable(['Path', 'Method', 'Meaning', 'Place', 'Needs'], routeRows()),
  },
  {
    name: 'metrics',
    page: 'docs/metrics.md',
    render: () =>
      renderTable(
        ['Name', 'Kind', 'Labels', 'Meaning'],
        Object.entries(METRICS).map(([name, { kind, labels, help }]) => [
          code(name),
          kind,
          codes(labels),
          help,
        ]),
      ),
  },
  {
    name: 'consul-metrics',
    page: 'docs/metrics.md',
    render: () =>
      renderTable(
        ['Name', 'Kind', 'Meaning here'],
        consulMetrics().map(([name, { kind, help }]) => [code(`consul.${name}`), kind, help]),
      ),
  },
  {
    name: 'options',
    page: 'docs/config.md',
    render: () =>
      renderTable(
        ['Key', 'Kind', 'Default', 'Flag', 'Variable', 'Reload', 'Meaning'],
        OPTION_KEYS.map((key) => optionRow(key)),
      ),
  },
  {
    name: 'accepted-keys',
    page: 'docs/config.md',
    render: () => renderTable(['What they are here', 'Keys'], acceptedRows()),
  },
  {
    name: 'unenforced',
    page: 'docs/config.md',
    render: () =>
      renderTable(
        ['Key', 'When it is', 'What it would protect'],
        Object.entries(UNENFORCED).map(([key, { asks, protects }]) => [code(key), ASKS[asks], protects]),
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
