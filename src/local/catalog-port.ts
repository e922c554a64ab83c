/**
 * The two things that local/ needs of the catalog, wherever it is: in this process, or on a server that this agent asks.
 */
import type { Command } from '../catalog/command.ts';
import type { CheckRow, NodeRow, ServiceRow } from '../model/types.ts';

/** What the catalog says about one node. */
export interface NodeRows {
  readonly node: NodeRow | undefined;
  readonly services: readonly ServiceRow[];
  readonly checks: readonly CheckRow[];
}

export interface CatalogPort {
  /** Resolves when it is done and visible. Rejects with AppError when it is refused or cannot be done. */
  submit(command: Command): Promise<unknown>;
  /** The rows of a node. Rejects with AppError when they cannot be read: that is never "no rows". */
  rowsOfNode(name: string): Promise<NodeRows>;
}
