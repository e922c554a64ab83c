import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { TABLES } from '../../src/catalog/tables.ts';
import { rememberingStore } from '../../src/store/memory.ts';
import { sqliteFile } from '../../src/store/sqlite.ts';
import { describePersistence } from './persistence.ts';

describePersistence('memory', () => {
  const store = rememberingStore(TABLES);
  return { open: () => store, remove: () => {} };
});

describePersistence('SQLite', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'store-'));
  return {
    open: () => sqliteFile(path.join(dir, 'rollcall.db')).store('catalog', TABLES),
    remove: () => fs.rmSync(dir, { recursive: true }),
  };
});
