/**
 * Paths with empty, `.` or `..` segments are answered with a redirect to the path without them, as Consul does.
 */

import type { Call, Reply } from '../route.ts';
import { redirect } from './redirect.ts';

const UNCLEAN = /\/(?:\/|\.{1,2}(?:\/|$))/;

function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const isFolder = /\/\.{0,2}$/.test(path) && kept.length > 0;
  return `/${kept.join('/')}${isFolder ? '/' : ''}`;
}

/** The redirect for a call whose path is not clean; undefined for all others. */
export function redirectToCleanPath(call: Pick<Call, 'method' | 'url'>): Reply | undefined {
  const [path = '', query] = call.url.split(/\?(.*)/s, 2);
  if (!UNCLEAN.test(path)) return undefined;
  return redirect(call.method, cleanPath(path) + (query === undefined ? '' : `?${query}`));
}
