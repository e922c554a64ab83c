/**
 * Making a folder with those above it.
 *
 * Node's own `recursive` tells of a missing folder where the disk is read-only, and never returns under /proc; this one
 * fails with what the system said about the folder that could not be made.
 */
import fs from 'node:fs';
import path from 'node:path';

/** Make `dir` unless it is there, with this mode; those above it as usual. Throws the system's error. */
export function makeFolder(dir: string, mode = 0o777): void {
  if (fs.statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return;
  const above = path.dirname(path.resolve(dir));
  if (above !== path.resolve(dir)) makeFolder(above);
  fs.mkdirSync(dir, { mode });
}
