/**
 * Paths with characters that nobody can see are refused before anything looks at them: they would end up in logs and
 * terminals as they are. They only travel percent-encoded.
 */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/** Whether everything in a path can be printed; a space can, other white space cannot. Never throws. */
export function isPrintablePath(path: string): boolean {
  if (!path.includes('%')) return true;
  try {
    return !UNPRINTABLE.test(decodeURIComponent(path));
  } catch {
    return true; // not UTF-8: refused elsewhere
  }
}
