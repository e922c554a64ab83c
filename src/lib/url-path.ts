/**
 * Text as part of a URL path.
 */

/** A text of several segments: its slashes stay, everything else that is no letter, digit or mark is escaped. */
export function escapePath(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/');
}
