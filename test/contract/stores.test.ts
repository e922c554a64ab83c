import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { rememberingStore } from '../../src/store/memory.ts';
import { sqliteStore } from '../../src/store/sqlite.ts';
import { describePersistence } from './persistence.ts';

describePersistence('memory', () => {
  const store = rememberingStore();
  return { open: () => store, remove: () => {} };
});

describePersistence('SQLite', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'store-'));
  return {
    open: () => sqliteStore(path.join(dir, 'rollcall.db')),
    remove: () => fs.rmSync(dir, { recursive: true }),
  };
});
