/**
 * A catalog with one node `n1` and short ways to write keys and to begin and end sessions in it.
 */
import type { KvCommand } from '../../src/catalog/command.ts';
import type { CheckId, NodeName, SessionId, SessionRow } from '../../src/model/types.ts';
import { registerCheck, registerService, startCatalog } from './catalog.ts';

export type KvFields = Partial<Omit<KvCommand, 'kind' | 'key'>> & { text?: string };

/** A write of `key`, by default a plain one. */
export function kvCommand(key: string, { text, ...fields }: KvFields = {}): KvCommand {
  const value = text === undefined ? null : btoa(text);
  return { kind: 'kv', verb: 'set', key, value, flags: '0', index: 0, session: '', ...fields };
}

export type SessionFields = Partial<Omit<SessionRow, 'id' | 'createIndex' | 'modifyIndex'>>;

export async function startKv() {
  const catalog = await startCatalog();
  const { writer, state } = catalog;
  await writer.submit(registerService('n1'));
  return {
    ...catalog,
    kv: async (key: string, fields?: KvFields) => (await writer.submit(kvCommand(key, fields))).result,
    row: (key: string) => state.view.kv.get(key),
    check: (id: string, status: 'passing' | 'warning' | 'critical', serviceId?: string) =>
      writer.submit(registerCheck('n1', { id, status, ...(serviceId && { serviceId }) })),
    begin: async (fields: SessionFields = {}): Promise<SessionId> => {
      const session = {
        name: '',
        node: 'n1' as NodeName,
        lockDelayMs: 0,
        behavior: 'release' as const,
        ttl: '',
        nodeChecks: [] as CheckId[],
        checks: [] as CheckId[],
        serviceChecks: null,
        ...fields,
      };
      return (await writer.submit({ kind: 'session-create', session })).result;
    },
    end: (id: string) => writer.submit({ kind: 'session-destroy', id }),
  };
}
