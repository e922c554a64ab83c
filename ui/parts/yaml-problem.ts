/**
 * Mistakes of people who write YAML by hand: tabs, a level that was never opened, a key twice, a quote or a bracket that is
 * never closed. Pure. It knows too little of YAML to say that a text is right, and keeps silent where it is not sure.
 */
import type { TextProblem } from './json.ts';

interface Level {
  readonly indent: number;
  readonly keys: Set<string>;
}

interface State {
  /** Open mappings and lists, outermost first. */
  levels: Level[];
  /** Deeper lines than this are text of a block (`|`, `>`); -1 outside. */
  textIndent: number;
  /** Brackets that are open, and the line of the first. */
  depth: number;
  depthLine: number;
}

const KEY = /^((?:"[^"]*"|'[^']*'|[^\s#'"[\]{},&*!|>%@`-][^#:[\]{},]*|-[^\s#:]+))\s*:(?:\s|$)/;
const BLOCK = /(?:^|[:\s-])[|>][+-]?\d*[+-]?\s*(?:#.*)?$/;

/** The line without what is in quotes and in a comment; undefined when a quote stays open. */
function bare(line: string): string | undefined {
  const without = line
    .replace(/(^|[\s:,[{-])"(?:[^"\\]|\\.)*"/g, '$1""')
    .replace(/(^|[\s:,[{-])'(?:[^']|'')*'/g, "$1''")
    .replace(/(^|\s)#.*$/, '');
  return /(^|[:,[{-]\s*)["'](?!["'])/.test(without.trim()) ? undefined : without;
}

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** Opens and closes levels for a line at `indent`; false when it belongs to none. */
function enter(state: State, indent: number): boolean {
  const deepest = (): number => state.levels.at(-1)?.indent ?? -1;
  const wasDeeper = deepest() > indent;
  while (deepest() > indent) state.levels.pop();
  if (deepest() === indent) return true;
  state.levels.push({ indent, keys: new Set() });
  return !wasDeeper;
}

/** A key, perhaps behind the dashes of list items; each dash opens a level of its own. */
function readKey(state: State, text: string, indent: number): string | undefined {
  const dash = /^-\s+(?=\S)/.exec(text)?.[0];
  if (dash !== undefined) {
    const inner = indent + dash.length;
    state.levels = state.levels.filter((level) => level.indent <= indent);
    state.levels.push({ indent: inner, keys: new Set() });
    return readKey(state, text.slice(dash.length), inner);
  }
  const key = KEY.exec(text)?.[1];
  const level = state.levels.at(-1);
  if (key === undefined || level === undefined || key === '<<') return undefined;
  if (level.keys.has(key)) return `${key} stands here a second time`;
  level.keys.add(key);
  return undefined;
}

/** What is wrong with a line that is not inside brackets. */
function readBlockLine(state: State, line: string, text: string): string | undefined {
  const indent = line.length - line.trimStart().length;
  if (/^\s*\t/.test(line)) return 'a tab indents here, and YAML takes spaces only';
  const isStructure = KEY.test(text.trim()) || /^-(\s|$)/.test(text.trim());
  // A line that is neither goes on with the text of the one before.
  if (!isStructure) return undefined;
  if (!enter(state, indent)) return 'it is indented like nothing before it';
  return readKey(state, text.trim(), indent);
}

function readLine(state: State, line: string, number: number): string | undefined {
  const indent = line.length - line.trimStart().length;
  if (state.textIndent >= 0 && (line.trim() === '' || indent > state.textIndent)) return undefined;
  state.textIndent = -1;
  if (/^(---|\.\.\.)(\s|$)/.test(line)) {
    state.levels = [];
    return undefined;
  }
  const text = bare(line);
  if (text === undefined) return 'a quote is not closed';
  if (text.trim() === '' || text.startsWith('%')) return undefined;
  const problem = state.depth === 0 ? readBlockLine(state, line, text) : undefined;
  const before = state.depth;
  state.depth +=
    countOf(text, /(?<=^|[\s:,[{-])[[{]/g) -
    (state.depth > 0 || /[[{]/.test(text) ? countOf(text, /[\]}]/g) : 0);
  state.depth = Math.max(state.depth, 0);
  if (before === 0 && state.depth > 0) state.depthLine = number;
  if (state.depth === 0 && BLOCK.test(text)) state.textIndent = indent;
  return problem;
}

/** The first mistake, and its line; undefined where none is known. Texts with quotes over several lines are left alone. */
export function yamlProblem(text: string): TextProblem | undefined {
  const state: State = { levels: [], textIndent: -1, depth: 0, depthLine: 0 };
  for (const [at, line] of text.split('\n').entries()) {
    const problem = readLine(state, line.replace(/\r$/, ''), at + 1);
    if (problem !== undefined) return { text: problem, line: at + 1 };
  }
  return state.depth > 0 ? { text: 'a bracket is not closed', line: state.depthLine } : undefined;
}
