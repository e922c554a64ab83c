/**
 * `rollcall operator raft list-peers`: the servers, who leads, and how far the copies of the others are.
 */
import type { Command, CommandInput } from '../command-spec.ts';
import { describeFailure } from '../describe-failure.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';

interface RaftServer {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly Leader: boolean;
  readonly ProtocolVersion: string;
  readonly Voter: boolean;
  /** Not given by one server alone, nor by older ones. */
  readonly LastIndex?: number;
}

interface RaftConfiguration {
  readonly Servers: readonly RaftServer[];
}

const HEAD = [
  'Node',
  'ID',
  'Address',
  'State',
  'Voter',
  'RaftProtocol',
  'Commit Index',
  'Trails Leader By',
] as const;

const WHAT = 'Error getting peers: Failed to retrieve raft configuration';

/** A stale answer does not know how far anybody is. */
function lagText({ Leader, LastIndex = 0 }: RaftServer, leaderIndex: number | undefined): string {
  if (Leader || leaderIndex === undefined || LastIndex === 0) return '-';
  const lag = Math.max(leaderIndex - LastIndex, 0);
  return `${lag} ${lag === 1 ? 'commit' : 'commits'}`;
}

function table(servers: readonly RaftServer[]): string {
  const leader = servers.find(({ Leader }) => Leader);
  const rows = servers.map((server) => {
    const { ID, Node, Address, Leader, ProtocolVersion, Voter, LastIndex = 0 } = server;
    const state = Leader ? 'leader' : 'follower';
    const shown = [Node, ID, Address, state, String(Voter), ProtocolVersion || '<=1'];
    return [...shown, LastIndex === 0 ? '-' : String(LastIndex), lagText(server, leader?.LastIndex)];
  });
  return renderTable([HEAD, ...rows]);
}

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const isJson = wantsJson(flags);
  const configuration = await describeFailure(WHAT, () =>
    client().get<RaftConfiguration>('/v1/operator/raft/configuration'),
  );
  io.out(isJson ? JSON.stringify(configuration, null, 2) : table(configuration.Servers));
  return 0;
}

export const command: Command = {
  summary: 'List the servers, who leads, and how far they are',
  description:
    'Lists the servers of the cluster. Without a leader this fails; -stale then shows what one server knows.',
  flags: [FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall operator raft list-peers', 'rollcall operator raft list-peers -stale'],
  run,
};
