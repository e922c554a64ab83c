/**
 * Service definitions out of configuration files, for the commands that send them to an agent.
 */
import { readConfigFiles } from '../agent/config-files.ts';
import { parseFile } from '../agent/parse-file.ts';
import { AppError } from '../model/errors.ts';
import { definitionBody } from './definition-body.ts';

export interface ServiceBody {
  readonly ID?: string;
  readonly Name?: string;
}

/** The `service` and `services` of the files, with the keys of the API. Throws AppError config_invalid. */
export async function serviceBodies(paths: readonly string[]): Promise<readonly ServiceBody[]> {
  const bodies: ServiceBody[] = [];
  for (const { file, text, format } of readConfigFiles(paths, undefined).texts) {
    const { tree } = await parseFile(file, text, format);
    const found = [tree['service'] ?? [], tree['services'] ?? []].flat(2);
    if (found.length === 0) throw new AppError('config_invalid', `${file}: holds no service definition`);
    bodies.push(...(definitionBody(found) as readonly ServiceBody[]));
  }
  return bodies;
}
