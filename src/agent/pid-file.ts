/**
 * The file that holds the process id while the agent runs.
 */
import fs from 'node:fs';
import { systemErrorText } from '../lib/system-error.ts';
import { AppError } from '../model/errors.ts';
import type { Part } from './lifecycle.ts';

/** Writes the id at start, removes the file at stop; nothing when no file is configured. */
export function pidFilePart(file: string, pid: number): Part {
  return {
    name: 'pid file',
    start: async () => {
      if (file === '') return;
      try {
        fs.writeFileSync(file, String(pid));
      } catch (cause) {
        throw new AppError(
          'config_invalid',
          `pid_file: ${file} cannot be written: ${systemErrorText(cause)}`,
          {
            cause,
          },
        );
      }
    },
    stop: async () => {
      if (file !== '') fs.rmSync(file, { force: true });
    },
  };
}
