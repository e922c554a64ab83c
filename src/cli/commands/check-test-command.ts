/**
 * `rollcall check test`: the agent runs checks once, now, and says what they would report; nothing is registered.
 */
import { AppError } from '../../model/errors.ts';
import { jsonOf } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { checkBodies } from '../definition-files.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

interface TestRun {
  readonly CheckID: string;
  readonly Kind: string;
  readonly Status: string;
  readonly DurationMs: number;
  readonly Output: string;
}

function shown({ CheckID, Kind, Status, DurationMs, Output }: TestRun): string {
  return `${CheckID} (${Kind}): ${Status} after ${DurationMs.toFixed(1)} ms\n${Output.trimEnd()}`;
}

async function test(input: CommandInput): Promise<readonly TestRun[]> {
  const { flags, args, env, client } = input;
  const id = flags.text('id');
  if ((id === undefined) === (args.length === 0))
    throw new AppError('bad_request', 'check test wants definition files or -id, and not both.');
  if (id !== undefined) {
    const path = `/v1/agent/check/${encodeURIComponent(id)}/test`;
    return [jsonOf<TestRun>(await client().ok('PUT', path))];
  }
  const runs: TestRun[] = [];
  for (const body of await checkBodies(args, env)) {
    const answer = await client().ok('PUT', '/v1/agent/check/test', { body: JSON.stringify(body) });
    runs.push(jsonOf<TestRun>(answer));
  }
  return runs;
}

async function run(input: CommandInput): Promise<number> {
  const runs = await test(input);
  const { flags, io } = input;
  io.out(wantsJson(flags) ? JSON.stringify(runs, null, 2) : runs.map(shown).join('\n\n'));
  return runs.some(({ Status }) => Status === 'critical') ? 2 : 0;
}

export const command: Command = {
  summary: 'Run checks once and show what they would report',
  description:
    'The agent runs the checks of definition files, or one that is registered, once, and registers nothing. Exit status 2: one is critical.',
  args: '[FILE…]',
  flags: [{ name: 'id', value: 'ID', doc: 'Run this check of the agent.' }, FORMAT_FLAG],
  isClient: true,
  examples: ['rollcall check test web.json', 'rollcall check test -id=service:web'],
  run,
};
