/**
 * Flags as Consul takes them: one or two dashes, `=` or a space before the value, switches without value.
 *
 * Like Go's flag package, flags end at the first argument that is none, or at `--`; so a value or program after it may
 * begin with a dash. `goFlags` turns them into the one spelling that commander reads (`--name=value`).
 */
import { hintOf } from '../lib/nearest.ts';
import { AppError } from '../model/errors.ts';

/** A flag that a command knows. */
export interface FlagSpec {
  /** Without dashes. */
  readonly name: string;
  /** Placeholder of the value; a flag without is a switch. */
  readonly value?: string;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
  readonly doc: string;
  /** Heading under which help shows it; `Options:` when not given. */
  readonly group?: string;
}

/** A flag as it was given. */
export interface GivenFlag {
  readonly flag: string;
  readonly value: string;
}

/** The parsed flags of one call, in the order given. */
export class Flags {
  readonly given: readonly GivenFlag[];

  constructor(given: readonly GivenFlag[]) {
    this.given = given;
  }

  /** The last value of a flag; undefined when it was not given. */
  text(name: string): string | undefined {
    return this.given.findLast(({ flag }) => flag === name)?.value;
  }

  list(name: string): readonly string[] {
    return this.given.filter(({ flag }) => flag === name).map(({ value }) => value);
  }

  isOn(name: string): boolean {
    return /^(?:1|t|true)$/i.test(this.text(name) ?? 'false');
  }

  /** A whole number, or undefined when the flag was not given. Throws AppError bad_request. */
  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!/^-?\d+$/.test(text))
      throw new AppError(
        'bad_request',
        `invalid value ${JSON.stringify(text)} for flag -${name}: parse error`,
      );
    return Number(text);
  }
}

export interface SplitArguments {
  /** `--name=value` each. */
  readonly flags: readonly string[];
  readonly args: readonly string[];
}

interface OneFlag {
  readonly text: string;
  /** Arguments it takes up. */
  readonly length: 1 | 2;
}

function refuseOther({ name, choices }: FlagSpec, value: string): void {
  if (choices === undefined || choices.includes(value)) return;
  const hint = hintOf(value, choices);
  throw new AppError('bad_request', `-${name}: must be ${listOr(choices)}, not ${value}${hint}`);
}

/** `a, b or c`. */
const listOr = (words: readonly string[]): string =>
  [words.slice(0, -1).join(', '), words.at(-1) ?? ''].filter(Boolean).join(' or ');

function readFlag(argument: string, next: string | undefined, specs: ReadonlyMap<string, FlagSpec>): OneFlag {
  const [, name = '', , value] = /^--?([^=]*)(=([\s\S]*))?$/.exec(argument) ?? [];
  const spec = specs.get(name);
  if (!spec) {
    const hint = hintOf(name, specs.keys(), (neighbour) => `-${neighbour}`);
    throw new AppError('bad_request', `flag provided but not defined: -${name}${hint}`);
  }
  if (spec.value === undefined) {
    if (value !== undefined && !/^(?:1|0|t|f|true|false)$/i.test(value))
      throw new AppError(
        'bad_request',
        `invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`,
      );
    return { text: `--${name}=${value ?? 'true'}`, length: 1 };
  }
  if (value === undefined && next === undefined)
    throw new AppError('bad_request', `flag needs an argument: -${name}`);
  const text = value ?? next ?? '';
  refuseOther(spec, text);
  return { text: `--${name}=${text}`, length: value === undefined ? 2 : 1 };
}

/** Separate flags from arguments. Throws AppError bad_request for a flag that `specs` does not have. */
export function goFlags(argv: readonly string[], specs: readonly FlagSpec[]): SplitArguments {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const flags: string[] = [];
  let at = 0;
  while (at < argv.length) {
    const argument = argv[at] ?? '';
    if (argument === '--') return { flags, args: argv.slice(at + 1) };
    if (!argument.startsWith('-') || argument === '-') break;
    const { text, length } = readFlag(argument, argv[at + 1], byName);
    flags.push(text);
    at += length;
  }
  return { flags, args: argv.slice(at) };
}
