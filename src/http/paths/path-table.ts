/**
 * Which methods a path has, for the answers to requests that no route takes: 405, OPTIONS, redirects.
 *
 * Only looked at when the router has found nothing, so a walk over all routes is fine.
 */
import { METHODS, type Method } from '../call-and-reply.ts';
import type { Route } from '../route.ts';

function segmentMatches(pattern: string, segment: string): boolean {
  return pattern.startsWith(':') ? segment !== '' : pattern === segment;
}

function pathMatches(pattern: readonly string[], path: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '*';
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  if (isOpen ? path.length < pattern.length : path.length !== pattern.length) return false;
  return fixed.every((part, at) => segmentMatches(part, path[at] as string));
}

/** The more fixed segments, the better; a `*` comes after everything else. */
function specificity(pattern: readonly string[]): number {
  const fixed = pattern.filter((part) => !part.startsWith(':') && part !== '*').length;
  return fixed * 2 - (pattern.at(-1) === '*' ? 1 : 0);
}

export class PathTable {
  readonly #entries: readonly { readonly pattern: readonly string[]; readonly methods: readonly Method[] }[];

  constructor(routes: readonly Route[]) {
    this.#entries = routes
      .map(({ path, operations }) => ({
        pattern: path.split('/'),
        methods: METHODS.filter((method) => operations[method] !== undefined),
      }))
      .sort((a, b) => specificity(b.pattern) - specificity(a.pattern));
  }

  /**
   * Methods of the route that takes this path (without query), in the order of the table; undefined when none does.
   * A subtree without its last slash is not taken, whatever the `*` of another route says: it is redirected.
   */
  methodsOf(path: string): readonly Method[] | undefined {
    if (!this.#has(path) && this.#has(`${path}/*`)) return undefined;
    const segments = path.split('/');
    return this.#entries.find(({ pattern }) => pathMatches(pattern, segments))?.methods;
  }

  /** Whether a path (without query) becomes one that a route takes by a slash at its end. */
  isSubtree(path: string): boolean {
    return (
      !path.endsWith('/') && this.methodsOf(path) === undefined && this.methodsOf(`${path}/`) !== undefined
    );
  }

  /** Whether a route has exactly this path. */
  #has(path: string): boolean {
    return this.#entries.some(({ pattern }) => pattern.join('/') === path);
  }

  /** Whether a request to `path` with a method that its own route lacks would be taken by another, wider route. */
  isTakenByOther(path: string, method: Method): boolean {
    const segments = path.split('/');
    return this.#entries.some(
      ({ pattern, methods }) =>
        pattern.join('/') !== path && methods.includes(method) && pathMatches(pattern, segments),
    );
  }
}
