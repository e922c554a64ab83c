/**
 * Puts what was attempted before the text of a refusal, as Consul's commands do.
 */
import { AppError } from '../model/errors.ts';

/** What `act` resolves with. Rejects with the same code and `what` before the text; bugs pass unchanged. */
export async function describeFailure<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new AppError(cause.code, `${what}: ${cause.message}`, { cause });
  }
}
