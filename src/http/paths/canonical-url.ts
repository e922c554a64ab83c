/**
 * One spelling for every path: what is routed, allowed or blocked, kept and logged is the same text.
 *
 * As in Consul, escapes are decoded once, slashes among them, before anything is looked up: `/v1%2fk%76/a` is `/v1/kv/a`,
 * `%2573elf` is `%73elf` and no more. What a path cannot hold as it is, is escaped again in one way. An absolute target
 * (`http://host/v1/…`) stands for its path. The query is left as it was sent: it is decoded once already, by its reader.
 */

/** Everything but what stands in a canonical path as it is. */
const NEEDS_ESCAPE = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/;
const SCHEME_AND_HOST = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/;

/** A target that the router refuses with 400, for paths that mean nothing. */
const REFUSED = '/%';

/** What stands behind the path, `?` included. */
function splitTarget(target: string): readonly [path: string, query: string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at)];
}

function escapeOnce(path: string): string {
  try {
    return encodeURI(decodeURIComponent(path)).replace(/[?#]/g, (mark) => (mark === '?' ? '%3F' : '%23'));
  } catch {
    return REFUSED; // escapes that are none, or that are not UTF-8
  }
}

/** The target of a request in its one spelling. Never throws; O(length). */
export function canonicalUrl(target: string): string {
  const [raw, query] = splitTarget(target.startsWith('/') ? target : target.replace(SCHEME_AND_HOST, ''));
  const path = raw === '' ? '/' : raw;
  return (NEEDS_ESCAPE.test(path) ? escapeOnce(path) : path) + query;
}

/** The path of a URL without its query. */
export function pathOf(url: string): string {
  return splitTarget(url)[0];
}

/** The path of a canonical URL with nothing escaped. */
export function decodedPath(url: string): string {
  const path = pathOf(url);
  return path.includes('%') ? decodeURIComponent(path) : path;
}
