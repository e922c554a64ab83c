/**
 * Pattern tree → program of small steps, which pattern.ts runs.
 *
 * Counted repetitions are written out, so a program can be longer than its pattern; it is bounded.
 */
import type { Range } from './character-class.ts';
import { PatternFault, type PatternNode } from './pattern-syntax.ts';

export type Assertion = Extract<PatternNode, { type: 'assert' }>['what'];

export type Step =
  | { readonly op: 'set'; readonly ranges: readonly Range[]; readonly negated: boolean }
  | { readonly op: 'assert'; readonly what: Assertion }
  /** Go on at both places, the preferred one first. */
  | { readonly op: 'split'; preferred: number; other: number }
  | { readonly op: 'jump'; target: number }
  /** Remember the position: slot 2n is where group n begins, 2n+1 where it ends. */
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'match' };

/** Steps of a program. Turning it up lets larger counted repetitions through and makes each character dearer. */
const MAX_STEPS = 5_000;

/** Somewhere in the program that is not known yet. */
const OPEN = -1;

class Assembler {
  readonly steps: Step[] = [];

  #emit<S extends Step>(step: S): S {
    if (this.steps.length >= MAX_STEPS) throw new PatternFault('pattern is too large');
    this.steps.push(step);
    return step;
  }

  assemble(node: PatternNode): void {
    switch (node.type) {
      case 'set':
        this.#emit({ op: 'set', ranges: node.ranges, negated: node.negated });
        return;
      case 'assert':
        this.#emit({ op: 'assert', what: node.what });
        return;
      case 'all':
        for (const part of node.nodes) this.assemble(part);
        return;
      case 'any':
        this.#alternatives(node.nodes);
        return;
      case 'group':
        this.#emit({ op: 'save', slot: 2 * node.number });
        this.assemble(node.node);
        this.#emit({ op: 'save', slot: 2 * node.number + 1 });
        return;
      case 'repeat':
        this.#repeat(node);
    }
  }

  finish(): readonly Step[] {
    this.#emit({ op: 'match' });
    return this.steps;
  }

  #alternatives(nodes: readonly PatternNode[]): void {
    const jumps: { target: number }[] = [];
    for (const [i, node] of nodes.entries()) {
      const isLast = i === nodes.length - 1;
      const split = isLast
        ? undefined
        : this.#emit({ op: 'split', preferred: this.steps.length + 1, other: OPEN });
      this.assemble(node);
      if (split === undefined) break;
      jumps.push(this.#emit({ op: 'jump', target: OPEN }));
      split.other = this.steps.length;
    }
    for (const jump of jumps) jump.target = this.steps.length;
  }

  /** A fork into the next step and, later, past what follows; `leave` fills that in. */
  #fork(isGreedy: boolean): { leave: () => void } {
    const next = this.steps.length + 1;
    const split = this.#emit(
      isGreedy
        ? { op: 'split', preferred: next, other: OPEN }
        : { op: 'split', preferred: OPEN, other: next },
    );
    return {
      leave: () => {
        if (isGreedy) split.other = this.steps.length;
        else split.preferred = this.steps.length;
      },
    };
  }

  #repeat({ node, min, max, isGreedy }: Extract<PatternNode, { type: 'repeat' }>): void {
    for (let i = 0; i < min; i += 1) this.assemble(node);
    if (Number.isFinite(max)) {
      const forks: { leave: () => void }[] = [];
      for (let i = min; i < max; i += 1) {
        forks.push(this.#fork(isGreedy));
        this.assemble(node);
      }
      for (const fork of forks) fork.leave();
      return;
    }
    const start = this.steps.length;
    const fork = this.#fork(isGreedy);
    this.assemble(node);
    this.#emit({ op: 'jump', target: start });
    fork.leave();
  }
}

/** The program of a pattern. Throws PatternFault when it is too large. */
export function assemble(node: PatternNode): readonly Step[] {
  const assembler = new Assembler();
  assembler.assemble(node);
  return assembler.finish();
}
