/**
 * `rollcall members`: who belongs to the cluster, as one agent sees it.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderMap, renderTable } from '../render.ts';

interface Member {
  readonly Name: string;
  readonly Addr: string;
  readonly Port: number;
  readonly Tags: Readonly<Record<string, string>>;
  readonly Status: number;
  readonly ProtocolCur: number;
}

const STATUSES = ['none', 'alive', 'leaving', 'left', 'failed'] as const;
const ROLES: Readonly<Record<string, string>> = { consul: 'server', node: 'client' };

const statusOf = (member: Member): string => STATUSES[member.Status] ?? 'unknown';

function addressOf({ Addr, Port }: Member): string {
  return Addr.includes(':') ? `[${Addr}]:${Port}` : `${Addr}:${Port}`;
}

/** Servers are in all segments. */
function segmentOf({ Tags }: Member): string {
  return Tags['role'] === 'consul' ? '<all>' : Tags['segment'] || '<default>';
}

function standardRow(member: Member): readonly string[] {
  const { Name, Tags, ProtocolCur } = member;
  const role = ROLES[Tags['role'] ?? ''] ?? 'unknown';
  const build = (Tags['build'] ?? '').split(':')[0] ?? '';
  const place = [Tags['dc'] ?? '', Tags['ap'] ?? 'default', segmentOf(member)];
  return [Name, addressOf(member), statusOf(member), role, build, String(ProtocolCur), ...place];
}

function detailedRow(member: Member): readonly string[] {
  const tags = { ...member.Tags, segment: segmentOf(member) };
  return [member.Name, addressOf(member), statusOf(member), renderMap(tags, ',')];
}

const STANDARD_HEAD = [
  'Node',
  'Address',
  'Status',
  'Type',
  'Build',
  'Protocol',
  'DC',
  'Partition',
  'Segment',
];
const DETAILED_HEAD = ['Node', 'Address', 'Status', 'Tags'];

function statusFilter(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new AppError('bad_request', `Failed to compile status regexp: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const status = statusFilter(`^(?:${flags.text('status') ?? '.*'})$`);
  const members = await client().get<readonly Member[]>('/v1/agent/members', {
    segment: flags.text('segment') ?? '_all',
    wan: flags.isOn('wan') ? '1' : undefined,
    filter: flags.text('filter'),
  });
  const shown = members
    .filter((member) => status.test(statusOf(member)))
    .sort((a, b) => (a.Name < b.Name ? -1 : 1));
  if (shown.length === 0) return 2;
  if (wantsJson(flags)) io.out(JSON.stringify(shown, null, 2));
  else if (flags.isOn('detailed')) io.out(renderTable([DETAILED_HEAD, ...shown.map(detailedRow)], io.paint));
  else io.out(renderTable([STANDARD_HEAD, ...shown.map(standardRow)], io.paint));
  return 0;
}

export const command: Command = {
  summary: 'List the members of the cluster',
  description: 'Lists the members of the cluster. Exit status 2: no member matches.',
  flags: [
    { name: 'detailed', doc: 'Show all tags.' },
    { name: 'status', value: 'REGEXP', doc: 'Only members of this status: alive, left, failed, leaving.' },
    { name: 'wan', doc: 'Servers of all datacenters.' },
    { name: 'segment', value: 'NAME', doc: 'Only members of this segment.' },
    { name: 'filter', value: 'EXPRESSION', doc: 'Only members for which the expression holds.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  refusedAs: 'Error retrieving members',
  examples: ['rollcall members', 'rollcall members -detailed -status=alive'],
  run,
};
