/**
 * Regular expressions that clients send, in RE2's syntax, matched in linear time.
 *
 * All ways through a pattern are followed at once, one step for each character, the preferred ones first (Pike's
 * machine), so no pattern can run away: O(text × program), both bounded. Of several matches the leftmost is told.
 */

import type { Range } from './character-class.ts';
import { type Assertion, assemble, type Step } from './pattern-program.ts';
import { PatternFault, parsePattern } from './pattern-syntax.ts';

/** A compiled pattern. */
export interface Pattern {
  /** The whole match and its groups ('' for a group that took no part); undefined when there is no match. */
  match(text: string): readonly string[] | undefined;
}

/** Characters of a text that are looked at. */
const MAX_TEXT = 100_000;

function isIn(code: number, ranges: readonly Range[]): boolean {
  return ranges.some(([low, high]) => code >= low && code <= high);
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /^\w$/.test(char);
}

function holds(what: Assertion, chars: readonly string[], at: number): boolean {
  switch (what) {
    case 'start':
      return at === 0;
    case 'end':
      return at === chars.length;
    case 'line-start':
      return at === 0 || chars[at - 1] === '\n';
    case 'line-end':
      return at === chars.length || chars[at] === '\n';
    case 'word':
      return isWord(chars[at - 1]) !== isWord(chars[at]);
    case 'not-word':
      return isWord(chars[at - 1]) === isWord(chars[at]);
  }
}

/** Positions by slot; two for each group, the whole match first. Replaced, never changed. */
type Slots = readonly number[];

interface Thread {
  readonly step: number;
  readonly slots: Slots;
}

/** The threads at one position of the text, in order of preference. */
class Front {
  readonly threads: Thread[] = [];
  readonly #seen: Uint8Array;
  readonly #steps: readonly Step[];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#seen = new Uint8Array(steps.length);
  }

  /** Follow everything from `step` that takes no character; what waits for one, or has matched, becomes a thread. */
  add(first: Thread, chars: readonly string[], at: number): void {
    const open = [first];
    for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
      const { step: index, slots } = thread;
      if (this.#seen[index] === 1) continue;
      this.#seen[index] = 1;
      const step = this.#steps[index] as Step;
      switch (step.op) {
        case 'jump':
          open.push({ step: step.target, slots });
          break;
        case 'split':
          open.push({ step: step.other, slots }, { step: step.preferred, slots });
          break;
        case 'save':
          open.push({ step: index + 1, slots: slots.with(step.slot, at) });
          break;
        case 'assert':
          if (holds(step.what, chars, at)) open.push({ step: index + 1, slots });
          break;
        default:
          this.threads.push(thread);
      }
    }
  }
}

/** Move the threads over one character; the slots of the best match so far, which ends those less preferred. */
function advance(
  front: Front,
  next: Front,
  steps: readonly Step[],
  place: { chars: readonly string[]; at: number },
) {
  const { chars, at } = place;
  const code = chars[at]?.codePointAt(0);
  for (const { step: index, slots } of front.threads) {
    const step = steps[index] as Step;
    if (step.op === 'match') return slots.with(1, at);
    if (step.op !== 'set' || code === undefined) continue;
    if (isIn(code, step.ranges) !== step.negated) next.add({ step: index + 1, slots }, chars, at + 1);
  }
  return undefined;
}

function run(steps: readonly Step[], text: string, groups: number): Slots | undefined {
  const chars = [...text.slice(0, MAX_TEXT)];
  const none: Slots = Array.from({ length: 2 * (groups + 1) }, () => -1);
  let front = new Front(steps);
  let best: Slots | undefined;
  for (let at = 0; at <= chars.length; at += 1) {
    if (best === undefined) front.add({ step: 0, slots: none.with(0, at) }, chars, at);
    if (best !== undefined && front.threads.length === 0) break;
    const next = new Front(steps);
    best = advance(front, next, steps, { chars, at }) ?? best;
    front = next;
  }
  return best;
}

/** Highest number of a group; repetitions write a group out several times. */
function highestGroup(steps: readonly Step[]): number {
  return steps.reduce(
    (highest, step) => (step.op === 'save' ? Math.max(highest, step.slot >> 1) : highest),
    0,
  );
}

/** Compile a pattern; a text says what is wrong with it. */
export function compilePattern(source: string): Pattern | string {
  try {
    const steps = assemble(parsePattern(source));
    const groups = highestGroup(steps);
    return {
      match: (text: string) => {
        const slots = run(steps, text, groups);
        if (slots === undefined) return undefined;
        const chars = [...text.slice(0, MAX_TEXT)];
        return Array.from({ length: groups + 1 }, (_, group) => {
          const [start = -1, end = -1] = slots.slice(2 * group, 2 * group + 2);
          return start === -1 || end === -1 ? '' : chars.slice(start, end).join('');
        });
      },
    };
  } catch (fault) {
    if (fault instanceof PatternFault) return fault.message;
    throw fault;
  }
}
