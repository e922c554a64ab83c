/**
 * What passes between the reducers and the step that runs them (reduce.ts).
 */
import type { Random } from '../lib/random.ts';
import type { View } from './tables.ts';

/** What a reducer may know beside the rows. */
export interface ReduceContext {
  /** Wall time in milliseconds. */
  readonly nowMs: number;
  readonly random: Random;
}

/** A result, or a function that reads it from the rows once they are stamped and installed. */
export type ResultOrReader<Result> = Result | ((installed: View) => Result);
