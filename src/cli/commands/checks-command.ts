/**
 * `rollcall checks`: the health checks of the catalog, or of one service or node, worst first.
 */
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';

interface Check {
  readonly Node: string;
  readonly CheckID: string;
  readonly Name: string;
  readonly Status: string;
  readonly Output: string;
  readonly ServiceID: string;
}

const ORDER = ['critical', 'warning', 'passing'];
/** Characters of an output that fit beside the other columns. */
const MAX_OUTPUT = 60;

function pathOf({ flags }: CommandInput): string {
  const [service, node] = [flags.text('service'), flags.text('node')];
  if (service !== undefined) return `/v1/health/checks/${encodeURIComponent(service)}`;
  if (node !== undefined) return `/v1/health/node/${encodeURIComponent(node)}`;
  return '/v1/health/state/any';
}

function firstLine(output: string): string {
  const line = output.trim().split('\n')[0] ?? '';
  return line.length > MAX_OUTPUT ? `${line.slice(0, MAX_OUTPUT - 1)}…` : line;
}

async function run(input: CommandInput): Promise<number> {
  const { flags, io, client } = input;
  const all = await client().get<readonly Check[]>(pathOf(input), { filter: flags.text('filter') });
  const state = flags.text('state');
  const shown = all
    .filter(({ Status }) => state === undefined || Status === state)
    .toSorted((a, b) => ORDER.indexOf(a.Status) - ORDER.indexOf(b.Status));
  const rows = shown.map((one) => [
    one.Node,
    one.ServiceID || '-',
    one.CheckID,
    one.Status,
    firstLine(one.Output),
  ]);
  if (wantsJson(flags)) io.out(JSON.stringify(shown, null, 2));
  else if (rows.length === 0) io.out('No checks match the given query.');
  else io.out(renderTable([['Node', 'Service', 'Check', 'Status', 'Output'], ...rows], io.paint));
  return shown.some(({ Status }) => Status === 'critical') && flags.isOn('exit-code') ? 2 : 0;
}

export const command: Command = {
  summary: 'List health checks, worst first',
  flags: [
    { name: 'service', value: 'NAME', doc: 'Checks of this service.' },
    { name: 'node', value: 'NAME', doc: 'Checks of this node.' },
    { name: 'state', value: ORDER.join('|'), choices: ORDER, doc: 'Only those in this state.' },
    { name: 'filter', value: 'EXPRESSION', doc: 'Only checks for which the expression holds.' },
    { name: 'exit-code', doc: 'Exit status 2 when one of them is critical.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall checks -state=critical', 'rollcall checks -service=web -exit-code'],
  run,
};
