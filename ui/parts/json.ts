/** Careful reading of documents whose shape is not promised. Pure; never throws. */

export function textIn(document: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = document[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberIn(document: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = document[key];
  return typeof value === 'number' ? value : undefined;
}

/** Nested documents as lines `a.b.c` → text, in order of the keys. Lists of plain values stay on one line. */
export function flatten(document: unknown, prefix = ''): readonly (readonly [path: string, text: string])[] {
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  if (!isObject) {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    return [[prefix, text ?? '']];
  }
  const entries = Object.entries(document);
  if (entries.length === 0 && prefix !== '') return [[prefix, '{}']];
  return entries.flatMap(([key, value]) => flatten(value, prefix === '' ? key : `${prefix}.${key}`));
}

/** The document with two spaces of indent, or undefined when `text` is not JSON. */
export function prettyJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}

export interface TextProblem {
  readonly text: string;
  /** From 1; undefined where nobody can say. */
  readonly line: number | undefined;
}

/** The number of the line that a place in a text is on. */
const lineAt = (text: string, place: number): number => text.slice(0, place).split('\n').length;

/** What keeps `text` from being JSON, and where; undefined when it is JSON. */
export function jsonProblem(text: string): TextProblem | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // Browsers say the place in words of their own: Chromium and Safari the position, Firefox the line.
    const [, line, position] = /line (\d+) column|position (\d+)/.exec(said) ?? [];
    if (line !== undefined) return { text: said, line: Number(line) };
    if (/end of|EOF/i.test(said)) return { text: said, line: lineAt(text, text.length) };
    return { text: said, line: position === undefined ? undefined : lineAt(text, Number(position)) };
  }
}
