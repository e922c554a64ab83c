/**
 * `rollcall operator autopilot state`: how the servers are, as the leader judges them.
 */
import type { Command, CommandInput } from '../command-spec.ts';
import { describeFailure } from '../describe-failure.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

interface AutopilotServer {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  readonly Version: string;
  readonly Status: string;
  readonly NodeType: string;
  readonly NodeStatus: string;
  readonly Healthy: boolean;
  readonly LastContact: string;
  readonly LastTerm: number;
  readonly LastIndex: number;
  readonly Meta: Readonly<Record<string, string>>;
}

interface AutopilotState {
  readonly Healthy: boolean;
  readonly FailureTolerance: number;
  readonly OptimisticFailureTolerance: number;
  readonly Leader: string;
  readonly Voters: readonly string[];
  readonly Servers: Readonly<Record<string, AutopilotServer>>;
}

function metaLines(meta: AutopilotServer['Meta']): readonly string[] {
  const pairs = Object.entries(meta).sort(([one], [other]) => (one < other ? -1 : 1));
  if (pairs.length === 0) return [];
  const lines = pairs.map(([key, value]) => `         ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return ['      Meta', ...lines];
}

function serverLines(server: AutopilotServer): readonly string[] {
  return [
    `   ${server.ID}`,
    `      Name:            ${server.Name}`,
    `      Address:         ${server.Address}`,
    `      Version:         ${server.Version}`,
    `      Status:          ${server.Status}`,
    `      Node Type:       ${server.NodeType}`,
    `      Node Status:     ${server.NodeStatus}`,
    `      Healthy:         ${server.Healthy}`,
    `      Last Contact:    ${server.LastContact}`,
    `      Last Term:       ${server.LastTerm}`,
    `      Last Index:      ${server.LastIndex}`,
    ...metaLines(server.Meta),
  ];
}

function render(state: AutopilotState): string {
  const servers = Object.values(state.Servers).sort((one, other) => (one.ID < other.ID ? -1 : 1));
  return [
    `Healthy:                      ${state.Healthy}`,
    `Failure Tolerance:            ${state.FailureTolerance}`,
    `Optimistic Failure Tolerance: ${state.OptimisticFailureTolerance}`,
    `Leader:                       ${state.Leader}`,
    'Voters:',
    ...state.Voters.map((id) => `   ${id}`),
    'Servers:',
    ...servers.flatMap(serverLines),
  ].join('\n');
}

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const isJson = wantsJson(flags);
  const state = await describeFailure('Error retrieving autopilot state', () =>
    client().get<AutopilotState>('/v1/operator/autopilot/state'),
  );
  io.out(isJson ? JSON.stringify(state, null, 4) : render(state));
  return 0;
}

export const command: Command = {
  summary: 'Print how the servers are',
  flags: [FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall operator autopilot state'],
  run,
};
