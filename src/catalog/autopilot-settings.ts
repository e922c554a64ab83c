/**
 * What the autopilot was told: when a server counts as healthy, and which dead ones it may take out.
 *
 * One row of the catalog, so that every server has the same, in the words of Consul's API, as it was written. The
 * defaults hold until somebody writes it.
 */
import type { SettingRow } from '../model/types.ts';

/** Name of the row. */
export const AUTOPILOT_SETTING = 'autopilot';

/** The row's value, as JSON. Durations as Go writes them. */
export interface AutopilotSettings {
  readonly CleanupDeadServers: boolean;
  readonly LastContactThreshold: string;
  readonly MaxTrailingLogs: number;
  readonly MinQuorum: number;
  readonly ServerStabilizationTime: string;
  readonly RedundancyZoneTag: string;
  readonly DisableUpgradeMigration: boolean;
  readonly UpgradeVersionTag: string;
}

export const AUTOPILOT_DEFAULTS: AutopilotSettings = Object.freeze({
  CleanupDeadServers: true,
  LastContactThreshold: '200ms',
  MaxTrailingLogs: 250,
  MinQuorum: 0,
  ServerStabilizationTime: '10s',
  RedundancyZoneTag: '',
  DisableUpgradeMigration: false,
  UpgradeVersionTag: '',
});

/** The settings that are in force. */
export function autopilotSettings(row: SettingRow | undefined): AutopilotSettings {
  return row === undefined ? AUTOPILOT_DEFAULTS : (JSON.parse(row.value) as AutopilotSettings);
}
