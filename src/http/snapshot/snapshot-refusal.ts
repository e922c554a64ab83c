/**
 * What whoever sent a snapshot is told that is not taken.
 */
import { AppError } from '../../model/errors.ts';

export function snapshotRefusal(why: string, cause?: unknown): AppError {
  return new AppError('invalid_command', `failed to read snapshot: ${why}`, { cause });
}
