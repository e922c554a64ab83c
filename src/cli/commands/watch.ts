/**
 * `rollcall watch`: shows a view of the catalog, or runs a program with it whenever it changes.
 */
import { readChanges } from '../blocking-reader.ts';
import { runProgram } from '../child-program.ts';
import type { Command, CommandInput } from '../command.ts';
import { WATCH_TYPES, watchPlan } from '../watch-plans.ts';

async function run({ flags, args, io, client, interrupted }: CommandInput): Promise<number> {
  const plan = watchPlan(flags);
  const isShell = flags.text('shell') === undefined || flags.isOn('shell');
  const onError = (error: unknown): void => {
    if (args.length === 0) throw error;
    io.err(`watch: ${(error as Error).message}; trying again`);
  };
  for await (const { value, index } of readChanges(client(), plan, interrupted, onError)) {
    if (args.length === 0) {
      io.out(JSON.stringify(value, null, 4));
      return 0;
    }
    const env = { CONSUL_INDEX: index, ROLLCALL_INDEX: index };
    const program = runProgram({ args, isShell, stdin: `${JSON.stringify(value)}\n`, env });
    const status = await program.ended;
    if (status !== 0) io.err(`Error executing handler: exit status ${status}`);
  }
  return 0;
}

export const command: Command = {
  summary: 'Show a view of the catalog, or run a program when it changes',
  args: '[PROGRAM…]',
  description:
    'Without a program prints the present view and ends. With one runs it for the present view and after every change, the view as JSON on its standard input.',
  flags: [
    { name: 'type', value: WATCH_TYPES.join('|'), doc: 'What to watch; required.' },
    { name: 'key', value: 'KEY', doc: 'For key.' },
    { name: 'prefix', value: 'PREFIX', doc: 'For keyprefix.' },
    { name: 'service', value: 'NAME', doc: 'For service and checks.' },
    { name: 'tag', value: 'TAG', doc: 'For service; may be repeated.' },
    { name: 'passingonly', doc: 'For service: healthy instances only.' },
    { name: 'state', value: 'STATE', doc: 'For checks: any, passing, warning, critical.' },
    { name: 'name', value: 'NAME', doc: 'For event.' },
    { name: 'filter', value: 'EXPRESSION', doc: 'For services, nodes, service and checks.' },
    { name: 'shell', doc: 'Run the program through a shell. Default true.' },
  ],
  isClient: true,
  isLong: true,
  examples: [
    'rollcall watch -type=service -service=web',
    'rollcall watch -type=keyprefix -prefix=app/ ./reload-app.sh',
  ],
  run,
};
