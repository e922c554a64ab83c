/**
 * The drivers behind the two stores of an agent: what it was asked to keep registered, and the catalog.
 *
 * The first is always in this process. On a machine alone the catalog is too, and both share one database file, so that
 * a registration costs one fsync.
 */
import path from 'node:path';
import type { Persistence } from '../catalog/persistence.ts';
import { type CatalogKinds, TABLES } from '../catalog/tables.ts';
import { systemErrorText } from '../lib/system-error.ts';
import { AGENT_TABLES, type AgentKinds } from '../local/agent-tables.ts';
import { AppError } from '../model/errors.ts';
import type { SqliteFile } from '../store/sqlite.ts';
import { makeFolder } from './make-folder.ts';
import { type MeterParts, meteredStore } from './metered-store.ts';

const DATABASE_FILE = 'rollcall.db';

export interface Stores {
  readonly agent: Persistence<AgentKinds>;
  readonly catalog: Persistence<CatalogKinds>;
}

async function openFile(dataDir: string): Promise<SqliteFile> {
  try {
    makeFolder(dataDir, 0o700); // it holds the catalog, and secrets, in clear
  } catch (cause) {
    const why = systemErrorText(cause);
    throw new AppError('config_invalid', `data_dir: ${dataDir} cannot be created: ${why}`, { cause });
  }
  const { sqliteFile } = await import('../store/sqlite.ts');
  return sqliteFile(path.join(dataDir, DATABASE_FILE));
}

/** Drivers are loaded when they are chosen: the native module costs a development agent nothing. */
async function openDrivers(dataDir: string): Promise<Stores> {
  if (dataDir === '') {
    const { memoryStore } = await import('../store/memory.ts');
    return { agent: memoryStore(), catalog: memoryStore() };
  }
  const file = await openFile(dataDir);
  return { agent: file.store('agent', AGENT_TABLES), catalog: file.store('catalog', TABLES) };
}

/** The stores in `dataDir`; '' keeps everything in memory. Rejects with config_invalid when there can be no folder. */
export async function openStores(dataDir: string, meter: MeterParts): Promise<Stores> {
  const { agent, catalog } = await openDrivers(dataDir);
  return { agent: meteredStore(agent, meter), catalog: meteredStore(catalog, meter) };
}

/** What this agent was asked to keep registered, alone: the catalog is elsewhere. Rejects as openStores. */
export async function openAgentStore(dataDir: string, meter: MeterParts): Promise<Stores['agent']> {
  const file = await openFile(dataDir);
  return meteredStore(file.store('agent', AGENT_TABLES), meter);
}
