/**
 * Paths with empty, `.` or `..` segments are answered with a redirect to the path without them, as in Consul: for every
 * method, and before anything asks whether there is such a path.
 */
import type { Call, Reply } from '../call-and-reply.ts';
import { pathOf } from './canonical-url.ts';
import type { PathTable } from './path-table.ts';
import { redirect } from './redirect.ts';

const UNCLEAN = /\/(?:\/|\.{1,2}(?:\/|$))/;

function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}${path.endsWith('/') && kept.length > 0 ? '/' : ''}`;
}

/** The redirect for a call whose path is not clean, to the last slash that its route has; undefined for all others. */
export function redirectToCleanPath(
  { method, url }: Pick<Call, 'method' | 'url'>,
  paths: PathTable,
): Reply | undefined {
  const path = pathOf(url);
  if (!UNCLEAN.test(path)) return undefined;
  const clean = cleanPath(path);
  return redirect(method, `${clean}${paths.isSubtree(clean) ? '/' : ''}${url.slice(path.length)}`);
}
