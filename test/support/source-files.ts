/** The files of the repository that rules speak about: what git knows or would add, nothing that is built. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryDir = fileURLToPath(new URL('../..', import.meta.url));

/** Paths relative to the repository of the files that match, sorted. `patterns` as git understands them. */
export function sourceFiles(...patterns: string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns];
  const listed = execFileSync('git', args, { cwd: repositoryDir, encoding: 'utf8' });
  const names = new Set(listed.split('\n').filter((name) => name !== ''));
  return [...names].filter((name) => fs.existsSync(path.join(repositoryDir, name))).sort();
}

/** The text of a file named relative to the repository. */
export function readSource(file: string): string {
  return fs.readFileSync(path.join(repositoryDir, file), 'utf8');
}
