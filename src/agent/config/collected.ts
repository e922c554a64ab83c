/**
 * What the sources of a configuration say: settings with their places, keys without meaning, and mistakes.
 *
 * Nothing is merged here, and no mistake stops the reading: all of them are shown at once (load-config.ts).
 */
import { AppError } from '../../model/errors.ts';
import { ACCEPTED_FLAGS, ACCEPTED_KEYS, type Subject } from './accepted-keys.ts';
import type { ConfigText } from './config-files.ts';
import { lookUpKey } from './known-keys.ts';
import { envOf, type OptionSpec } from './option-spec.ts';
import { ValueProblem, valueFromJson, valueFromText } from './option-values.ts';
import { OPTION_KEYS, OPTIONS, type OptionKey } from './options.ts';
import { parseFile, type Tree } from './parse-file.ts';
import { demandsIn } from './unenforced.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface FlagValue {
  /** Without dashes. */
  readonly flag: string;
  readonly value: string;
}

/** One statement of a source: this key, this value. */
export interface Setting {
  readonly key: OptionKey;
  readonly value: unknown;
  readonly place: Place;
}

/** A source, and for files and fragments the dotted path in it, as it is spelt there. */
export interface Place {
  readonly source: string;
  readonly path: string;
}

export interface Problem {
  readonly place: Place;
  readonly text: string;
}

/** What all sources said, and what was wrong with them. */
export class Collected {
  readonly settings: Setting[] = [];
  readonly accepted = new Map<string, Subject>();
  /** Rows of UNENFORCED that were set: the last value, and where. */
  readonly demands = new Map<string, { readonly value: unknown; readonly source: string }>();
  readonly problems: Problem[] = [];

  add(place: Place, key: OptionKey, read: (spec: OptionSpec) => unknown): void {
    try {
      this.settings.push({ place, key, value: read(OPTIONS[key]) });
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      this.problems.push({ place, text: `${key} ${error.message}` });
    }
  }

  addTree(source: string, tree: Tree, prefix = ''): void {
    for (const [name, json] of Object.entries(tree)) {
      const path = prefix + name;
      const place = { source, path };
      const known = lookUpKey(path);
      if (known.kind === 'option') this.add(place, known.key, (spec) => valueFromJson(spec, json));
      else if (known.kind === 'accepted') this.accept(source, known.key, json);
      else if (known.kind === 'group') this.#addGroup(place, json);
      else this.problems.push({ place, text: unknownText('config key', path, known.nearest) });
    }
  }

  /** Take a key without meaning. One that is off asks for nothing and is not named. */
  accept(source: string, key: string, value: unknown): void {
    if (value !== false) this.accepted.set(key, ACCEPTED_KEYS.get(key) ?? 'other');
    for (const [row, asked] of demandsIn(key, value)) this.demands.set(row, { value: asked, source });
  }

  #addGroup(place: Place, json: unknown): void {
    const blocks = Array.isArray(json) ? json : [json];
    for (const block of blocks) {
      if (typeof block === 'object' && block !== null)
        this.addTree(place.source, block as Tree, `${place.path}.`);
      else
        this.problems.push({ place, text: `${place.path} must be an object, not ${JSON.stringify(block)}` });
    }
  }
}

/** `invalid config key dns_confg (did you mean dns_config?)`. */
export function unknownText(what: string, given: string, neighbour: string | undefined): string {
  return `invalid ${what} ${given}${neighbour ? ` (did you mean ${neighbour}?)` : ''}`;
}

function optionByFlag(): ReadonlyMap<string, OptionKey> {
  const flags = OPTION_KEYS.map((key) => [(OPTIONS[key] as OptionSpec).flag, key] as const);
  return new Map(flags.filter((entry): entry is [string, OptionKey] => entry[0] !== undefined));
}

/** What flags say. */
export function collectFlags(flags: readonly FlagValue[]): Collected {
  const collected = new Collected();
  const known = optionByFlag();
  for (const { flag, value } of flags) {
    const key = known.get(flag);
    if (key) collected.add({ source: `-${flag}`, path: '' }, key, (spec) => valueFromText(spec, value));
    else collected.accept(`-${flag}`, ACCEPTED_FLAGS[flag]?.key ?? flag, value);
  }
  return collected;
}

/** What variables say; lists of texts are separated by commas, definitions are JSON. */
export function collectEnv(env: Environment): Collected {
  const collected = new Collected();
  for (const key of OPTION_KEYS) {
    const name = envOf(key);
    const text = env[name];
    if (text === undefined) continue;
    const parts = OPTIONS[key].kind === 'list' ? text.split(',') : [text];
    for (const part of parts)
      collected.add({ source: name, path: '' }, key, (spec) => valueFromText(spec, part.trim()));
  }
  return collected;
}

/** What files or fragments say, and which of them had comments in JSON. */
export async function collectTexts(
  texts: readonly ConfigText[],
): Promise<{ readonly collected: Collected; readonly commented: readonly string[] }> {
  const collected = new Collected();
  const commented: string[] = [];
  for (const { file, text, format } of texts) {
    try {
      const { tree, hadComments } = await parseFile(file, text, format);
      if (hadComments) commented.push(file);
      collected.addTree(file, tree);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      collected.problems.push({ place: { source: '', path: '' }, text: error.message });
    }
  }
  return { collected, commented };
}
