/**
 * Files that a command writes and that nobody had before: none is overwritten, and keys are their owner's alone.
 */
import fs from 'node:fs';
import { systemErrorText } from '../lib/system-error.ts';
import { AppError } from '../model/errors.ts';
import type { CommandIo } from './command-spec.ts';

export interface NewFile {
  readonly name: string;
  readonly text: string;
  readonly isSecret: boolean;
}

function refusal(name: string, cause: unknown): AppError {
  const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
  const text = isThere ? `${name} already exists.` : `${name}: cannot be written: ${systemErrorText(cause)}`;
  return new AppError('bad_request', text, { cause });
}

/** Write a certificate and its key beside it, and tell of both. Throws as `writeNewFiles`. */
export function writeCertificate(
  io: Pick<CommandIo, 'out'>,
  [file, keyFile]: readonly [certificate: string, key: string],
  { certificate, key }: { readonly certificate: string; readonly key: string },
): void {
  writeNewFiles([
    { name: file, text: certificate, isSecret: false },
    { name: keyFile, text: key, isSecret: true },
  ]);
  for (const name of [file, keyFile]) io.out(`==> Saved ${name}`);
}

/** Write all of them or none. Throws bad_request naming the one that is there or cannot be written. */
function writeNewFiles(files: readonly NewFile[]): void {
  const written: string[] = [];
  try {
    for (const { name, text, isSecret } of files) {
      try {
        fs.writeFileSync(name, text, { flag: 'wx', mode: isSecret ? 0o600 : 0o644 });
      } catch (cause) {
        throw refusal(name, cause);
      }
      written.push(name);
    }
  } catch (error) {
    for (const name of written) fs.rmSync(name, { force: true });
    throw error;
  }
}
