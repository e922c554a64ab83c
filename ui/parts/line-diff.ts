/** What became of a text, line by line. Pure. */

export interface DiffLine {
  /** `skipped`: lines that are in both and far from a change; `text` is their number. */
  readonly kind: 'same' | 'gone' | 'new' | 'skipped';
  readonly text: string;
}

/** Pairs of lines that are compared; beyond that all old lines are gone and all new ones new. */
const MAX_PAIRS = 400_000;
/** Unchanged lines that are shown around a change. */
const AROUND = 2;

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.split('\n'));

/** Lengths of the longest common subsequences of the ends that begin at each pair. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly Uint32Array[] {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    const [row, below] = [rows[i] as Uint32Array, rows[i + 1] as Uint32Array];
    for (let j = after.length - 1; j >= 0; j--)
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
  }
  return rows;
}

function allLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const lengths = commonLengths(before, after);
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && before[i] === after[j]) {
      found.push({ kind: 'same', text: before[i] ?? '' });
      i++;
      j++;
    } else if (
      j >= after.length ||
      (i < before.length && (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0))
    )
      found.push({ kind: 'gone', text: before[i++] ?? '' });
    else found.push({ kind: 'new', text: after[j++] ?? '' });
  }
  return found;
}

/** Only changed lines with some around them. */
function shorten(lines: readonly DiffLine[]): readonly DiffLine[] {
  const isNear = lines.map((_, at) =>
    lines.slice(Math.max(at - AROUND, 0), at + AROUND + 1).some(({ kind }) => kind !== 'same'),
  );
  const shown: DiffLine[] = [];
  let skipped = 0;
  const flush = (): void => {
    if (skipped > 0) shown.push({ kind: 'skipped', text: String(skipped) });
    skipped = 0;
  };
  for (const [at, line] of lines.entries()) {
    if (isNear[at]) {
      flush();
      shown.push(line);
    } else skipped++;
  }
  flush();
  return shown;
}

/** The changes from `before` to `after`, with a few lines around each; empty when they are the same. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  if (before === after) return [];
  const [old, now] = [linesOf(before), linesOf(after)];
  if (old.length * now.length > MAX_PAIRS)
    return [
      ...old.map((text) => ({ kind: 'gone' as const, text })),
      ...now.map((text) => ({ kind: 'new' as const, text })),
    ];
  return shorten(allLines(old, now));
}
