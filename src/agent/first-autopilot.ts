/**
 * Writes what the configuration says of the autopilot into a datacenter that has no settings of it yet.
 *
 * Whoever leads first does it, once; from then on the settings are the catalog's, and those of the configuration are
 * for nothing, as in Consul. Nothing is written where the configuration says what holds anyway.
 */
import {
  AUTOPILOT_DEFAULTS,
  AUTOPILOT_SETTING,
  type AutopilotSettings,
} from '../catalog/autopilot-settings.ts';
import type { SettingCommand } from '../catalog/command.ts';
import { formatDuration } from '../lib/duration.ts';
import type { Logger } from '../lib/logger.ts';
import type { Config } from './config/options.ts';
import type { TermWork } from './term.ts';

interface FirstAutopilotParts {
  readonly config: Config;
  readonly submit: (command: SettingCommand) => Promise<unknown>;
  readonly log: Logger;
}

function configured(config: Config): AutopilotSettings {
  return {
    ...AUTOPILOT_DEFAULTS,
    CleanupDeadServers: config['autopilot.cleanup_dead_servers'],
    LastContactThreshold: formatDuration(config['autopilot.last_contact_threshold']),
    MaxTrailingLogs: config['autopilot.max_trailing_logs'],
    MinQuorum: config['autopilot.min_quorum'],
    ServerStabilizationTime: formatDuration(config['autopilot.server_stabilization_time']),
  };
}

/** The work of a new leader. A write that fails is logged: the next leader tries again. */
export function firstAutopilot({ config, submit, log }: FirstAutopilotParts): TermWork {
  const value = JSON.stringify(configured(config));
  const isDefault = value === JSON.stringify(AUTOPILOT_DEFAULTS);
  return {
    begin: () => {
      if (isDefault) return;
      submit({ kind: 'setting', name: AUTOPILOT_SETTING, value, ifIndex: 0 }).catch((error: unknown) =>
        log.warn({ err: error }, 'the settings of the autopilot could not be written'),
      );
    },
    end: () => {},
  };
}
