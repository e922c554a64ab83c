/**
 * The version of this package, read from its package.json.
 */
import fs from 'node:fs';

/** Such as `0.1.0`. */
export function packageVersion(): string {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
