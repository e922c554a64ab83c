/**
 * The services, checks and watches that configuration files define, decoded.
 *
 * A mistake names the file beside the field. Two definitions with one id are a mistake too: which one holds would
 * depend on the names of files. What is found out later, against what is registered, is told with its place by `placing`.
 */
import { type CheckDefaults, type RaisedTime, raisedText } from '../../decode/check-definition.ts';
import { type DecodedCheck, decodeCheckAndToken, decodeService } from '../../decode/definitions.ts';
import { OrphanChecks, orphanText } from '../../local/config-plan.ts';
import { refuseForbidden } from '../../local/scripts.ts';
import { AppError } from '../../model/errors.ts';
import type { CheckDefinition, CheckId, ServiceDefinition } from '../../model/types.ts';
import { decodeWatch, type WatchDefinition } from '../../watches/definition.ts';
import type { Parameters } from '../../watches/watch-plan.ts';
import { localSettings } from '../settings.ts';
import type { Remark } from './config-remarks.ts';
import { expandDefinition } from './expand-config.ts';
import type { LoadedConfig } from './load-config.ts';

export interface FileService {
  readonly definition: ServiceDefinition;
  readonly checks: readonly CheckDefinition[];
  /** Secret that it is written to the catalog with; '' for none. */
  readonly token: string;
}

export interface FileDefinitions {
  readonly services: readonly FileService[];
  readonly checks: readonly DecodedCheck[];
  readonly watches: readonly WatchDefinition[];
  /** What the log should say once about what was accepted. */
  readonly remarks: readonly Remark[];
  /** Where one of these stood: `<file>:<line>`. */
  whereIs(definition: ServiceDefinition | CheckDefinition): Promise<string>;
}

/** A decoded definition and the document that it came from. */
interface Decoded<T> {
  readonly value: T;
  readonly document: object;
}

/** Decode each document; collects what is wrong instead of stopping at the first. */
async function decodeAll<T>(
  loaded: LoadedConfig,
  documents: readonly object[],
  decode: (document: unknown) => T,
  problems: string[],
): Promise<readonly Decoded<T>[]> {
  const decoded: Decoded<T>[] = [];
  for (const document of documents) {
    try {
      decoded.push({ value: decode(expandDefinition(document, loaded.env)), document });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      problems.push(`${await loaded.whereIs(document)}: ${error.message}`);
    }
  }
  return decoded;
}

/** What is wrong with a watch begins with its key: its own texts are those of `rollcall watch`. */
function decodeFileWatch(document: unknown): WatchDefinition {
  try {
    return decodeWatch(document as Parameters);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new AppError('config_invalid', `watches: ${cause.message}`, { cause });
  }
}

/** A key of Consul that is on its way out there too. */
async function remarksOnHandlers(loaded: LoadedConfig): Promise<readonly Remark[]> {
  const outdated = loaded.config.watches.filter((watch) => 'handler' in watch);
  return Promise.all(
    outdated.map(async (watch) => ({
      level: 'warn' as const,
      text: `${await loaded.whereIs(watch)}: watches: handler is deprecated; write args: ${JSON.stringify(['sh', '-c', watch['handler']])}`,
    })),
  );
}

/** Times of checks that are not as they were written. */
function remarksOnRaised(
  raised: readonly RaisedTime[],
  whereIs: (check: CheckId) => Promise<string>,
): Promise<readonly Remark[]> {
  return Promise.all(
    raised.map(async (one) => ({
      level: 'warn' as const,
      text: `${await whereIs(one.check)}: check ${JSON.stringify(one.check)}: ${raisedText(one)}`,
    })),
  );
}

/** What is defined under an id that an earlier one has. */
async function repeated(
  what: string,
  loaded: LoadedConfig,
  defined: readonly Decoded<string>[],
): Promise<readonly string[]> {
  const first = new Map<string, object>();
  const problems: string[] = [];
  for (const { value: id, document } of defined) {
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, document);
    else
      problems.push(
        `${await loaded.whereIs(document)}: ${what} ${JSON.stringify(id)} is defined twice, first at ${await loaded.whereIs(earlier)}; give each an id of its own`,
      );
  }
  return problems;
}

/** All definitions of a configuration. Throws AppError config_invalid, one problem a line. */
export async function decodeDefinitions(loaded: LoadedConfig): Promise<FileDefinitions> {
  const { config } = loaded;
  const raised: RaisedTime[] = [];
  const defaults: CheckDefaults = {
    outputMaxBytes: config.check_output_max_size,
    onRaised: (one) => void raised.push(one),
  };
  const { scripts } = localSettings(config);
  const problems: string[] = [];
  const decodeAllowedService = (document: unknown): FileService => {
    const service = decodeService(document, 'config', defaults);
    refuseForbidden(service.checks, 'config', scripts);
    return service;
  };
  const decodeAllowedCheck = (document: unknown): DecodedCheck => {
    const check = decodeCheckAndToken(document, 'config', defaults);
    refuseForbidden([check.definition], 'config', scripts);
    return check;
  };
  const services = await decodeAll(loaded, config.services, decodeAllowedService, problems);
  const checks = await decodeAll(loaded, config.checks, decodeAllowedCheck, problems);
  const watches = await decodeAll(loaded, config.watches, decodeFileWatch, problems);
  const definitions: Decoded<ServiceDefinition | CheckDefinition>[] = [
    ...services.map(({ value, document }) => ({ value: value.definition, document })),
    ...services.flatMap(({ value, document }) => value.checks.map((check) => ({ value: check, document }))),
    ...checks.map(({ value, document }) => ({ value: value.definition, document })),
  ];
  const ids = definitions.map(({ value, document }) => ({ value: value.id as string, document }));
  problems.push(
    ...(await repeated('service', loaded, ids.slice(0, services.length))),
    ...(await repeated('check', loaded, ids.slice(services.length))),
  );
  if (problems.length > 0) throw new AppError('config_invalid', problems.join('\n'));
  const checkDocuments = new Map(ids.slice(services.length).map(({ value, document }) => [value, document]));
  const whereIsCheck = (id: CheckId): Promise<string> => loaded.whereIs(checkDocuments.get(id) ?? {});
  const documents = new Map<object, object>(definitions.map(({ value, document }) => [value, document]));
  return {
    services: services.map(({ value }) => value),
    checks: checks.map(({ value }) => value),
    watches: watches.map(({ value }) => value),
    remarks: [...(await remarksOnRaised(raised, whereIsCheck)), ...(await remarksOnHandlers(loaded))],
    whereIs: (definition) => loaded.whereIs(documents.get(definition) ?? definition),
  };
}

/** Do what applies definitions of files; what is refused of them is refused with its place. */
export async function placing<T>(
  { whereIs }: Pick<FileDefinitions, 'whereIs'>,
  apply: () => T | Promise<T>,
): Promise<T> {
  try {
    return await apply();
  } catch (error) {
    if (!(error instanceof OrphanChecks)) throw error;
    const lines = await Promise.all(
      error.checks.map(async (check) => `${await whereIs(check)}: ${orphanText(check)}`),
    );
    throw new AppError('config_invalid', lines.join('\n'), { cause: error });
  }
}
