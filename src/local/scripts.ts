/**
 * Whether a check that runs a program may be registered: off unless the configuration says otherwise, because whoever
 * may register one runs programs as the agent's user.
 */
import { AppError } from '../model/errors.ts';
import type { CheckDefinition, RegistrationSource } from '../model/types.ts';
import type { LocalSettings } from './registration.ts';

/** Whether the settings allow this check from this source. */
export function isAllowed(
  { probe }: CheckDefinition,
  source: RegistrationSource,
  scripts: LocalSettings['scripts'],
): boolean {
  if (probe.kind !== 'script' && probe.kind !== 'docker') return true;
  return scripts === 'all' || (scripts === 'files' && source !== 'api');
}

/** Throws AppError, with Consul's text, when one of the checks is not allowed. */
export function refuseForbidden(
  checks: readonly CheckDefinition[],
  source: RegistrationSource,
  scripts: LocalSettings['scripts'],
): void {
  if (checks.every((check) => isAllowed(check, source, scripts))) return;
  if (source === 'api')
    throw new AppError(
      'invalid_command',
      "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true",
    );
  throw new AppError(
    'config_invalid',
    "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local_script_checks' to true",
  );
}
