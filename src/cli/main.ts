/**
 * The program: finds the command that the words name, parses its flags, runs it, turns what it throws into one line.
 *
 * A command is a file in commands/ and its line in COMMANDS; the file is loaded only when it is called, which keeps
 * `rollcall agent` quick to start. Flags follow Consul (flags.ts). Exit status: 0 done, 1 refused or failed, others
 * as a command says.
 */
import { systemClock } from '../lib/clock.ts';
import { AppError, invariant } from '../model/errors.ts';
import { Client } from './client.ts';
import { painterFor } from './colour.ts';
import type { Command, CommandInput, CommandIo, NamedCommand } from './command-spec.ts';
import { Flags, type GivenFlag, goFlags } from './flags.ts';
import { signalMeanings } from './signals.ts';

interface CommandModule {
  readonly command: Command;
}

/** Words -> where the command lives. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  'acl auth-method create': async () => ({
    command: (await import('./commands/acl-auth-method-commands.ts')).create,
  }),
  'acl auth-method delete': async () => ({
    command: (await import('./commands/acl-auth-method-commands.ts')).remove,
  }),
  'acl auth-method list': async () => ({
    command: (await import('./commands/acl-auth-method-commands.ts')).list,
  }),
  'acl auth-method read': async () => ({
    command: (await import('./commands/acl-auth-method-commands.ts')).read,
  }),
  'acl auth-method update': async () => ({
    command: (await import('./commands/acl-auth-method-commands.ts')).update,
  }),
  'acl binding-rule create': async () => ({
    command: (await import('./commands/acl-binding-rule-commands.ts')).create,
  }),
  'acl binding-rule delete': async () => ({
    command: (await import('./commands/acl-binding-rule-commands.ts')).remove,
  }),
  'acl binding-rule list': async () => ({
    command: (await import('./commands/acl-binding-rule-commands.ts')).list,
  }),
  'acl binding-rule read': async () => ({
    command: (await import('./commands/acl-binding-rule-commands.ts')).read,
  }),
  'acl binding-rule update': async () => ({
    command: (await import('./commands/acl-binding-rule-commands.ts')).update,
  }),
  'acl bootstrap': async () => ({ command: (await import('./commands/acl-commands.ts')).bootstrap }),
  'acl explain': async () => ({ command: (await import('./commands/acl-commands.ts')).explain }),
  'acl policy create': async () => ({ command: (await import('./commands/acl-policy-commands.ts')).create }),
  'acl policy delete': async () => ({ command: (await import('./commands/acl-policy-commands.ts')).remove }),
  'acl policy list': async () => ({ command: (await import('./commands/acl-policy-commands.ts')).list }),
  'acl policy read': async () => ({ command: (await import('./commands/acl-policy-commands.ts')).read }),
  'acl policy update': async () => ({ command: (await import('./commands/acl-policy-commands.ts')).update }),
  'acl role create': async () => ({ command: (await import('./commands/acl-role-commands.ts')).create }),
  'acl role delete': async () => ({ command: (await import('./commands/acl-role-commands.ts')).remove }),
  'acl role list': async () => ({ command: (await import('./commands/acl-role-commands.ts')).list }),
  'acl role read': async () => ({ command: (await import('./commands/acl-role-commands.ts')).read }),
  'acl role update': async () => ({ command: (await import('./commands/acl-role-commands.ts')).update }),
  'acl set-agent-token': async () => ({
    command: (await import('./commands/acl-commands.ts')).setAgentToken,
  }),
  'acl templated-policy list': async () => ({
    command: (await import('./commands/acl-commands.ts')).templateList,
  }),
  'acl templated-policy preview': async () => ({
    command: (await import('./commands/acl-commands.ts')).templatePreview,
  }),
  'acl templated-policy read': async () => ({
    command: (await import('./commands/acl-commands.ts')).templateRead,
  }),
  'acl token clone': async () => ({ command: (await import('./commands/acl-token-commands.ts')).clone }),
  'acl token create': async () => ({ command: (await import('./commands/acl-token-commands.ts')).create }),
  'acl token delete': async () => ({ command: (await import('./commands/acl-token-commands.ts')).remove }),
  'acl token list': async () => ({ command: (await import('./commands/acl-token-commands.ts')).list }),
  'acl token read': async () => ({ command: (await import('./commands/acl-token-commands.ts')).read }),
  'acl token update': async () => ({ command: (await import('./commands/acl-token-commands.ts')).update }),
  'acl translate-rules': async () => ({
    command: (await import('./commands/acl-commands.ts')).translateRules,
  }),
  agent: () => import('./commands/agent-command.ts'),
  bridge: () => import('./commands/bridge-command.ts'),
  'catalog datacenters': () => import('./commands/catalog-datacenters-command.ts'),
  'catalog nodes': () => import('./commands/catalog-nodes-command.ts'),
  'catalog services': () => import('./commands/catalog-services-command.ts'),
  'check history': () => import('./commands/check-history-command.ts'),
  'check test': () => import('./commands/check-test-command.ts'),
  checks: () => import('./commands/checks-command.ts'),
  completion: () => import('./commands/completion-command.ts'),
  debug: () => import('./commands/debug-command.ts'),
  event: () => import('./commands/event-command.ts'),
  explain: () => import('./commands/explain-command.ts'),
  'force-leave': () => import('./commands/force-leave-command.ts'),
  history: () => import('./commands/history-command.ts'),
  info: () => import('./commands/info-command.ts'),
  join: () => import('./commands/join-command.ts'),
  keygen: () => import('./commands/keygen-command.ts'),
  'kv delete': () => import('./commands/kv-delete-command.ts'),
  'kv export': () => import('./commands/kv-export-command.ts'),
  'kv get': () => import('./commands/kv-get-command.ts'),
  'kv import': () => import('./commands/kv-import-command.ts'),
  'kv put': () => import('./commands/kv-put-command.ts'),
  leave: () => import('./commands/leave-command.ts'),
  lock: () => import('./commands/lock-command.ts'),
  login: async () => ({ command: (await import('./commands/login-commands.ts')).login }),
  logout: async () => ({ command: (await import('./commands/login-commands.ts')).logout }),
  maint: () => import('./commands/maint-command.ts'),
  man: () => import('./commands/man-command.ts'),
  members: () => import('./commands/members-command.ts'),
  migrate: () => import('./commands/migrate-command.ts'),
  monitor: () => import('./commands/monitor-command.ts'),
  'operator autopilot get-config': () => import('./commands/operator-autopilot-get-config-command.ts'),
  'operator autopilot set-config': () => import('./commands/operator-autopilot-set-config-command.ts'),
  'operator autopilot state': () => import('./commands/operator-autopilot-state-command.ts'),
  'operator raft list-peers': () => import('./commands/operator-raft-list-peers-command.ts'),
  'operator raft remove-peer': () => import('./commands/operator-raft-remove-peer-command.ts'),
  'operator raft transfer-leader': () => import('./commands/operator-raft-transfer-leader-command.ts'),
  'operator usage instances': () => import('./commands/operator-usage-instances-command.ts'),
  'query create': () => import('./commands/query-create-command.ts'),
  'query delete': () => import('./commands/query-delete-command.ts'),
  'query execute': () => import('./commands/query-execute-command.ts'),
  'query list': () => import('./commands/query-list-command.ts'),
  reload: () => import('./commands/reload-command.ts'),
  rtt: () => import('./commands/rtt-command.ts'),
  'services deregister': () => import('./commands/services-deregister-command.ts'),
  'services register': () => import('./commands/services-register-command.ts'),
  'snapshot inspect': () => import('./commands/snapshot-inspect-command.ts'),
  'snapshot restore': () => import('./commands/snapshot-restore-command.ts'),
  'snapshot save': () => import('./commands/snapshot-save-command.ts'),
  'tls ca create': () => import('./commands/tls-ca-create-command.ts'),
  'tls cert create': () => import('./commands/tls-cert-create-command.ts'),
  validate: () => import('./commands/validate-command.ts'),
  version: () => import('./commands/version-command.ts'),
  watch: () => import('./commands/watch-command.ts'),
};

const processIo: CommandIo = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  raw: (bytes) => void process.stdout.write(bytes),
  stdin: async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  },
  paint: painterFor(process.stdout),
  isTerminal: process.stderr.isTTY === true,
};
const paintErrors = painterFor(process.stderr);

interface Chosen {
  readonly name: string;
  readonly rest: readonly string[];
}

/** The longest run of words that is a command. */
function choose(argv: readonly string[]): Chosen | undefined {
  for (let length = Math.min(3, argv.length); length > 0; length -= 1) {
    const name = argv.slice(0, length).join(' ');
    if (Object.hasOwn(COMMANDS, name)) return { name, rest: argv.slice(length) };
  }
  return undefined;
}

/** An interrupt ends a long command in good order; the second one ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const meaning = signalMeanings(systemClock);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const meant = meaning();
      if (meant === 'second') process.exit(130);
      if (meant === 'first') controller.abort();
    });
  }
  return controller.signal;
}

function allCommands(): Promise<readonly NamedCommand[]> {
  return Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => ({ name, command: (await load()).command })),
  );
}

/** The longest run of words that begins commands, with a space after it; '' begins all. */
function groupOf(words: readonly string[]): string {
  for (let length = words.length; length > 0; length -= 1) {
    const prefix = `${words.slice(0, length).join(' ')} `;
    if (Object.keys(COMMANDS).some((name) => name.startsWith(prefix))) return prefix;
  }
  return '';
}

async function showGroup(words: readonly string[], io: CommandIo): Promise<number> {
  const { listOf } = await import('./help.ts');
  const isHelp = (word: string): boolean => ['-h', '--help', '-help', 'help'].includes(word);
  const group = words.filter((word) => !isHelp(word) && !word.startsWith('-'));
  const prefix = groupOf(group);
  const { whyMissing } = await import('./missing-command.ts');
  const missing = whyMissing(group, prefix, Object.keys(COMMANDS));
  if (missing !== undefined) {
    io.err(paintErrors('red', missing));
    return 127;
  }
  const names = Object.keys(COMMANDS).filter((name) => name.startsWith(prefix));
  const listed = (await allCommands())
    .filter(({ name }) => names.includes(name))
    .map(({ name, command }) => [name, command.summary] as const);
  const isAsked = words.some(isHelp);
  const text = listOf(`rollcall ${prefix}<command> [options]`, listed, isAsked ? io.paint : paintErrors);
  if (isAsked) io.out(text);
  else io.err(text);
  return isAsked ? 0 : 1;
}

/** What a command would ignore: a second name that was meant too, or a flag that came too late. */
function refuseSurplus({ args: shown = '' }: Command, args: readonly string[]): void {
  const places = shown.split(' ').filter((place) => place !== '');
  if (args.length <= places.length || shown.includes('…')) return;
  const late = args.find((arg) => arg.startsWith('-'));
  const hint = late === undefined ? '' : `; flags such as ${late} come before the arguments`;
  throw new AppError(
    'bad_request',
    `Too many arguments (expected ${places.length}, got ${args.length}): unexpected argument ${args[places.length]}${hint}`,
  );
}

async function runChosen({ name, rest }: Chosen, io: CommandIo): Promise<number> {
  const { flagsOf, helpOf, parserOf } = await import('./help.ts');
  const load = COMMANDS[name];
  invariant(load, 'choose() found it in COMMANDS');
  const { command } = await load();
  if (rest[0] && ['-h', '-help', '--help'].includes(rest[0])) {
    io.out(helpOf(name, command));
    return 0;
  }
  const { flags, args } = goFlags(rest, flagsOf(command));
  const given: GivenFlag[] = [];
  parserOf(name, command, (flag, value) => given.push({ flag, value })).parse([...flags, '--', ...args], {
    from: 'user',
  });
  const parsed = new Flags(given);
  refuseSurplus(command, args);
  const { env } = process;
  const client = (): Client => new Client(parsed, env);
  const interrupted = command.isLong ? interruption() : new AbortController().signal;
  const input = { flags: parsed, args, env, io, client, interrupted, allCommands };
  try {
    return await command.run(input);
  } catch (error) {
    throw await aboutCommand(error, command, input);
  }
}

/** A refusal of the agent with what was refused before it. */
async function aboutCommand(
  error: unknown,
  { refusedAs }: Command,
  input: Pick<CommandInput, 'flags' | 'args'>,
): Promise<unknown> {
  if (refusedAs === undefined || !(error instanceof AppError)) return error;
  const { RefusedAnswer } = await import('./client.ts');
  if (!(error instanceof RefusedAnswer)) return error;
  const what = typeof refusedAs === 'string' ? refusedAs : refusedAs(input);
  return new AppError(error.code, `${what}: ${error.message}`, { cause: error });
}

async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  if (['-v', '-version', '--version'].includes(argv[0] ?? '')) return main(['version'], io);
  const chosen = choose(argv);
  if (!chosen) return showGroup(argv, io);
  try {
    return await runChosen(chosen, io);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    for (const line of error.message.split('\n')) io.err(paintErrors('red', line));
    return 1;
  }
}

// Who reads the output may stop reading: `rollcall help | head -1` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await main(process.argv.slice(2), processIo);
