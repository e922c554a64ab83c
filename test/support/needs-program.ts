/**
 * Tests that need a program of the operating system (dig, chromium …) skip visibly where it is missing.
 * With FORBID_TEST_SKIP=1, as in continuous integration, they fail instead: a skipped test proves nothing.
 */
import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v "${program}"`], { stdio: 'ignore' }).status === 0;
}

/** `describe`, or a visibly skipped one when `program` is missing and skipping is allowed. */
export function describeWith(program: string, title: string, body: () => void): void {
  if (isInstalled(program)) describe(title, body);
  else if (process.env['FORBID_TEST_SKIP'] === '1') {
    describe(title, () => {
      throw new Error(`${program} is not installed and FORBID_TEST_SKIP=1 forbids to skip`);
    });
  } else describe.skip(`${title} [skipped: ${program} is not installed]`, body);
}
