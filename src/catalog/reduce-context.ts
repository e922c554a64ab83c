/**
 * What passes between the reducers and the step that runs them (reduce.ts).
 */
import type { Random } from '../lib/random.ts';
import type { Change } from './state.ts';
import type { Kinds, ViewOf } from './table-set.ts';
import type { CatalogKinds, View } from './tables.ts';

/** What a reducer may know beside the rows. */
export interface ReduceContext {
  /** Wall time in milliseconds. */
  readonly nowMs: number;
  readonly random: Random;
}

/** A result, or a function that reads it from the rows once they are stamped and installed. */
export type ResultOrReader<Result, V = View> = Result | ((installed: V) => Result);

/** What a command comes to: its changes, and what its submitter gets back. */
export interface Reduced<K extends Kinds = CatalogKinds> {
  readonly changes: readonly Change<K>[];
  readonly result: ResultOrReader<unknown, ViewOf<K>>;
}

/** The pure step of a set of tables. Throws AppError when the command is refused. */
export type Reduce<K extends Kinds, C> = (view: ViewOf<K>, command: C, context: ReduceContext) => Reduced<K>;

/** The value of a result; readers are called with the installed rows. */
export function readResult<V>(result: ResultOrReader<unknown, V>, installed: V): unknown {
  return typeof result === 'function' ? result(installed) : result;
}
