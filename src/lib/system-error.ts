/**
 * What the operating system says about a failed call, in its own words and without Node's repetition of the call.
 */
import util from 'node:util';

/** `no such file or directory` for an ENOENT; the message of any other error. Never throws. */
export function systemErrorText(error: unknown): string {
  const { errno } = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : util.getSystemErrorMap().get(errno);
  return known?.[1] ?? (error instanceof Error ? error.message : String(error));
}
