/**
 * The agent's log: pino in front, any number of sinks behind.
 *
 * Standard output gets readable lines, or JSON where `log_json` says so, whoever reads it; `rollcall monitor` and the log
 * file are further sinks with levels of their own. A line below the lowest level that any sink wants costs one comparison; pino itself
 * lets everything pass, so its children need not be told of a change of level, nor remembered. Lines to standard output are written in the background (log-output.ts); `flush`
 * before the process ends.
 *
 * JSON lines have Consul's keys (`@level`, `@message`, `@module`, `@timestamp`), so that what reads Consul's log reads this one.
 * The field `part` of a child logger becomes its module: `agent.dns`.
 */
import { type LoggerOptions, type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { LogFile } from './log-file.ts';
import { LINE_KEYS, levelOf, readableLine } from './log-line.ts';
import { LogOutput, unwaiting } from './log-output.ts';

/** Level number of each name that configuration files and `monitor` use. */
const LEVELS = { TRACE: 10, DEBUG: 20, INFO: 30, WARN: 40, ERR: 50, ERROR: 50 } as const;

const ROOT_MODULE = 'agent';

const lineOptions = (clock: Clock): LoggerOptions => ({
  base: null,
  level: 'trace',
  messageKey: LINE_KEYS.message,
  timestamp: () => `,"${LINE_KEYS.time}":"${new Date(clock.now()).toISOString()}"`,
  formatters: { level: (label) => ({ [LINE_KEYS.level]: label }) },
});

interface Sink {
  readonly level: number;
  readonly isJson: boolean;
  readonly write: (line: string) => void;
}

export interface LogSettings {
  readonly level: string;
  readonly isJson: boolean;
}

const levelNumber = (name: string): number =>
  (LEVELS as Readonly<Record<string, number>>)[name.toUpperCase()] ?? LEVELS.INFO;

export class AgentLog {
  readonly log: Logger;
  readonly #pino: PinoLogger;
  readonly #sinks = new Set<Sink>();
  readonly #stdout: LogOutput;
  readonly #isJson: boolean;
  #stdoutSink: Sink;
  #file: LogFile | undefined;
  /** Level number of what at least one sink wants. */
  #lowest = 0;

  constructor(settings: LogSettings, clock: Clock) {
    this.#stdout = new LogOutput(unwaiting(process.stdout.fd), clock);
    this.#pino = pino(lineOptions(clock), { write: (line: string) => this.#fanOut(line) });
    this.#isJson = settings.isJson;
    this.#stdoutSink = this.#makeStdoutSink(settings.level);
    this.#sinks.add(this.#stdoutSink);
    this.#adjustLevel();
    this.log = this.#logger(ROOT_MODULE, {});
  }

  /** Change what standard output gets, from loggers that exist already too. */
  setLevel(level: string): void {
    this.#sinks.delete(this.#stdoutSink);
    this.#stdoutSink = this.#makeStdoutSink(level);
    this.#sinks.add(this.#stdoutSink);
    this.#adjustLevel();
  }

  /** Call `onLine` (no line end) for lines of `level` and above until the returned function is called. */
  subscribe(level: string, isJson: boolean, onLine: (line: string) => void): () => void {
    const sink: Sink = { level: levelNumber(level), isJson, write: onLine };
    this.#sinks.add(sink);
    this.#adjustLevel();
    return () => {
      this.#sinks.delete(sink);
      this.#adjustLevel();
    };
  }

  /** Write lines of `level` and above to a file too. */
  addFile(file: LogFile, level: string): void {
    this.#file = file;
    this.subscribe(level, true, (line) => file.write(line));
  }

  /** Go on in a new file of the same name, after somebody moved the old one away. */
  reopenFile(): void {
    this.#file?.reopen();
  }

  /** Resolves when standard output has everything, or does not take it in time. */
  flush(): Promise<void> {
    return this.#stdout.flush();
  }

  /** For the very end of the process, whatever ends it. */
  writeLast(): void {
    this.#stdout.writeLast();
  }

  #logger(module: string, bound: object): Logger {
    const inner = this.#pino.child({ [LINE_KEYS.module]: module, ...bound });
    return {
      debug: (fields, message) => this.#lowest <= LEVELS.DEBUG && inner.debug(fields, message),
      info: (fields, message) => this.#lowest <= LEVELS.INFO && inner.info(fields, message),
      warn: (fields, message) => this.#lowest <= LEVELS.WARN && inner.warn(fields, message),
      error: (fields, message) => inner.error(fields, message),
      isDebug: () => this.#lowest <= LEVELS.DEBUG,
      child: ({ part, ...fields }: { readonly part?: string }) =>
        this.#logger(part === undefined ? module : `${ROOT_MODULE}.${part}`, { ...bound, ...fields }),
    };
  }

  #makeStdoutSink(level: string): Sink {
    return {
      level: levelNumber(level),
      isJson: this.#isJson,
      write: (line) => this.#stdout.write(line),
    };
  }

  #adjustLevel(): void {
    this.#lowest = Math.min(...[...this.#sinks].map(({ level }) => level));
  }

  #fanOut(json: string): void {
    const level = levelNumber(levelOf(json));
    let readable: string | undefined;
    for (const sink of this.#sinks) {
      if (level < sink.level) continue;
      if (!sink.isJson) readable ??= readableLine(json);
      sink.write(sink.isJson ? json.trimEnd() : (readable ?? ''));
    }
  }
}
