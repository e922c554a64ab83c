/**
 * A step of a command whose refusal says first what it was that failed, as Consul's commands do.
 *
 * Where all of a command is one such step, `refusedAs` in its description says it (command-spec.ts).
 */
import { AppError } from '../model/errors.ts';

/** Do a step; what it refuses begins with `failed`. */
export async function tried<T>(failed: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, `${failed}: ${error.message}`, { cause: error });
  }
}
