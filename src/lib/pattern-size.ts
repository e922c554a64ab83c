/**
 * How large a regular expression becomes when it is compiled: what is repeated stands there as often as it may be
 * repeated. A few characters are thousands of steps (`(.{30}){30}`), and whoever compiles them waits for each.
 *
 * An estimate from the text alone, made before anything is compiled; mistakes of syntax are the compiler's to find.
 */

/** An escape, a class of characters, a repetition with its numbers, a bracket, or any other character. */
const PIECE = /\\[pP](?:\{[^}]*\}|.)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|./gsu;

/** Ranges of characters that a class of Unicode has, in steps that take as long. */
const UNICODE_CLASS_STEPS = 30;

function stepsOf(piece: string): number {
  const unicodeClasses = piece.match(/\\[pP]/g)?.length ?? 0;
  return 1 + unicodeClasses * UNICODE_CLASS_STEPS;
}

/** Steps of the compiled pattern, more or less. O(length). */
export function patternSteps(source: string): number {
  const outer: number[] = [];
  let steps = 0; // of the group that is open
  let last = 0; // of what a repetition would repeat
  for (const [piece, least, most] of source.matchAll(PIECE)) {
    if (least !== undefined) {
      const times = Number(most || least);
      steps += last * Math.max(0, times - 1);
      last *= times;
    } else if (piece === '(') {
      outer.push(steps);
      steps = 0;
      last = 0;
    } else {
      last = piece === ')' ? steps + 2 : stepsOf(piece);
      steps = piece === ')' ? last + (outer.pop() ?? 0) : steps + last;
    }
  }
  return steps + outer.reduce((sum, each) => sum + each, 0);
}
