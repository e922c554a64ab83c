/**
 * `rollcall query execute`: the instances that a prepared query answers with.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';

interface Executed {
  readonly Service: string;
  readonly Nodes: readonly {
    readonly Node: { readonly Node: string; readonly Address: string };
    readonly Service: { readonly ID: string; readonly Address: string; readonly Port: number };
  }[];
}

async function run({ flags, args: [name], io, client }: CommandInput): Promise<number> {
  if (name === undefined) throw new AppError('bad_request', 'Missing NAME argument');
  const path = `/v1/query/${encodeURIComponent(name)}/execute`;
  const found = await client().get<Executed>(path, { near: flags.text('near'), limit: flags.text('limit') });
  const rows = found.Nodes.map(({ Node, Service }) => [
    Node.Node,
    Service.ID,
    `${Service.Address || Node.Address}:${Service.Port}`,
  ]);
  if (wantsJson(flags)) io.out(JSON.stringify(found, null, 2));
  else if (rows.length === 0) io.out(`No instance of ${found.Service} fits.`);
  else io.out(renderTable([['Node', 'Service', 'Address'], ...rows], io.paint));
  return rows.length === 0 ? 2 : 0;
}

export const command: Command = {
  summary: 'Show what a prepared query answers with',
  args: 'NAME_OR_ID',
  description: 'Shows the instances that a prepared query answers with. Exit status 2: none.',
  flags: [
    { name: 'near', value: 'NODE', doc: 'Nearest to this node first.' },
    { name: 'limit', value: 'NUMBER', doc: 'At most so many.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall query execute blue'],
  run,
};
