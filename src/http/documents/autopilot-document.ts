/**
 * Settings of the autopilot between JSON and the row that they are kept in. What a body leaves out becomes zero, as in
 * Consul; the defaults hold until something is written.
 */

import {
  AUTOPILOT_DEFAULTS,
  type AutopilotSettings,
  autopilotSettings,
} from '../../catalog/autopilot-settings.ts';
import {
  type Decoder,
  decodeFields,
  described,
  duration,
  type FieldTable,
  flag,
  integer,
  text,
} from '../../decode/json-fields.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { SettingRow } from '../../model/types.ts';
import type { Document } from './row-documents.ts';

/** Index of the settings that nobody has written yet: they are there from the beginning. */
const FIRST_INDEX = 1;
/** No row has it. */
const NO_INDEX = -1;

const ZERO: AutopilotSettings = Object.freeze({
  ...AUTOPILOT_DEFAULTS,
  CleanupDeadServers: false,
  LastContactThreshold: '0s',
  MaxTrailingLogs: 0,
  ServerStabilizationTime: '0s',
});

const durationText: Decoder<string> = described(duration.schema, (value, place) =>
  formatDuration(duration(value, place)),
);

interface Fields extends AutopilotSettings {
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** What a body may have. */
export const SETTINGS: FieldTable<Fields> = {
  CleanupDeadServers: { name: 'CleanupDeadServers', decode: flag },
  LastContactThreshold: { name: 'LastContactThreshold', decode: durationText },
  MaxTrailingLogs: { name: 'MaxTrailingLogs', decode: integer },
  MinQuorum: { name: 'MinQuorum', decode: integer },
  ServerStabilizationTime: { name: 'ServerStabilizationTime', decode: durationText },
  RedundancyZoneTag: { name: 'RedundancyZoneTag', decode: text },
  DisableUpgradeMigration: { name: 'DisableUpgradeMigration', decode: flag },
  UpgradeVersionTag: { name: 'UpgradeVersionTag', decode: text },
  CreateIndex: { name: 'CreateIndex', decode: integer },
  ModifyIndex: { name: 'ModifyIndex', decode: integer },
};

/** The value of the row that a body becomes. Throws bad_request. */
export function autopilotValue(body: unknown): string {
  const {
    CreateIndex: _created,
    ModifyIndex: _modified,
    ...given
  } = decodeFields(SETTINGS, body ?? {}, {
    style: 'api',
    path: '',
  });
  return JSON.stringify({ ...ZERO, ...given });
}

/** The settings that are in force. */
export function autopilotDocument(row: SettingRow | undefined): Document {
  return {
    ...autopilotSettings(row),
    CreateIndex: row?.createIndex ?? FIRST_INDEX,
    ModifyIndex: row?.modifyIndex ?? FIRST_INDEX,
  };
}

/** The index that the row must have (0: not there) where the settings must have this one. */
export function rowIndexOf(settingsIndex: number): number {
  if (settingsIndex === 0) return NO_INDEX;
  return settingsIndex === FIRST_INDEX ? 0 : settingsIndex;
}
