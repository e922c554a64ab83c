/**
 * Pattern tree → matcher in linear time: all ways through the pattern are followed at once, one step for each
 * character (Thompson's construction), so no pattern of a client can run away.
 *
 * O(text × program); both are bounded. Only whether it matches anywhere is told, not where.
 */
import { PatternFault, type PatternNode, parsePattern, type Range } from './pattern-syntax.ts';

type Step =
  | { readonly op: 'set'; readonly ranges: readonly Range[]; readonly negated: boolean }
  | { readonly op: 'assert'; readonly what: Extract<PatternNode, { type: 'assert' }>['what'] }
  /** Go on at both places; the targets are filled in once they are known. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; target: number }
  | { readonly op: 'match' };

/** Steps of a compiled pattern; counted repetitions multiply. */
const MAX_STEPS = 10_000;
/** Characters of a text that are looked at. */
const MAX_TEXT = 100_000;

class Compiler {
  readonly steps: Step[] = [];

  #emit<S extends Step>(step: S): S {
    if (this.steps.length >= MAX_STEPS) throw new PatternFault('pattern is too large');
    this.steps.push(step);
    return step;
  }

  compile(node: PatternNode): void {
    switch (node.type) {
      case 'set':
        this.#emit({ op: 'set', ranges: node.ranges, negated: node.negated });
        return;
      case 'assert':
        this.#emit({ op: 'assert', what: node.what });
        return;
      case 'all':
        for (const part of node.nodes) this.compile(part);
        return;
      case 'any':
        this.#alternatives(node.nodes);
        return;
      case 'repeat':
        this.#repeat(node.node, node.min, node.max);
    }
  }

  finish(): readonly Step[] {
    this.#emit({ op: 'match' });
    return this.steps;
  }

  #alternatives(nodes: readonly PatternNode[]): void {
    const jumps: { target: number }[] = [];
    for (const [i, node] of nodes.entries()) {
      if (i === nodes.length - 1) {
        this.compile(node);
        break;
      }
      const split = this.#emit({ op: 'split', first: this.steps.length + 1, second: 0 });
      this.compile(node);
      jumps.push(this.#emit({ op: 'jump', target: 0 }));
      split.second = this.steps.length;
    }
    for (const jump of jumps) jump.target = this.steps.length;
  }

  #repeat(node: PatternNode, min: number, max: number): void {
    for (let i = 0; i < min; i += 1) this.compile(node);
    if (Number.isFinite(max)) {
      const splits: { second: number }[] = [];
      for (let i = min; i < max; i += 1) {
        splits.push(this.#emit({ op: 'split', first: this.steps.length + 1, second: 0 }));
        this.compile(node);
      }
      for (const split of splits) split.second = this.steps.length;
      return;
    }
    const start = this.steps.length;
    const split = this.#emit({ op: 'split', first: start + 1, second: 0 });
    this.compile(node);
    this.#emit({ op: 'jump', target: start });
    split.second = this.steps.length;
  }
}

function isIn(code: number, ranges: readonly Range[]): boolean {
  return ranges.some(([low, high]) => code >= low && code <= high);
}

function isWord(code: number | undefined): boolean {
  return code !== undefined && /\w/.test(String.fromCodePoint(code));
}

function holds(what: Extract<Step, { op: 'assert' }>['what'], codes: readonly number[], at: number): boolean {
  switch (what) {
    case 'start':
      return at === 0;
    case 'end':
      return at === codes.length;
    case 'line-start':
      return at === 0 || codes[at - 1] === 0x0a;
    case 'line-end':
      return at === codes.length || codes[at] === 0x0a;
    case 'word':
      return isWord(codes[at - 1]) !== isWord(codes[at]);
    case 'not-word':
      return isWord(codes[at - 1]) === isWord(codes[at]);
  }
}

/** All steps that wait for a character, reachable from `from` without one. */
class Threads {
  readonly waiting: number[] = [];
  isMatched = false;
  readonly #seen: Uint8Array;

  constructor(size: number) {
    this.#seen = new Uint8Array(size);
  }

  add(from: number, steps: readonly Step[], codes: readonly number[], at: number): void {
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#seen[index] === 1) continue;
      this.#seen[index] = 1;
      const step = steps[index] as Step;
      if (step.op === 'jump') open.push(step.target);
      else if (step.op === 'split') open.push(step.first, step.second);
      else if (step.op === 'match') this.isMatched = true;
      else if (step.op === 'set') this.waiting.push(index);
      else if (holds(step.what, codes, at)) open.push(index + 1);
    }
  }
}

function run(steps: readonly Step[], text: string): boolean {
  const codes = [...text.slice(0, MAX_TEXT)].map((char) => char.codePointAt(0) ?? 0);
  let threads = new Threads(steps.length);
  threads.add(0, steps, codes, 0);
  for (let at = 0; at < codes.length && !threads.isMatched; at += 1) {
    const next = new Threads(steps.length);
    for (const index of threads.waiting) {
      const step = steps[index] as Extract<Step, { op: 'set' }>;
      if (isIn(codes[at] as number, step.ranges) !== step.negated) next.add(index + 1, steps, codes, at + 1);
    }
    next.add(0, steps, codes, at + 1);
    threads = next;
  }
  return threads.isMatched;
}

/** A function that tells whether a text contains a match. Throws PatternFault. */
export function compilePattern(text: string): (input: string) => boolean {
  const compiler = new Compiler();
  compiler.compile(parsePattern(text));
  const steps = compiler.finish();
  return (input) => run(steps, input);
}
