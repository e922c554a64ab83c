/**
 * The services and checks that configuration files define, decoded.
 *
 * A mistake names the file beside the field. Two definitions with one id are a mistake too: which one holds would
 * depend on the names of files.
 */
import { decodeCheck, decodeService } from '../local/definitions.ts';
import { refuseForbidden } from '../local/scripts.ts';
import { AppError } from '../model/errors.ts';
import type { CheckDefinition, ServiceDefinition } from '../model/types.ts';
import { expandDefinition } from './expand-config.ts';
import type { LoadedConfig } from './load-config.ts';
import { localSettings } from './settings.ts';

export interface FileService {
  readonly definition: ServiceDefinition;
  readonly checks: readonly CheckDefinition[];
}

export interface FileDefinitions {
  readonly services: readonly FileService[];
  readonly checks: readonly CheckDefinition[];
}

/** Decode each document; collects what is wrong instead of stopping at the first. */
async function decodeAll<T>(
  loaded: LoadedConfig,
  documents: readonly object[],
  decode: (document: unknown) => T,
  problems: string[],
): Promise<readonly T[]> {
  const decoded: T[] = [];
  for (const document of documents) {
    try {
      decoded.push(decode(expandDefinition(document, loaded.env)));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      problems.push(`${await loaded.whereIs(document)}: ${error.message}`);
    }
  }
  return decoded;
}

function repeated(what: string, ids: readonly string[]): readonly string[] {
  const twice = new Set(ids.filter((id, i) => ids.indexOf(id) !== i));
  return [...twice].map((id) => `${what} ${JSON.stringify(id)} is defined twice; give each an id of its own`);
}

/** All definitions of a configuration. Throws AppError config_invalid, one problem a line. */
export async function decodeDefinitions(loaded: LoadedConfig): Promise<FileDefinitions> {
  const { config } = loaded;
  const defaults = { outputMaxBytes: config.check_output_max_size };
  const { scripts } = localSettings(config);
  const problems: string[] = [];
  const decodeAllowedService = (document: unknown): FileService => {
    const service = decodeService(document, 'config', defaults);
    refuseForbidden(service.checks, 'config', scripts);
    return service;
  };
  const decodeAllowedCheck = (document: unknown): CheckDefinition => {
    const check = decodeCheck(document, 'config', defaults);
    refuseForbidden([check], 'config', scripts);
    return check;
  };
  const services = await decodeAll(loaded, config.services, decodeAllowedService, problems);
  const checks = await decodeAll(loaded, config.checks, decodeAllowedCheck, problems);
  const checkIds = [...services.flatMap((service) => service.checks), ...checks].map(({ id }) => id);
  problems.push(
    ...repeated(
      'service',
      services.map(({ definition }) => definition.id),
    ),
    ...repeated('check', checkIds),
  );
  if (problems.length > 0) throw new AppError('config_invalid', problems.join('\n'));
  return { services, checks };
}
