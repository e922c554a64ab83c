/**
 * `rollcall watch`: shows a view of the catalog, or runs a program with it whenever it changes.
 */
import { type Ask, readChanges } from '../../watches/follow.ts';
import { type Parameters, planWatch, WATCH_TYPES } from '../../watches/watch-plan.ts';
import { runProgram } from '../child-program.ts';
import { unexpected } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';

/** Flags that are parameters of a plan, as a configuration names them. */
const PARAMETERS: Readonly<Record<string, string>> = {
  type: 'type',
  key: 'key',
  prefix: 'prefix',
  service: 'service',
  state: 'state',
  name: 'name',
  filter: 'filter',
  id: 'service_id',
};

function parametersOf(flags: Flags): Parameters {
  const texts = Object.entries(PARAMETERS).map(([flag, name]) => [name, flags.text(flag)] as const);
  const given = {
    ...Object.fromEntries(texts),
    tag: flags.list('tag').length > 0 ? flags.list('tag') : undefined,
    passingonly: flags.isOn('passingonly') || undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** A timer that keeps the process alive while it waits. */
function after(delayMs: number, fn: () => void): { cancel(): void } {
  const timer = setTimeout(fn, delayMs);
  return { cancel: () => clearTimeout(timer) };
}

async function run({ flags, args, io, client, interrupted }: CommandInput): Promise<number> {
  const plan = planWatch(parametersOf(flags));
  const isShell = flags.text('shell') === undefined || flags.isOn('shell');
  const onError = (error: unknown): void => {
    if (args.length === 0) throw error;
    io.err(`watch: ${(error as Error).message}; trying again`);
  };
  const agent = client();
  const ask: Ask = async (path, query, signal) => {
    const answer = await agent.request('GET', path, { query, signal });
    // A key that is not there has an index to wait at; a service of the agent has no hash then.
    const mayBeAbsent = answer.status === 404 && plan.cursor === 'index';
    if (answer.status !== 200 && !mayBeAbsent) throw unexpected(answer);
    return answer;
  };
  const following = { ask, clock: { after }, signal: interrupted, onError };
  for await (const { value, index } of readChanges(plan, following)) {
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
    { name: 'id', value: 'SERVICE_ID', doc: 'For agent_service: the service of this agent.' },
    { name: 'tag', value: 'TAG', doc: 'For service; may be repeated.' },
    { name: 'passingonly', doc: 'For service: healthy instances only.' },
    { name: 'state', value: 'STATE', doc: 'For checks: any, passing, warning, critical.' },
    { name: 'name', value: 'NAME', doc: 'For event.' },
    { name: 'filter', value: 'EXPRESSION', doc: 'For services, nodes, service and checks.' },
    { name: 'shell', doc: 'Run the program through a shell. Default true.' },
  ],
  isClient: true,
  refusedAs: 'Error querying Consul agent',
  isLong: true,
  examples: [
    'rollcall watch -type=service -service=web',
    'rollcall watch -type=keyprefix -prefix=app/ ./reload-app.sh',
  ],
  run,
};
