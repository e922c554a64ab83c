/**
 * Filter text → expression tree, and Consul's words for what does not parse.
 *
 * The parser is generated from grammar.peggy. Texts are bounded, so that parsing is too.
 */
import { AppError } from '../model/errors.ts';
import { parse } from './grammar.generated.js';
import { unquote } from './unquote.ts';

export type OperatorKind = 'Equal' | 'In' | 'Matches' | 'Empty';

export interface Operator {
  readonly kind: OperatorKind;
  readonly negated: boolean;
}

export type Expression =
  | { readonly type: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'not'; readonly inner: Expression }
  | {
      readonly type: 'match';
      readonly selector: readonly string[];
      readonly operator: Operator;
      readonly value: string;
    };

/** Longest filter in characters. Real ones stay below 1,000. */
const MAX_LENGTH = 16 * 1024;

export function refuseFilter(why: string): never {
  throw new AppError('bad_filter', `Failed to create boolean expression evaluator: ${why}`);
}

interface Expectation {
  readonly type: string;
  readonly text?: string;
  readonly parts?: readonly (string | readonly [string, string])[];
}

interface ParserError {
  readonly message: string;
  /** null when the grammar itself refused, with a message of its own. */
  readonly expected: readonly Expectation[] | null;
  readonly location: { readonly start: { readonly offset: number } };
}

function isParserError(error: unknown): error is ParserError {
  return typeof error === 'object' && error !== null && 'location' in error;
}

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\r': '\\r', '\n': '\\n' };
const escaped = (text: string): string => text.replace(/[\t\r\n]/g, (char) => ESCAPES[char] ?? char);

function nameOf({ type, text = '', parts = [] }: Expectation): string {
  if (type === 'literal') return JSON.stringify(text);
  if (type !== 'class') return 'EOF';
  return `[${parts.map((part) => (typeof part === 'string' ? escaped(part) : part.join('-'))).join('')}]`;
}

/** EOF comes last; classes of all but a quote are inside texts, where nothing else can be meant. */
function expectationText(expected: readonly Expectation[]): string {
  const names = new Set(expected.map(nameOf));
  const hasEnd = names.delete('EOF');
  const sorted = [...names].sort((a, b) => (a < b ? -1 : 1));
  if (hasEnd) sorted.push('EOF');
  const last = sorted.pop() ?? 'EOF';
  return sorted.length === 0 ? last : `${sorted.join(', ')} or ${last}`;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/** `line:column (octets)` as Consul counts them. */
function positionText(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return `${line}:${[...before.slice(lineStart)].length + 1} (${utf8Length(before)})`;
}

/** The tree of a filter. Throws bad_filter. O(length). */
export function parseFilter(text: string): Expression {
  if (text.length > MAX_LENGTH) refuseFilter(`expression is longer than ${MAX_LENGTH} characters`);
  try {
    return parse(text, { unquote }) as Expression;
  } catch (error) {
    if (error instanceof RangeError) return refuseFilter('expression is nested too deeply');
    if (!isParserError(error)) throw error;
    const { start } = error.location;
    if (error.expected === null) return refuseFilter(`${positionText(text, start.offset)}: ${error.message}`);
    const expected = expectationText(error.expected);
    return refuseFilter(`${positionText(text, start.offset)}: no match found, expected: ${expected}`);
  }
}
