/**
 * `rollcall validate`: reads configuration as an agent would, and says what is wrong with it.
 */
import { decodeDefinitions } from '../../agent/config/file-definitions.ts';
import { loadConfig } from '../../agent/config/load-config.ts';
import { readSecureState } from '../../agent/secure-settings.ts';
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';

async function run({ flags, args, env, io }: CommandInput): Promise<number> {
  if (args.length === 0)
    throw new AppError('bad_request', 'Must specify at least one config file or directory');
  const format = flags.text('config-format');
  if (format !== undefined && format !== 'json' && format !== 'hcl')
    throw new AppError('bad_request', `-config-format supports only 'hcl' and 'json', not ${format}`);
  try {
    const loaded = await loadConfig({ isDev: true, paths: args, format, flags: [], fragments: [], env });
    const definitions = await decodeDefinitions(loaded);
    await readSecureState(loaded);
    const remarks = [...loaded.remarks, ...definitions.remarks];
    if (!flags.isOn('quiet')) for (const { text } of remarks) io.out(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    io.err(`Config validation failed: ${error.message}`);
    return 1;
  }
  if (!flags.isOn('quiet')) io.out('Configuration is valid!');
  return 0;
}

export const command: Command = {
  summary: 'Check configuration files',
  args: 'FILE|DIR…',
  description: 'Reads configuration as an agent would. Exit status 1: something is wrong, and what.',
  flags: [
    { name: 'config-format', value: 'json|hcl', doc: 'Format of all files, whatever their names end in.' },
    { name: 'quiet', doc: 'Say nothing when all is well.' },
  ],
  isClient: false,
  examples: ['rollcall validate /etc/rollcall.d'],
  run,
};
