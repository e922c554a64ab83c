/**
 * Files, folders, variables and flags -> one frozen configuration.
 *
 * Order: defaults, what `-dev` sets, lists from variables and flags, files in the order given, other variables, other
 * flags, `-hcl` fragments. Later scalars replace, lists are appended, maps overlaid. All problems are collected and
 * thrown as one AppError, a line each, naming source, key and remedy. Keys without meaning come back as remarks.
 */
import { nearest } from '../lib/nearest.ts';
import { AppError } from '../model/errors.ts';
import { ACCEPTED_FLAGS, ACCEPTED_KEYS, SUBJECTS, type Subject } from './accepted-keys.ts';
import { checkConfig } from './check-config.ts';
import { type Config, DEV_DEFAULTS, defaultConfig, OPTION_KEYS, OPTIONS, type OptionKey } from './config.ts';
import { type ConfigText, readConfigFiles } from './config-files.ts';
import { expandAddresses } from './expand-config.ts';
import { lookUpKey } from './known-keys.ts';
import { type InterfaceAddress, machineAddresses } from './machine-addresses.ts';
import { envOf, type OptionSpec } from './option-spec.ts';
import {
  isAppended,
  isGrowing,
  mergeValue,
  ValueProblem,
  valueFromJson,
  valueFromText,
} from './option-values.ts';
import { type Format, lineOf, parseFile, type Tree } from './parse-file.ts';

export interface FlagValue {
  /** Without dashes. */
  readonly flag: string;
  readonly value: string;
}

export interface ConfigRequest {
  readonly isDev: boolean;
  /** Values of -config-file and -config-dir in the order given. */
  readonly paths: readonly string[];
  /** -config-format; by the file's extension when undefined. */
  readonly format: Format | undefined;
  readonly flags: readonly FlagValue[];
  /** Values of -hcl. */
  readonly fragments: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For address templates; those of this machine when not given. */
  readonly machineAddresses?: () => readonly InterfaceAddress[];
}

export interface Remark {
  readonly level: 'info' | 'warn';
  readonly text: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The environment that it was read in, for templates in definitions. */
  readonly env: ConfigRequest['env'];
  readonly remarks: readonly Remark[];
  /** Where each option that is not at its default was set: files, flags, variables. */
  readonly sources: ReadonlyMap<OptionKey, string>;
  /** The files that were read, for whoever watches them. */
  readonly files: readonly string[];
  /** Where a definition of `services` or `checks` stood: `<file>:<line>`. */
  whereIs(definition: object): Promise<string>;
}

/** One statement of a source: this key, this value. */
interface Setting {
  readonly key: OptionKey;
  readonly value: unknown;
  readonly place: Place;
}

/** A source, and for files and fragments the dotted path in it, as it is spelt there. */
interface Place {
  readonly source: string;
  readonly path: string;
}

interface Problem {
  readonly place: Place;
  readonly text: string;
}

/** What all sources said, and what was wrong with them. */
class Collected {
  readonly settings: Setting[] = [];
  readonly accepted = new Map<string, Subject>();
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
      else if (known.kind === 'accepted') this.accept(known.key);
      else if (known.kind === 'group') this.#addGroup(place, json);
      else this.problems.push({ place, text: unknownText('config key', path, known.nearest) });
    }
  }

  accept(key: string): void {
    this.accepted.set(key, ACCEPTED_KEYS.get(key) ?? 'other');
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

function unknownText(what: string, given: string, neighbour: string | undefined): string {
  return `invalid ${what} ${given}${neighbour ? ` (did you mean ${neighbour}?)` : ''}`;
}

function optionByFlag(): ReadonlyMap<string, OptionKey> {
  const flags = OPTION_KEYS.map((key) => [(OPTIONS[key] as OptionSpec).flag, key] as const);
  return new Map(flags.filter((entry): entry is [string, OptionKey] => entry[0] !== undefined));
}

function collectFlags(request: ConfigRequest): Collected {
  const collected = new Collected();
  const known = optionByFlag();
  for (const { flag, value } of request.flags) {
    const key = known.get(flag);
    if (key) collected.add({ source: `-${flag}`, path: '' }, key, (spec) => valueFromText(spec, value));
    else collected.accept(ACCEPTED_FLAGS[flag]?.key ?? flag);
  }
  return collected;
}

function collectEnv(env: ConfigRequest['env']): Collected {
  const collected = new Collected();
  for (const key of OPTION_KEYS) {
    const name = envOf(key);
    const text = env[name];
    if (text === undefined) continue;
    const parts = isAppended(OPTIONS[key].kind) ? text.split(',') : [text];
    for (const part of parts)
      collected.add({ source: name, path: '' }, key, (spec) => valueFromText(spec, part.trim()));
  }
  return collected;
}

/** Variables that look like an option and are none, for the log; ROLLCALL_HTTP_* belong to the client commands. */
function strangeVariables(env: ConfigRequest['env']): readonly Remark[] {
  const known = new Set(OPTION_KEYS.map(envOf));
  return Object.keys(env)
    .filter((name) => name.startsWith('ROLLCALL_') && !known.has(name))
    .filter((name) => !/^ROLLCALL_(HTTP_|TOKEN|HANDED_OVER|CLIENT_|CACERT|CAPATH|TLS_)/.test(name))
    .map((name) => {
      const neighbour = nearest(name, known);
      return { level: 'warn', text: unknownText('environment variable', name, neighbour) };
    });
}

function remarksOnAccepted(accepted: ReadonlyMap<string, Subject>): readonly Remark[] {
  return (Object.keys(SUBJECTS) as Subject[]).flatMap((subject) => {
    const keys = [...accepted].filter(([, its]) => its === subject).map(([key]) => key);
    if (keys.length === 0) return [];
    const text = `accepted, but ${SUBJECTS[subject]}: ${keys.join(', ')}`;
    return [{ level: subject === 'safety' ? 'warn' : 'info', text } as const];
  });
}

/** A client agent of the reference hands everything on to servers; here it is its own server. */
function remarkOnClient({ server }: Config): readonly Remark[] {
  if (server) return [];
  return [
    {
      level: 'info',
      text: 'without -server too this agent holds the catalog itself: there is one agent so far',
    },
  ];
}

async function collectTexts(
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

function mergeSettings(isDev: boolean, settings: readonly Setting[]): Config {
  const values: Record<string, unknown> = { ...defaultConfig(isDev) };
  for (const { key, value } of settings) values[key] = mergeValue(OPTIONS[key].kind, values[key], value);
  // Names of datacenters are compared without case; the reference keeps them in lower case.
  values['datacenter'] = String(values['datacenter']).toLowerCase();
  return Object.freeze(values) as unknown as Config;
}

/** Lists and maps grow by every source; of other options the last source wins. */
function sourcesOf(isDev: boolean, settings: readonly Setting[]): ReadonlyMap<OptionKey, string> {
  const dev = isDev ? (Object.keys(DEV_DEFAULTS) as OptionKey[]) : [];
  const sources = new Map<OptionKey, string>(dev.map((key) => [key, '-dev']));
  for (const { key, place } of settings) {
    const before = isGrowing(OPTIONS[key].kind) ? sources.get(key) : undefined;
    sources.set(key, before === undefined ? place.source : `${before}, ${place.source}`);
  }
  return sources;
}

/** Where each definition stood: a list's members by their number. */
function placesOf(settings: readonly Setting[]): ReadonlyMap<object, Place> {
  const definitions = settings.filter(({ key }) => OPTIONS[key].kind === 'objects');
  return new Map(
    definitions.flatMap(({ place: { source, path }, value }) =>
      (value as object[]).map((definition, i) => [definition, { source, path: `${path}.${i}` }] as const),
    ),
  );
}

/** `<file>:<line>` of a place; the line is looked up in the text again, because nobody needs it when all is well. */
async function describePlace({ source, path }: Place, texts: readonly ConfigText[]): Promise<string> {
  const text = texts.find(({ file }) => file === source);
  const line = text && path !== '' ? await lineOf(source, text.text, path) : undefined;
  return line === undefined ? source : `${source}:${line}`;
}

async function describeProblem({ place, text }: Problem, texts: readonly ConfigText[]): Promise<string> {
  const where = await describePlace(place, texts);
  return where === '' ? text : `${where}: ${text}`;
}

/** Read and merge everything. Throws AppError config_invalid, one problem a line. */
export async function loadConfig(request: ConfigRequest): Promise<LoadedConfig> {
  const { texts, skipped } = readConfigFiles(request.paths, request.format);
  const fragmentTexts = request.fragments.map((text, i) => ({
    file: `-hcl[${i}]`,
    text,
    format: 'hcl' as const,
  }));
  const files = await collectTexts(texts);
  const fragments = await collectTexts(fragmentTexts);
  const flags = collectFlags(request);
  const env = collectEnv(request.env);
  const isList = ({ key }: Setting): boolean => isAppended(OPTIONS[key].kind);
  const settings = [
    ...[...env.settings, ...flags.settings].filter(isList),
    ...files.collected.settings,
    ...[...env.settings, ...flags.settings].filter((setting) => !isList(setting)),
    ...fragments.collected.settings,
  ];
  const all = [files.collected, env, flags, fragments.collected];
  const merged = mergeSettings(request.isDev, settings);
  const allTexts = [...texts, ...fragmentTexts];
  const problems = await Promise.all(
    all.flatMap((one) => one.problems).map((problem) => describeProblem(problem, allTexts)),
  );
  const config = expandAddresses(merged, () => ({
    addresses: (request.machineAddresses ?? machineAddresses)(),
    env: request.env,
  }));
  problems.push(...checkConfig(config, request.isDev));
  if (problems.length > 0) throw new AppError('config_invalid', problems.join('\n'));
  const places = placesOf(settings);
  return {
    config,
    env: request.env,
    files: texts.map(({ file }) => file),
    sources: sourcesOf(request.isDev, settings),
    whereIs: (definition) =>
      describePlace(places.get(definition) ?? { source: 'configuration', path: '' }, allTexts),
    remarks: [
      ...skipped.map((text) => ({ level: 'warn' as const, text })),
      ...files.commented.map((file) => ({
        level: 'info' as const,
        text: `${file}: comments in JSON were skipped`,
      })),
      ...remarksOnAccepted(new Map(all.flatMap((one) => [...one.accepted]))),
      ...strangeVariables(request.env),
      ...remarkOnClient(config),
    ],
  };
}
