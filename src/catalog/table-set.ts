/**
 * Several tables that are committed together: the types that state, draft, queue and stores are made for.
 *
 * There are two such sets: the catalog, which everybody shares (tables.ts), and what this agent was asked to keep
 * registered (local/agent-tables.ts). A set is a type alias of `Kind`s by the names of the tables, and a value of
 * `TableSpecs`; everything else is picked up from these two.
 */
import type { Shape } from '../lib/shape.ts';
import type { Stamp } from '../model/types.ts';
import type { TableSpec, TableView } from './table.ts';

/** What one table holds, and the names of its indexes. */
export interface Kind<Row extends Stamp, Index extends string> {
  readonly row: Row;
  readonly index: Index;
}

export type Kinds = Readonly<Record<string, Kind<Stamp, string>>>;

export type TableNameOf<K extends Kinds> = keyof K & string;
export type RowOf<K extends Kinds> = K[keyof K]['row'];

/** How the rows of each table are found. */
export type TableSpecs<K extends Kinds> = {
  readonly [T in keyof K]: TableSpec<K[T]['row'], K[T]['index']> & {
    /** What a row that comes from a database or a file must look like. */
    readonly shape: Shape;
  };
};

/** What readers see of a set. */
export type ViewOf<K extends Kinds> = {
  readonly [T in keyof K]: TableView<K[T]['row'], K[T]['index']>;
};

/** The names of the tables, in the order of their specs. */
export function tableNames<K extends Kinds>(specs: TableSpecs<K>): readonly TableNameOf<K>[] {
  return Object.keys(specs);
}
