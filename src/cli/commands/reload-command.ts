/**
 * `rollcall reload`: the agent reads its configuration again, or says what that would change.
 */
import { jsonOf } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

interface Difference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly options: readonly string[];
  readonly needRestart: readonly string[];
}

const LABELS: Readonly<Record<keyof Difference, string>> = {
  added: '+ definition',
  changed: '~ definition',
  removed: '- definition',
  options: '~ option',
  needRestart: '! option (needs a restart)',
};

function render(difference: Difference): string {
  const lines = (Object.keys(LABELS) as (keyof Difference)[]).flatMap((kind) =>
    difference[kind].map((name) => `${LABELS[kind]} ${name}`),
  );
  return lines.length === 0 ? 'A reload would change nothing.' : lines.join('\n');
}

async function run({ flags, io, client }: CommandInput): Promise<number> {
  if (!flags.isOn('dry-run')) {
    await client().ok('PUT', '/v1/agent/reload');
    io.out('Configuration reload triggered');
    return 0;
  }
  const body = await client().ok('PUT', '/v1/agent/reload', { query: { 'dry-run': '' } });
  const difference = jsonOf<Difference>(body);
  io.out(wantsJson(flags) ? JSON.stringify(difference, null, 2) : render(difference));
  return 0;
}

export const command: Command = {
  summary: 'Have the agent read its configuration again',
  description:
    'Has the agent read its configuration again and apply the difference. A configuration with a mistake changes nothing; the mistake is printed and the exit status is 1.',
  flags: [{ name: 'dry-run', doc: 'Change nothing; print what would change.' }, FORMAT_FLAG],
  isClient: true,
  refusedAs: 'Error reloading',
  examples: ['rollcall reload -dry-run', 'rollcall reload'],
  run,
};
