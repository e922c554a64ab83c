/**
 * Service definitions out of configuration files, for the commands that send them to an agent.
 */
import type { Environment } from '../agent/config/collected.ts';
import { readConfigFiles } from '../agent/config/config-files.ts';
import { expandDefinition } from '../agent/config/expand-config.ts';
import { decodeDefinitions } from '../agent/config/file-definitions.ts';
import { loadConfig } from '../agent/config/load-config.ts';
import { parseFile } from '../agent/config/parse-file.ts';
import { AppError } from '../model/errors.ts';
import { definitionBody } from './definition-body.ts';

export interface ServiceBody {
  readonly ID?: string;
  readonly Name?: string;
}

interface CheckBody {
  readonly ID?: string;
  readonly CheckID?: string;
  readonly Name?: string;
}

interface ServiceWithChecks extends ServiceBody {
  readonly Check?: CheckBody;
  readonly Checks?: readonly CheckBody[];
}

/** Files call the id of a check `id` everywhere; the API calls it `CheckID` inside a service. */
function innerCheck({ ID, ...check }: CheckBody): CheckBody {
  return ID === undefined ? check : { CheckID: ID, ...check };
}

function serviceBody(document: unknown): ServiceWithChecks {
  const body = definitionBody(document) as ServiceWithChecks;
  return {
    ...body,
    ...(body.Check && { Check: innerCheck(body.Check) }),
    ...(Array.isArray(body.Checks) && { Checks: body.Checks.map(innerCheck) }),
  };
}

/**
 * Refuse a mistake in the files as an agent that reads them would: with file, line and the nearest key. Whether scripts
 * are allowed, the agent that gets the definitions says.
 */
async function requireSound(paths: readonly string[], env: Environment): Promise<void> {
  const flags = [{ flag: 'enable-script-checks', value: 'true' }];
  const loaded = await loadConfig({
    isDev: true,
    paths,
    format: undefined,
    flags,
    fragments: [],
    env: withoutOptions(env),
  });
  await decodeDefinitions(loaded);
}

/** The environment for templates, without what sets options of an agent. */
function withoutOptions(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ROLLCALL_')));
}

/** The `service` and `services` of the files, with the keys of the API. Throws AppError config_invalid. */
export async function serviceBodies(
  paths: readonly string[],
  env: Environment,
): Promise<readonly ServiceBody[]> {
  await requireSound(paths, env);
  const bodies: ServiceBody[] = [];
  for (const { file, text, format } of readConfigFiles(paths, undefined).texts) {
    const { tree } = await parseFile(file, text, format);
    const found = [tree['service'] ?? [], tree['services'] ?? []].flat(2);
    if (found.length === 0) throw new AppError('config_invalid', `${file}: holds no service definition`);
    bodies.push(...found.map((document) => serviceBody(expandDefinition(document, env))));
  }
  return bodies;
}

/** A check of a service as one that stands alone, so that it can be tried without its service. */
function aloneBodies({ ID, Name = '', Check, Checks = [] }: ServiceWithChecks): readonly CheckBody[] {
  const checks = Check === undefined ? Checks : [Check, ...Checks];
  return checks.map((check, i) => {
    const { CheckID, ...rest } = check;
    const number = checks.length > 1 ? `:${i + 1}` : '';
    const id = CheckID ?? `service:${ID ?? Name}${number}`;
    return { Name: id, ...rest, ID: id };
  });
}

/** The checks of the files, those of services included, each as one that stands alone. Throws AppError config_invalid. */
export async function checkBodies(paths: readonly string[], env: Environment): Promise<readonly CheckBody[]> {
  await requireSound(paths, env);
  const bodies: CheckBody[] = [];
  for (const { file, text, format } of readConfigFiles(paths, undefined).texts) {
    const { tree: written } = await parseFile(file, text, format);
    const tree = expandDefinition(written, env) as typeof written;
    const services = [tree['service'] ?? [], tree['services'] ?? []].flat(2).map(serviceBody);
    const checks = definitionBody([tree['check'] ?? [], tree['checks'] ?? []].flat(2));
    const found = [...services.flatMap(aloneBodies), ...(checks as readonly CheckBody[])];
    if (found.length === 0) throw new AppError('config_invalid', `${file}: holds no check definition`);
    bodies.push(...found);
  }
  return bodies;
}
