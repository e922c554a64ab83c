/**
 * Nodes by the beginning of their id, in the logarithm of their number.
 *
 * The sorted list is made when somebody asks for the first time and thrown away when a node changes: few ask, and whoever
 * asks for names that look like ids must not make every query walk through all nodes.
 */
import type { View } from '../catalog/tables.ts';
import type { NodeRow } from '../model/types.ts';

/** Shortest beginning that may stand for an id; less would make names collide with ids. */
const MIN_PREFIX = 4;
const PREFIX = /^[0-9a-f-]+$/;

/** Whether a name, in lower case, may be an id or its beginning. */
export function isIdLike(name: string): boolean {
  return name.length >= MIN_PREFIX && PREFIX.test(name);
}

export class NodeIds {
  readonly #view: View;
  #sorted: readonly NodeRow[] | undefined;

  constructor(view: View) {
    this.#view = view;
  }

  /** A node changed: the list may be wrong. */
  forget(): void {
    this.#sorted = undefined;
  }

  /** The only node whose id begins with `prefix` (lower case); undefined when there is none, or more than one. */
  find(prefix: string): NodeRow | undefined {
    this.#sorted ??= [...this.#view.nodes.values()]
      .filter(({ id }) => id !== '')
      .sort((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1));
    const at = this.#firstNotBelow(prefix, this.#sorted);
    const found = this.#sorted[at];
    const isHere = (node: NodeRow | undefined): boolean => node?.id.toLowerCase().startsWith(prefix) ?? false;
    return isHere(found) && !isHere(this.#sorted[at + 1]) ? found : undefined;
  }

  #firstNotBelow(prefix: string, sorted: readonly NodeRow[]): number {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle]?.id.toLowerCase() ?? '') < prefix) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
