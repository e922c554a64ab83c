/**
 * `rollcall operator autopilot get-config`: the settings that the autopilot obeys.
 */
import type { Command, CommandInput } from '../command-spec.ts';
import { describeFailure } from '../describe-failure.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

/** Names in Consul's order; texts are quoted. */
const SHOWN = [
  'CleanupDeadServers',
  'LastContactThreshold',
  'MaxTrailingLogs',
  'MinQuorum',
  'ServerStabilizationTime',
  'RedundancyZoneTag',
  'DisableUpgradeMigration',
  'UpgradeVersionTag',
] as const;
const QUOTED: ReadonlySet<string> = new Set(['RedundancyZoneTag', 'UpgradeVersionTag']);

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const isJson = wantsJson(flags);
  const settings = await describeFailure('Error querying Autopilot configuration', () =>
    client().get<Readonly<Record<string, unknown>>>('/v1/operator/autopilot/configuration'),
  );
  const lines = SHOWN.map((name) => {
    const value = settings[name];
    return `${name} = ${QUOTED.has(name) ? JSON.stringify(value) : String(value)}`;
  });
  io.out(isJson ? JSON.stringify(settings, null, 2) : lines.join('\n'));
  return 0;
}

export const command: Command = {
  summary: 'Print the settings of the autopilot',
  flags: [FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall operator autopilot get-config'],
  run,
};
