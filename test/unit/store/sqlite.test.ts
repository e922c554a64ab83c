import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TABLES } from '../../../src/catalog/tables.ts';
import { sqliteFile } from '../../../src/store/sqlite.ts';
import { SCHEMA_VERSION } from '../../../src/store/sqlite-schema.ts';
import { registerService, service, startCatalog } from '../../support/catalog.ts';

let dir: string;
let file: string;

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sqlite-'));
  file = path.join(dir, 'rollcall.db');
});

const sqliteStore = (path: string) => sqliteFile(path).store('catalog', TABLES);

afterEach(() => fs.rmSync(dir, { recursive: true }));

test('refuses a database of a newer version and leaves it as it is', async () => {
  const newer = new Database(file);
  newer.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  newer.exec('CREATE TABLE future (x)');
  newer.close();
  const before = fs.readFileSync(file);
  await expect(sqliteStore(file).load()).rejects.toThrow(`schema ${SCHEMA_VERSION + 1}`);
  expect(fs.readFileSync(file).equals(before)).toBe(true);
});

test('refuses a file that is no database, with its name', async () => {
  fs.writeFileSync(file, 'this is not a database, it is a poem of some length\n'.repeat(100));
  await expect(sqliteStore(file).load()).rejects.toThrow(file);
});

test('refuses a second process on the same file', async () => {
  const first = sqliteStore(file);
  await first.load();
  await expect(sqliteStore(file).load()).rejects.toThrow('in use by another process');
  await first.close();
});

test('is durable: WAL, and a copy taken without closing has every acknowledged write', async () => {
  const store = sqliteStore(file);
  const { writer } = await startCatalog(store);
  await writer.submit(registerService('n1', service({ name: 'web' })));
  const copy = path.join(dir, 'copy.db');
  fs.copyFileSync(file, copy);
  fs.copyFileSync(`${file}-wal`, `${copy}-wal`);
  await store.close();
  const reopened = sqliteStore(copy);
  const { state } = await startCatalog(reopened);
  await reopened.close();
  expect([...state.view.services.values()].map(({ name }) => name)).toEqual(['web']);
});
