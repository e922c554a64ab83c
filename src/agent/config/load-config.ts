/**
 * Files, folders, variables and flags -> one frozen configuration.
 *
 * Order: defaults, what `-dev` sets, lists from variables and flags, files in the order given, other variables, other
 * flags, `-hcl` fragments. Later scalars replace, lists are appended, maps overlaid. All problems are collected and
 * thrown as one AppError, a line each, naming source, key and remedy. Keys without meaning come back as remarks.
 */
import { AppError } from '../../model/errors.ts';
import { checkAcl } from '../acl/acl-settings.ts';
import { roleOf } from '../agent-role.ts';
import { checkConfig } from './check-config.ts';
import {
  type Collected,
  collectEnv,
  collectFlags,
  collectTexts,
  type Environment,
  type FlagValue,
  type Place,
  type Problem,
  type Setting,
} from './collected.ts';
import { type ConfigText, readConfigFiles } from './config-files.ts';
import { type Remark, remarksOn } from './config-remarks.ts';
import { expandAddresses } from './expand-config.ts';
import { type InterfaceAddress, machineAddresses } from './machine-addresses.ts';
import { isAppended, isGrowing, mergeValue } from './option-values.ts';
import { type Config, DEV_DEFAULTS, defaultConfig, OPTIONS, type OptionKey } from './options.ts';
import { type Format, lineOf } from './parse-file.ts';
import { unenforcedKeys, unenforcedText } from './unenforced.ts';

export interface ConfigRequest {
  readonly isDev: boolean;
  /** Values of -config-file and -config-dir in the order given. */
  readonly paths: readonly string[];
  /** -config-format; by the file's extension when undefined. */
  readonly format: Format | undefined;
  readonly flags: readonly FlagValue[];
  /** Values of -hcl. */
  readonly fragments: readonly string[];
  readonly env: Environment;
  /** For address templates; those of this machine when not given. */
  readonly machineAddresses?: () => readonly InterfaceAddress[];
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

/** What was written outside of the stanza that holds the option now: the stanza wins, wherever it stands. */
function isOldSpelling({ key, place: { path } }: Setting): boolean {
  return key.startsWith('tls.') && path !== '' && !path.toLowerCase().startsWith('tls.');
}

/** A server that ends comes back, or there are others; the machine of a client agent that ends goes, as with Consul. */
const CLIENT_DEFAULTS = {
  leave_on_terminate: true,
  skip_leave_on_interrupt: false,
} satisfies Partial<Config>;

function mergeSettings(isDev: boolean, settings: readonly Setting[]): Config {
  const values: Record<string, unknown> = { ...defaultConfig(isDev) };
  const inOrder = [...settings.filter(isOldSpelling), ...settings.filter((one) => !isOldSpelling(one))];
  for (const { key, value } of inOrder) values[key] = mergeValue(OPTIONS[key].kind, values[key], value);
  if (roleOf(values as unknown as Config, isDev) === 'client') {
    const set = new Set<string>(inOrder.map(({ key }) => key));
    for (const [key, value] of Object.entries(CLIENT_DEFAULTS)) if (!set.has(key)) values[key] = value;
  }
  // Names of datacenters are compared without case; Consul keeps them in lower case.
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

/** The line about what is asked for and not enforced; none when there is nothing. Later sources win. */
function unenforced(all: readonly Collected[]): readonly string[] {
  const demands = new Map(all.flatMap((one) => [...one.demands]));
  const keys = unenforcedKeys(new Map([...demands].map(([key, { value }]) => [key, value])));
  return keys.length === 0
    ? []
    : [unenforcedText(keys.map((key) => `${key} (${demands.get(key)?.source ?? ''})`))];
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
  const flags = collectFlags(request.flags);
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
  const sources = sourcesOf(request.isDev, settings);
  const isSet = (key: OptionKey): boolean => sources.has(key);
  for (const { key, text } of [...checkConfig(config, request.isDev), ...checkAcl(config, isSet)]) {
    const place = settings.findLast((setting) => setting.key === key)?.place ?? { source: '', path: '' };
    problems.push(await describeProblem({ place, text }, allTexts));
  }
  if (!config.accept_unenforced) problems.push(...unenforced(all));
  if (problems.length > 0) throw new AppError('config_invalid', problems.join('\n'));
  const places = placesOf(settings);
  return {
    config,
    env: request.env,
    files: texts.map(({ file }) => file),
    sources,
    whereIs: (definition) =>
      describePlace(places.get(definition) ?? { source: 'configuration', path: '' }, allTexts),
    remarks: remarksOn({
      config,
      env: request.env,
      accepted: new Map(all.flatMap((one) => [...one.accepted])),
      skipped,
      commented: files.commented,
    }),
  };
}
