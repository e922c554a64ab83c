/**
 * Which files a list of paths stands for, and their texts.
 *
 * A folder stands for its .json and .hcl files in alphabetical order, without subfolders; symbolic links are followed.
 * Other names are skipped with a remark, unless a format was given, which then holds for all.
 */
import fs from 'node:fs';
import path from 'node:path';
import { AppError } from '../../model/errors.ts';
import type { Format } from './parse-file.ts';

export interface ConfigText {
  readonly file: string;
  readonly text: string;
  readonly format: Format;
}

export interface FoundFiles {
  readonly texts: readonly ConfigText[];
  /** Files that were left out, one sentence each. */
  readonly skipped: readonly string[];
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a folder',
};

function unreadable(file: string, error: unknown): AppError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new AppError('config_invalid', `${file}: cannot be read: ${SYSTEM_ERRORS[code] ?? String(error)}`, {
    cause: error,
  });
}

function attempt<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(file, error);
  }
}

function filesOf(given: string): readonly string[] {
  if (!attempt(given, () => fs.statSync(given)).isDirectory()) return [given];
  return attempt(given, () => fs.readdirSync(given))
    .sort()
    .map((name) => path.join(given, name))
    .filter((file) => !attempt(file, () => fs.statSync(file)).isDirectory());
}

function formatOf(file: string): Format | undefined {
  const extension = path.extname(file).slice(1);
  return extension === 'json' || extension === 'hcl' ? extension : undefined;
}

/** Read every file that `paths` stand for, in their order. Throws AppError config_invalid naming the file. */
export function readConfigFiles(paths: readonly string[], format: Format | undefined): FoundFiles {
  const texts: ConfigText[] = [];
  const skipped: string[] = [];
  for (const file of paths.flatMap(filesOf)) {
    const fileFormat = format ?? formatOf(file);
    if (fileFormat) {
      texts.push({ file, format: fileFormat, text: attempt(file, () => fs.readFileSync(file, 'utf8')) });
    } else
      skipped.push(`skipping file ${file}, extension must be .hcl or .json, or config format must be set`);
  }
  return { texts, skipped };
}
