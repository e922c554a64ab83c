/**
 * Patterns (regular expressions) in the reference's syntax, RE2: text → tree.
 *
 * Has what RE2 has: classes, groups, repetition up to 1000, anchors, word boundaries, flags i, m, s and U is refused;
 * no back-references and no look-around, which is what makes linear time possible (pattern.ts).
 */
import {
  complement,
  folded,
  MAX_CODE_POINT,
  PERL_CLASSES,
  POSIX_CLASSES,
  type Range,
} from './character-class.ts';

/** A pattern that is not one; the message is the reference's where it has one. */
export class PatternFault extends Error {}

export type PatternNode =
  | { readonly type: 'set'; readonly ranges: readonly Range[]; readonly negated: boolean }
  | {
      readonly type: 'assert';
      readonly what: 'start' | 'end' | 'line-start' | 'line-end' | 'word' | 'not-word';
    }
  | { readonly type: 'all'; readonly nodes: readonly PatternNode[] }
  | { readonly type: 'any'; readonly nodes: readonly PatternNode[] }
  | {
      readonly type: 'repeat';
      readonly node: PatternNode;
      readonly min: number;
      readonly max: number;
      /** Prefers more repetitions. */
      readonly isGreedy: boolean;
    }
  /** A group that is numbered from 1 in the order of the opening parentheses. */
  | { readonly type: 'group'; readonly node: PatternNode; readonly number: number };

/** Longest pattern in characters. */
const MAX_LENGTH = 1_000;
/** RE2's bound of a counted repetition. */
const MAX_REPEAT = 1_000;
const MAX_DEPTH = 100;

const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

function fault(what: string, part: string): never {
  throw new PatternFault(`error parsing regexp: ${what}: \`${part}\``);
}

class Parser {
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;
  #groups = 0;

  constructor(text: string) {
    this.#chars = [...text];
  }

  parse(): PatternNode {
    const node = this.#alternatives({ ignoreCase: false, multiLine: false, dotAll: false });
    if (this.#at < this.#chars.length) fault('unexpected )', this.#chars.join(''));
    return node;
  }

  #peek(offset = 0): string | undefined {
    return this.#chars[this.#at + offset];
  }

  #take(): string {
    return this.#chars[this.#at++] ?? '';
  }

  #takeIf(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at += 1;
    return true;
  }

  #alternatives(flags: Flags): PatternNode {
    if (++this.#depth > MAX_DEPTH) fault('expression nests too deeply', this.#chars.join(''));
    const nodes = [this.#sequence(flags)];
    while (this.#takeIf('|')) nodes.push(this.#sequence(flags));
    this.#depth -= 1;
    return nodes.length === 1 ? (nodes[0] as PatternNode) : { type: 'any', nodes };
  }

  #sequence(initial: Flags): PatternNode {
    let flags = initial;
    const nodes: PatternNode[] = [];
    for (let char = this.#peek(); char !== undefined && char !== '|' && char !== ')'; char = this.#peek()) {
      const set = this.#flagSetting(flags);
      if (set !== undefined) flags = set;
      else nodes.push(this.#repeated(this.#atom(flags)));
    }
    return { type: 'all', nodes };
  }

  /** `(?i)` and the like, which hold to the end of the group. */
  #flagSetting(flags: Flags): Flags | undefined {
    const match = /^\(\?([ims]*)(?:-([ims]+))?\)/.exec(this.#chars.slice(this.#at, this.#at + 12).join(''));
    if (!match) return undefined;
    this.#at += match[0].length;
    return applyFlags(flags, match[1] ?? '', match[2] ?? '');
  }

  #repeated(atom: PatternNode): PatternNode {
    let node = atom;
    let count = 0;
    for (let bounds = this.#repetition(); bounds !== undefined; bounds = this.#repetition()) {
      if (count++ > 0) fault('invalid nested repetition operator', this.#chars.join(''));
      node = { type: 'repeat', node, ...bounds, isGreedy: !this.#takeIf('?') };
    }
    return node;
  }

  #repetition(): { min: number; max: number } | undefined {
    if (this.#takeIf('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#takeIf('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#takeIf('?')) return { min: 0, max: 1 };
    const match = /^\{(\d{1,9})(?:(,)(\d{0,9}))?\}/.exec(this.#chars.slice(this.#at, this.#at + 24).join(''));
    if (!match) return undefined;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] ? Number(match[3]) : Number.POSITIVE_INFINITY;
    const isOver = min > MAX_REPEAT || (Number.isFinite(max) && (max > MAX_REPEAT || max < min));
    if (isOver) fault('invalid repeat count', match[0]);
    this.#at += match[0].length;
    return { min, max };
  }

  #atom(flags: Flags): PatternNode {
    const char = this.#take();
    switch (char) {
      case '(':
        return this.#group(flags);
      case '[':
        return this.#class(flags);
      case '.':
        return { type: 'set', ranges: flags.dotAll ? [] : [[0x0a, 0x0a]], negated: true };
      case '^':
        return { type: 'assert', what: flags.multiLine ? 'line-start' : 'start' };
      case '$':
        return { type: 'assert', what: flags.multiLine ? 'line-end' : 'end' };
      case '\\':
        return this.#escape(flags);
      case '*':
      case '+':
      case '?':
        return fault('missing argument to repetition operator', char);
      default:
        return literal(char.codePointAt(0) ?? 0, flags);
    }
  }

  #group(flags: Flags): PatternNode {
    const rest = this.#chars.slice(this.#at).join('');
    const head = /^\?(?:P?<([A-Za-z_]\w*)>|([ims]*)(?:-([ims]+))?:)/.exec(rest);
    if (rest.startsWith('?') && !head) fault('invalid or unsupported Perl syntax', `(${rest.slice(0, 2)}`);
    this.#at += head ? head[0].length : 0;
    const isNumbered = head === null || head[1] !== undefined;
    const number = isNumbered ? ++this.#groups : 0;
    const node = this.#alternatives(applyFlags(flags, head?.[2] ?? '', head?.[3] ?? ''));
    if (!this.#takeIf(')')) fault('missing closing )', this.#chars.join(''));
    return isNumbered ? { type: 'group', node, number } : node;
  }

  #escape(flags: Flags): PatternNode {
    const next = this.#peek();
    const asserted = { b: 'word', B: 'not-word', A: 'start', z: 'end' } as const;
    if (next !== undefined && Object.hasOwn(asserted, next)) {
      this.#at += 1;
      return { type: 'assert', what: asserted[next as keyof typeof asserted] };
    }
    const ranges = this.#escapedRanges();
    const all = flags.ignoreCase ? ranges.flatMap(folded) : ranges;
    return { type: 'set', ranges: all, negated: false };
  }

  /** What stands after a backslash, inside and outside of a class. */
  #escapedRanges(): readonly Range[] {
    const char = this.#take();
    if (char === '') fault('trailing backslash at end of expression', '');
    if (Object.hasOwn(PERL_CLASSES, char)) return PERL_CLASSES[char] as readonly Range[];
    const code = char === 'x' ? this.#hexadecimal() : CONTROL[char];
    if (code !== undefined) return [[code, code]];
    if (/[A-Za-z0-9]/.test(char)) fault('invalid escape sequence', `\\${char}`);
    const own = char.codePointAt(0) ?? 0;
    return [[own, own]];
  }

  #hexadecimal(): number {
    const match = /^(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(
      this.#chars.slice(this.#at, this.#at + 8).join(''),
    );
    const code = match ? Number.parseInt(match[1] ?? match[2] ?? '', 16) : Number.NaN;
    if (!match || code > MAX_CODE_POINT) return fault('invalid escape sequence', '\\x');
    this.#at += match[0].length;
    return code;
  }

  #class(flags: Flags): PatternNode {
    const startedAt = this.#at - 1;
    const negated = this.#takeIf('^');
    const ranges: Range[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      if (this.#peek() === undefined) fault('missing closing ]', this.#chars.slice(startedAt).join(''));
      ranges.push(...this.#classItem());
    }
    this.#at += 1;
    return { type: 'set', ranges: flags.ignoreCase ? ranges.flatMap(folded) : ranges, negated };
  }

  #classItem(): readonly Range[] {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.#chars.slice(this.#at, this.#at + 14).join(''));
    if (posix) {
      const ranges = POSIX_CLASSES[posix[2] ?? ''];
      if (!ranges) return fault('invalid character class range', posix[0]);
      this.#at += posix[0].length;
      return posix[1] ? complement(ranges) : ranges;
    }
    const low = this.#classChar();
    const [only] = low;
    const isSingle = low.length === 1 && only !== undefined && only[0] === only[1];
    if (!isSingle || this.#peek() !== '-' || this.#peek(1) === ']' || this.#peek(1) === undefined) return low;
    this.#at += 1;
    const [end] = this.#classChar();
    if (end === undefined || end[0] < only[0])
      return fault('invalid character class range', this.#chars.slice(this.#at - 3, this.#at).join(''));
    return [[only[0], end[0]]];
  }

  #classChar(): readonly Range[] {
    if (this.#takeIf('\\')) return this.#escapedRanges();
    const code = this.#take().codePointAt(0) ?? 0;
    return [[code, code]];
  }
}

function applyFlags(flags: Flags, on: string, off: string): Flags {
  const value = (name: string, before: boolean): boolean =>
    on.includes(name) || (before && !off.includes(name));
  return {
    ignoreCase: value('i', flags.ignoreCase),
    multiLine: value('m', flags.multiLine),
    dotAll: value('s', flags.dotAll),
  };
}

function literal(code: number, { ignoreCase }: Flags): PatternNode {
  const range: Range = [code, code];
  return { type: 'set', ranges: ignoreCase ? folded(range) : [range], negated: false };
}

/** Parse a pattern. Throws PatternFault. O(length). */
export function parsePattern(text: string): PatternNode {
  if (text.length > MAX_LENGTH) throw new PatternFault(`pattern is longer than ${MAX_LENGTH} characters`);
  return new Parser(text).parse();
}
