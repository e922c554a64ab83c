/**
 * `rollcall check history`: the latest results of a check that the agent runs.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';

interface History {
  readonly CheckID: string;
  readonly Status: string;
  readonly Since: string;
  readonly Flaps: number;
  readonly Results: readonly {
    readonly Time: string;
    readonly Status: string;
    readonly DurationMs: number;
    readonly Output: string;
  }[];
}

/** Characters of an output that fit beside the other columns. */
const MAX_OUTPUT = 80;

function firstLine(output: string): string {
  const line = output.trim().split('\n')[0] ?? '';
  return line.length > MAX_OUTPUT ? `${line.slice(0, MAX_OUTPUT - 1)}…` : line;
}

async function run({ flags, args, io, client }: CommandInput): Promise<number> {
  const [id, ...more] = args;
  if (id === undefined || more.length > 0)
    throw new AppError('bad_request', 'check history wants the id of one check.');
  const history = await client().get<History>(`/v1/agent/check/${encodeURIComponent(id)}/history`);
  if (wantsJson(flags)) {
    io.out(JSON.stringify(history, null, 2));
    return 0;
  }
  const since = history.Since === '' ? '' : ` since ${history.Since}`;
  io.out(`${history.CheckID}: ${history.Status}${since}, changed ${history.Flaps} times`);
  const rows = history.Results.map(({ Time, Status, DurationMs, Output }) => [
    Time,
    Status,
    `${DurationMs.toFixed(1)} ms`,
    firstLine(Output),
  ]);
  if (rows.length > 0) io.out(renderTable([['Time', 'Status', 'Took', 'Output'], ...rows], io.paint));
  return 0;
}

export const command: Command = {
  summary: 'Show the latest results of a check',
  args: 'ID',
  flags: [FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall check history service:web'],
  run,
};
