/**
 * The two things that local/ needs of the catalog, wherever it is: in this process, or on a server that this agent asks.
 */
import type { Command } from '../catalog/command.ts';
import { AppError } from '../model/errors.ts';
import type { CheckRow, NodeRow, ServiceRow } from '../model/types.ts';

/** What the catalog says about one node. */
export interface NodeRows {
  readonly node: NodeRow | undefined;
  readonly services: readonly ServiceRow[];
  readonly checks: readonly CheckRow[];
}

/**
 * Whether the catalog is away, so that nobody refused anything: what was to be sent is sent later, by whoever told the
 * agent that the catalog can be reached again.
 */
export const isAway = (error: unknown): boolean => error instanceof AppError && error.code === 'no_leader';

/**
 * The failure of a catalog that is not in this process, as those see it who wrote there. That its store failed, or that
 * nobody knows whether a command was carried out, is the same to them as that it was not sent: it is compared and sent
 * again, and twice has the effect of once.
 */
export function farFailure(error: unknown): unknown {
  const isPassing = error instanceof AppError && ['outcome_unknown', 'store_failed'].includes(error.code);
  return isPassing ? new AppError('no_leader', error.message) : error;
}

/** What a command comes to of which some part is not allowed by its token: that part is not done, and is no failure. */
export const NOT_ALLOWED = 'not allowed';

export interface CatalogPort {
  /** Resolves when it is done and visible. Rejects with AppError when it is refused or cannot be done; see isAway. */
  submit(command: Command): Promise<unknown>;
  /** The rows of a node. Rejects with AppError when they cannot be read: that is never "no rows". */
  rowsOfNode(name: string): Promise<NodeRows>;
}
