/**
 * `rollcall agent`: runs until a signal ends it.
 *
 * Flags are those of Consul: the rows of the option table that have one, those that have no meaning in a single
 * agent (accepted), and the few that say where the configuration is. A first signal ends in good order, a second one at
 * once; SIGHUP reloads; SIGUSR2 goes on in a new log file.
 */
import { spawn } from 'node:child_process';
import { startAgent } from '../../agent/agent.ts';
import { ACCEPTED_FLAGS } from '../../agent/config/accepted-keys.ts';
import type { ConfigRequest } from '../../agent/config/load-config.ts';
import type { OptionSpec } from '../../agent/config/option-spec.ts';
import { OPTION_KEYS, OPTIONS, type OptionKey } from '../../agent/config/options.ts';
import type { RunningAgent } from '../../agent/run-agent.ts';
import { systemClock } from '../../lib/clock.ts';
import { AppError } from '../../model/errors.ts';
import type { Command } from '../command-spec.ts';
import type { FlagSpec, Flags } from '../flags.ts';
import { packageVersion } from '../own-version.ts';
import { signalMeanings } from '../signals.ts';

/** Flags that are no options: what to read, and how. */
const SOURCE_FLAGS: readonly FlagSpec[] = [
  { name: 'dev', doc: 'Development agent: keeps nothing on disk, serves the page, needs no configuration.' },
  { name: 'config-file', value: 'FILE', doc: 'Configuration file, JSON or HCL; may be repeated.' },
  {
    name: 'config-dir',
    value: 'DIR',
    doc: 'Folder of configuration files, read in alphabetical order; may be repeated.',
  },
  {
    name: 'config-format',
    value: 'json|hcl',
    choices: ['json', 'hcl'],
    doc: 'Format of all files, whatever their names end in.',
  },
  { name: 'hcl', value: 'TEXT', doc: 'A piece of configuration in HCL, merged last; may be repeated.' },
];
const SOURCE_FLAG_NAMES = new Set(SOURCE_FLAGS.map(({ name }) => name));

const PLACEHOLDERS: Readonly<Record<OptionSpec['kind'], string>> = {
  text: 'TEXT',
  switch: '',
  integer: 'NUMBER',
  port: 'PORT',
  bytes: 'BYTES',
  duration: 'DURATION',
  share: 'SHARE',
  addresses: 'ADDRESSES',
  address: 'ADDRESS',
  list: 'VALUE',
  'text-map': 'KEY:VALUE',
  'duration-map': 'KEY:DURATION',
  objects: 'JSON',
};

function flagOfOption(key: OptionKey): FlagSpec[] {
  const spec: OptionSpec = OPTIONS[key];
  if (spec.flag === undefined) return [];
  const choices = spec.values?.filter((word) => word !== '').join('|');
  const value = choices ?? PLACEHOLDERS[spec.kind];
  return [{ name: spec.flag, doc: spec.doc, ...(value !== '' && { value }) }];
}

function acceptedFlag([name, { key, isSwitch }]: [string, { key: string; isSwitch?: true }]): FlagSpec {
  return {
    name,
    doc: `\`${key}\` has no meaning here.`,
    group: 'Accepted, without effect:',
    ...(!isSwitch && { value: 'VALUE' }),
  };
}

const byName = (a: FlagSpec, b: FlagSpec): number => (a.name < b.name ? -1 : 1);
const ACCEPTED = Object.entries(ACCEPTED_FLAGS).map(acceptedFlag).sort(byName);

/** What most agents are started with, in the order in which one thinks of it. */
const USUAL: readonly string[] = [
  'dev',
  'server',
  'ui',
  'data-dir',
  'config-dir',
  'config-file',
  'node',
  'datacenter',
  'client',
  'bind',
  'advertise',
  'bootstrap-expect',
  'retry-join',
  'encrypt',
  'http-port',
  'dns-port',
  'recursor',
  'log-level',
];

function usualFirst(flags: readonly FlagSpec[]): readonly FlagSpec[] {
  const usual = USUAL.flatMap((name) => flags.find((flag) => flag.name === name) ?? []);
  const others = flags.filter((flag) => !usual.includes(flag)).sort(byName);
  return [
    ...usual.map((flag) => ({ ...flag, group: 'What most agents are started with:' })),
    ...others.map((flag) => ({ ...flag, group: 'More options (docs/config.md has those of files too):' })),
  ];
}

function configRequest(flags: Flags, env: ConfigRequest['env']): ConfigRequest {
  const format = flags.text('config-format');
  if (format !== undefined && format !== 'json' && format !== 'hcl')
    throw new AppError('config_invalid', `-config-format: must be 'hcl' or 'json', not ${format}`);
  return {
    isDev: flags.isOn('dev'),
    paths: flags.given
      .filter(({ flag }) => flag === 'config-file' || flag === 'config-dir')
      .map(({ value }) => value),
    format,
    flags: flags.given.filter(({ flag }) => !SOURCE_FLAG_NAMES.has(flag)),
    fragments: flags.list('hcl'),
    env,
  };
}

/**
 * Until the agent is ready a SIGHUP must not end it, as it would by itself. The function that this gives says whether one
 * came, and lets go of the signal.
 */
function holdHangups(): () => boolean {
  let hasCome = false;
  const hold = (): void => {
    hasCome = true;
  };
  process.on('SIGHUP', hold);
  return () => {
    process.off('SIGHUP', hold);
    return hasCome;
  };
}

/** End on a signal, at once on the second one; reload on SIGHUP, also on one that came before `agent` was ready. */
function obeySignals(agent: RunningAgent, hasHungUp: boolean): void {
  const meaning = signalMeanings(systemClock);
  const end = (signal: 'SIGINT' | 'SIGTERM') => (): void => {
    const meant = meaning();
    if (meant === 'second') process.exit(1);
    if (meant === 'echo') return;
    agent.log.info({ signal }, 'ending; a second signal ends at once');
    void agent.interrupt(signal);
  };
  process.on('SIGINT', end('SIGINT'));
  process.on('SIGTERM', end('SIGTERM'));
  process.on('SIGUSR2', () => agent.reopenLog());
  const reload = (): void => void agent.reload().catch(() => {}); // the agent has logged what was wrong
  process.on('SIGHUP', reload);
  if (hasHungUp) reload();
}

const KEEP_ALIVE_MS = 2 ** 30;

/** Tell systemd that the agent answers now; a unit of Type=notify waits for that. */
function notifySystemd(agent: RunningAgent): void {
  if (!process.env['NOTIFY_SOCKET']) return;
  const notify = spawn('systemd-notify', ['--ready', '--no-block', `--pid=${process.pid}`], {
    stdio: 'ignore',
  });
  const failed = (err: unknown): void =>
    agent.log.warn({ err }, 'systemd was not told that the agent is ready');
  notify.on('error', failed);
  notify.on('exit', (status) => {
    if (status !== 0) failed(new Error(`systemd-notify ended with status ${status}`));
  });
  notify.unref();
}

export const command: Command = {
  summary: 'Run an agent',
  description:
    'Runs the agent until a signal ends it: DNS, HTTP API, page, health checks and catalog in one process.',
  flags: [...usualFirst([...SOURCE_FLAGS, ...OPTION_KEYS.flatMap(flagOfOption)]), ...ACCEPTED],
  isClient: false,
  examples: [
    'rollcall agent -dev',
    'rollcall agent -server -ui -data-dir /var/lib/rollcall -config-dir /etc/rollcall.d -client 0.0.0.0',
  ],
  run: async ({ flags, env, io }) => {
    const isTerminal = process.stdout.isTTY === true;
    const releaseHangups = holdHangups();
    const agent = await startAgent({
      configuration: configRequest(flags, env),
      version: packageVersion(),
    });
    // Timers let the process end, so while a part waits for nothing but time, this is what keeps it.
    const alive = setInterval(() => {}, KEEP_ALIVE_MS);
    obeySignals(agent, releaseHangups());
    notifySystemd(agent);
    for (const line of agent.greeting) {
      if (isTerminal) io.out(line);
      else agent.log.info({}, line.trim());
    }
    const failure = await agent.ended;
    clearInterval(alive);
    if (failure !== undefined) io.err(failure.message);
    process.exit(failure === undefined ? 0 : 1); // a part that did not stop in time may hold a socket or a thread: nobody waits for it
  },
};
