/**
 * The known word that a misspelt one was probably meant to be.
 */

/** Single-character edits (a swap of neighbours counts as one) that turn `a` into `b`. O(a·b). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      let best = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Share of a word that may be wrong for it to be a misspelling. Turning it up names words that nobody meant. */
const MAX_WRONG_SHARE = 0.4;

/** Edits that a misspelling of this length may have; a single letter is no misspelling of anything. */
function mostEdits(length: number): number {
  return length < 2 ? 0 : Math.max(1, Math.floor(length * MAX_WRONG_SHARE));
}

/** Letters that say enough of a word which was broken off. */
const MIN_BEGINNING = 3;

/** The only one of `words` that begins with `word`. */
function completed(word: string, words: readonly string[]): string | undefined {
  if (word.length < MIN_BEGINNING) return undefined;
  const [only, ...others] = words.filter((candidate) => candidate.startsWith(word));
  return others.length === 0 ? only : undefined;
}

/**
 * The closest of `known`, else the only one that begins with the word; undefined when none is close enough to be worth naming.
 * Never throws.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const words = [...known];
  let best: string | undefined;
  let bestDistance = mostEdits(word.length) + 1;
  for (const candidate of words) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best ?? completed(word, words);
}

/** ` (did you mean X?)` to put behind a refusal, with the neighbour as `shown` writes it; '' when there is none. */
export function hintOf(
  word: string,
  known: Iterable<string>,
  shown: (neighbour: string) => string = (neighbour) => neighbour,
): string {
  const neighbour = nearest(word, known);
  return neighbour === undefined ? '' : ` (did you mean ${shown(neighbour)}?)`;
}
