/**
 * What this agent was asked to keep registered, as tables of a store of their own: never shared with other agents, always
 * in this process or in the file beside it.
 *
 * The catalog says what everybody sees of it; this is why. A new table is a row here and in `AgentKinds`, and a step of
 * store/sqlite-schema.ts.
 */
import type { Kind, TableSpecs, ViewOf } from '../catalog/table-set.ts';
import type { FactRow, LocalCheckRow, LocalServiceRow } from '../model/types.ts';
import { LOCAL_ROW_SHAPES } from './local-row-shapes.ts';

export type AgentKinds = {
  localServices: Kind<LocalServiceRow, never>;
  localChecks: Kind<LocalCheckRow, 'service'>;
  facts: Kind<FactRow, never>;
};

export type AgentView = ViewOf<AgentKinds>;

export const AGENT_TABLES: TableSpecs<AgentKinds> = {
  localServices: { shape: LOCAL_ROW_SHAPES.localServices, key: (row) => row.definition.id, indexes: {} },
  localChecks: {
    shape: LOCAL_ROW_SHAPES.localChecks,
    key: (row) => row.definition.id,
    indexes: { service: (row) => row.definition.serviceId || undefined },
  },
  facts: { shape: LOCAL_ROW_SHAPES.facts, key: (row) => row.name, indexes: {} },
};
