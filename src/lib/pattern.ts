/**
 * Regular expressions that clients send: RE2's syntax and Go's error texts, matched in linear time (re2js), so no
 * pattern can run away. JavaScript's own engine could. Loaded when the first pattern comes, because few agents see one.
 */
import { createRequire } from 'node:module';
import { patternSteps } from './pattern-size.ts';

/** A compiled pattern. */
export interface Pattern {
  /** The whole match and its groups ('' for a group that took no part); undefined when there is no match. */
  match(text: string): readonly string[] | undefined;
}

/** Characters of a pattern; turning it up lets one client's pattern cost more memory. */
const MAX_PATTERN = 4_096;
/** Steps of a compiled pattern: some 15 ms to compile, for which everybody waits. */
const MAX_STEPS = 10_000;
/** Characters of a text that are looked at. */
const MAX_TEXT = 100_000;

const require = createRequire(import.meta.url);

const TOO_LARGE = 'error parsing regexp: expression too large';

/** Compiles patterns that one client sends together, which have the room of one. */
export function patternCompiler(): (source: string) => Pattern | string {
  let left = MAX_STEPS;
  return (source) => {
    if (source.length > MAX_PATTERN) return TOO_LARGE;
    left -= patternSteps(source);
    return left < 0 ? TOO_LARGE : compiled(source);
  };
}

/** Compile a pattern; a text says what is wrong with it. Never throws. */
export function compilePattern(source: string): Pattern | string {
  return patternCompiler()(source);
}

function compiled(source: string): Pattern | string {
  const { RE2JS } = require('re2js') as typeof import('re2js');
  try {
    const pattern = RE2JS.compile(source);
    return {
      match: (text: string) => {
        const matcher = pattern.matcher(text.slice(0, MAX_TEXT));
        if (!matcher.find()) return undefined;
        return Array.from({ length: pattern.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '');
      },
    };
  } catch (fault) {
    const text = fault instanceof Error ? fault.message : String(fault);
    return text.endsWith('`') ? text : `${text}: \`\``;
  }
}
