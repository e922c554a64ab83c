/**
 * `rollcall operator autopilot set-config`: changes the settings that are given and leaves the others.
 *
 * They are read and written back under their index, so that of two who change them at the same time one is refused.
 */
import { parseBoolean } from '../../lib/boolean.ts';
import { parseDuration } from '../../lib/duration.ts';
import { AppError } from '../../model/errors.ts';
import { jsonOf } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { describeFailure } from '../describe-failure.ts';
import type { FlagSpec, Flags } from '../flags.ts';

const PATH = '/v1/operator/autopilot/configuration';

interface Setting extends FlagSpec {
  /** Name in the API. */
  readonly field: string;
  /** undefined: the text is none. */
  readonly read: (text: string) => unknown;
}

const duration = (text: string): string | undefined => (parseDuration(text) === undefined ? undefined : text);
const wholeNumber = (text: string): number | undefined =>
  /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const SETTINGS: readonly Setting[] = [
  {
    name: 'cleanup-dead-servers',
    value: 'true|false',
    doc: 'Whether a dead server is taken out when a new one has joined.',
    field: 'CleanupDeadServers',
    read: parseBoolean,
  },
  {
    name: 'last-contact-threshold',
    value: 'DURATION',
    doc: 'A server that has not heard the leader for longer is unhealthy.',
    field: 'LastContactThreshold',
    read: duration,
  },
  {
    name: 'max-trailing-logs',
    value: 'NUMBER',
    doc: "A server whose copy is more writes behind the leader's is unhealthy.",
    field: 'MaxTrailingLogs',
    read: wholeNumber,
  },
  {
    name: 'min-quorum',
    value: 'NUMBER',
    doc: 'As many voting servers are left at least when dead ones are taken out.',
    field: 'MinQuorum',
    read: wholeNumber,
  },
  {
    name: 'server-stabilization-time',
    value: 'DURATION',
    doc: 'For so long a new server must have been healthy before a dead one is taken out in its favour.',
    field: 'ServerStabilizationTime',
    read: duration,
  },
  {
    name: 'redundancy-zone-tag',
    value: 'NAME',
    doc: 'Kept and shown; it means something in Consul Enterprise only.',
    field: 'RedundancyZoneTag',
    read: (text) => text,
  },
  {
    name: 'disable-upgrade-migration',
    value: 'true|false',
    doc: 'Kept and shown; it means something in Consul Enterprise only.',
    field: 'DisableUpgradeMigration',
    read: parseBoolean,
  },
  {
    name: 'upgrade-version-tag',
    value: 'NAME',
    doc: 'Kept and shown; it means something in Consul Enterprise only.',
    field: 'UpgradeVersionTag',
    read: (text) => text,
  },
];

/** What the flags change. Throws bad_request for a text that is no value. */
function changesOf(flags: Flags): Readonly<Record<string, unknown>> {
  const given = SETTINGS.flatMap(({ name, field, read }) => {
    const text = flags.text(name);
    if (text === undefined) return [];
    const value = read(text);
    if (value === undefined)
      throw new AppError('bad_request', `invalid value ${JSON.stringify(text)} for flag -${name}`);
    return [[field, value] as const];
  });
  return Object.fromEntries(given);
}

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const changes = changesOf(flags);
  const agent = client();
  const current = await describeFailure('Error querying Autopilot configuration', () =>
    agent.get<{ readonly ModifyIndex: number }>(PATH),
  );
  const body = JSON.stringify({ ...current, ...changes });
  const answer = await describeFailure('Error setting Autopilot configuration', () =>
    agent.ok('PUT', PATH, { query: { cas: String(current.ModifyIndex) }, body }),
  );
  if (jsonOf<boolean>(answer)) io.out('Configuration updated!');
  else io.out('Configuration could not be atomically updated, please try again');
  return jsonOf<boolean>(answer) ? 0 : 1;
}

export const command: Command = {
  summary: 'Change settings of the autopilot',
  flags: SETTINGS.map(({ name, value = '', doc }) => ({ name, value, doc })),
  isClient: true,
  examples: ['rollcall operator autopilot set-config -cleanup-dead-servers=false'],
  run,
};
