/**
 * The import rules of dependency-cruiser.config.mjs hold for src/, are complete, and do bite.
 *
 * dependency-cruiser reports "no violations" when it cannot read a language, so the first claim is that it saw
 * every module; the last one seeds violations into a scratch tree and expects each by name.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { isBuiltin } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { MAY_IMPORT, OWNERS } from '../../dependency-cruiser.config.mjs';
import { tableRows } from '../support/markdown.ts';
import { readSource, repositoryDir, sourceFiles } from '../support/source-files.ts';

interface Cruise {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly unknown[] }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

function cruise(dir: string): Cruise {
  const program = path.join(repositoryDir, 'node_modules', '.bin', 'depcruise');
  const args = ['--config', 'dependency-cruiser.config.mjs', '--output-type', 'json', 'src'];
  const result = spawnSync(program, args, { cwd: dir, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.stdout === '') throw new Error(`depcruise printed nothing: ${result.stderr}`);
  return JSON.parse(result.stdout) as Cruise;
}

describe('src/', () => {
  let seen: Cruise;
  beforeAll(() => {
    seen = cruise(repositoryDir);
  });

  test('every module is seen, with its imports', () => {
    const files = sourceFiles('src/*.ts', 'src/*.js');
    const sources = seen.modules.map((module) => module.source).filter((name) => name.startsWith('src/'));
    expect(files.length).toBeGreaterThan(0);
    expect(sources.sort()).toEqual(files);
    expect(seen.modules.flatMap((module) => module.dependencies).length).toBeGreaterThan(files.length);
  });

  test('no import breaks a rule', () => {
    const broken = seen.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
    expect(broken).toEqual([]);
  });

  test('every folder has a row in the table', () => {
    const folders = new Set(sourceFiles('src/*').map((file) => file.split('/')[1] ?? ''));
    expect([...folders].filter((folder) => !Object.hasOwn(MAY_IMPORT, folder))).toEqual([]);
  });

  test('every dependency has an owner, and owners own what is installed', () => {
    const { dependencies } = JSON.parse(readSource('package.json')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(dependencies).filter((name) => !Object.hasOwn(OWNERS, name))).toEqual([]);
    const known = (name: string): boolean => Object.hasOwn(dependencies, name) || isBuiltin(name);
    expect(Object.keys(OWNERS).filter((name) => !known(name))).toEqual([]);
  });

  test('docs/ARCHITECTURE.md names the same folders with the same permissions', () => {
    const rows = tableRows(readSource('docs/ARCHITECTURE.md')).filter(([folder]) =>
      Object.hasOwn(MAY_IMPORT, folder ?? ''),
    );
    const documented = rows.map(([folder, , may]) => [folder, (may ?? '').split(', ').filter(Boolean)]);
    expect(Object.fromEntries(documented)).toEqual(MAY_IMPORT);
  });
});

const SEEDED: Readonly<Record<string, string>> = {
  'src/model/row.ts': "import fs from 'node:fs';\nexport const row = fs.existsSync('x');\n",
  'src/wire/bytes.ts': "import type { Row } from '../model/kind.ts';\nexport type Bytes = Row;\n",
  'src/model/kind.ts': 'export type Row = string;\n',
  'src/catalog/a.ts': "import { b } from './b.ts';\nexport const a: number = b;\n",
  'src/catalog/b.ts': "import { a } from './a.ts';\nexport const b: number = a;\n",
  'src/http/server.ts': "import Database from 'better-sqlite3';\nexport const opened = Database;\n",
  'src/dns/udp.ts':
    "import decoder from 'dns-packet';\nimport { open } from '../store/open.ts';\nexport const udp = [decoder, open];\n",
  'src/store/open.ts': "import Database from 'better-sqlite3';\nexport const open = Database;\n",
  'src/names/parse.ts': "import { read } from '../wire/reader.ts';\nexport const parse = read;\n",
  'src/wire/reader.ts': 'export const read = 1;\n',
  'src/cli/commands/members.ts': "import { start } from '../../agent/start.ts';\nexport const m = start;\n",
  'src/cli/commands/catalog.ts': "import { m } from './members.ts';\nexport const c = m;\n",
  'src/agent/start.ts': "import { c } from '../nowhere.ts';\nexport const start = c;\n",
  'src/lib/alone.ts': 'export const alone = 1;\n',
};

test('each rule is broken by an import that it forbids', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-layers-'));
  for (const file of ['package.json', 'tsconfig.json', 'dependency-cruiser.config.mjs']) {
    fs.copyFileSync(path.join(repositoryDir, file), path.join(dir, file));
  }
  fs.symlinkSync(path.join(repositoryDir, 'node_modules'), path.join(dir, 'node_modules'));
  for (const [file, text] of Object.entries(SEEDED)) {
    fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    fs.writeFileSync(path.join(dir, file), text);
  }
  const { violations } = cruise(dir).summary;
  fs.rmSync(dir, { recursive: true });
  expect([...new Set(violations.map(({ rule }) => rule.name))].sort()).toEqual([
    'few-doors-to-agent',
    'layer-dns',
    'layer-wire',
    'leaves-do-not-know-each-other',
    'names-know-numbers-only',
    'no-cycle',
    'no-development-dependency',
    'no-orphan',
    'only-store-agent-cli-http-tls-may-use-fs',
    'only-store-may-use-better-sqlite3',
    'pure-core',
    'resolvable',
  ]);
});
