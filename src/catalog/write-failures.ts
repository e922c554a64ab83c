/**
 * Why a write was not done, in the words that its submitter reads. The queue (writer.ts) decides which it is.
 */
import { AppError } from '../model/errors.ts';

/** The queue takes nothing more. */
export const stopping = (): AppError => new AppError('stopping', 'agent is shutting down');

/** What went wrong in a store, as the error that it should have been. */
export function storeFailed(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError('store_failed', `the change could not be stored: ${why}`, { cause });
}

/** Nobody knows whether the change was made. */
export function mayHaveHappened(cause: AppError): AppError {
  const text = `the store did not say whether the change was made, it may have been: ${cause.message}`;
  return new AppError('outcome_unknown', text, { cause });
}

export interface BatchSize {
  readonly operations: number;
  readonly bytes: number;
  readonly maxOperations: number;
  readonly maxBytes: number;
}

/** A change that fits into no batch. */
export function tooLarge({ operations, bytes, maxOperations, maxBytes }: BatchSize): AppError {
  const [has, takes] =
    operations > maxOperations
      ? [`${operations} rows`, `${maxOperations} rows`]
      : [`${bytes} octets`, `${maxBytes} octets`];
  return new AppError(
    'invalid_command',
    `the change is too large for the store: it has ${has}, the store takes ${takes} at once`,
  );
}
