/**
 * `rollcall query list`: the prepared queries.
 */
import type { Command } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';

interface Query {
  readonly ID: string;
  readonly Name: string;
  readonly Service: { readonly Service: string; readonly OnlyPassing: boolean };
  readonly Template?: { readonly Type: string };
}

export const command: Command = {
  summary: 'List prepared queries',
  flags: [FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall query list'],
  run: async ({ flags, io, client }) => {
    const queries = await client().get<readonly Query[]>('/v1/query');
    const rows = queries.map(({ ID, Name, Service, Template }) => [
      ID,
      Name || '-',
      Service.Service,
      Template?.Type || '-',
    ]);
    if (wantsJson(flags)) io.out(JSON.stringify(queries, null, 2));
    else if (rows.length === 0) io.out('There are no prepared queries.');
    else io.out(renderTable([['ID', 'Name', 'Service', 'Template'], ...rows], io.paint));
    return 0;
  },
};
