/**
 * The agent's log: pino in front, any number of sinks behind.
 *
 * Standard output gets readable lines on a terminal and JSON otherwise; `rollcall monitor` and the log file are further
 * sinks with levels of their own. A line below the lowest level that any sink wants costs one comparison; pino itself
 * lets everything pass, so its children need not be told of a change of level, nor remembered. Lines to standard output are written in the background (log-output.ts); `flush`
 * before the process ends.
 */
import { type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { LogFile } from './log-file.ts';
import { readableLine } from './log-line.ts';
import { LogOutput, unwaiting } from './log-output.ts';

/** Level number of each name that configuration files and `monitor` use. */
const LEVELS: Readonly<Record<string, number>> = {
  TRACE: 10,
  DEBUG: 20,
  INFO: 30,
  WARN: 40,
  ERR: 50,
  ERROR: 50,
};

interface Sink {
  readonly level: number;
  readonly isJson: boolean;
  readonly write: (line: string) => void;
}

export interface LogSettings {
  readonly level: string;
  readonly isJson: boolean;
}

const levelNumber = (name: string): number => LEVELS[name.toUpperCase()] ?? 30;

export class AgentLog {
  readonly log: Logger;
  readonly #sinks = new Set<Sink>();
  readonly #stdout: LogOutput;
  readonly #isJson: boolean;
  #stdoutSink: Sink;
  #file: LogFile | undefined;
  /** Level number of what at least one sink wants. */
  #lowest = 0;

  constructor(settings: LogSettings, clock: Clock) {
    this.#stdout = new LogOutput(unwaiting(process.stdout.fd), clock);
    const root = pino({ base: null, level: 'trace' }, { write: (line: string) => this.#fanOut(line) });
    this.#isJson = settings.isJson;
    this.#stdoutSink = this.#makeStdoutSink(settings.level);
    this.#sinks.add(this.#stdoutSink);
    this.#adjustLevel();
    this.log = this.#wrap(root);
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

  #wrap(inner: PinoLogger): Logger {
    return {
      debug: (fields, message) => this.#lowest <= 20 && inner.debug(fields, message),
      info: (fields, message) => this.#lowest <= 30 && inner.info(fields, message),
      warn: (fields, message) => this.#lowest <= 40 && inner.warn(fields, message),
      error: (fields, message) => inner.error(fields, message),
      isDebug: () => this.#lowest <= 20,
      child: (fields) => this.#wrap(inner.child(fields)),
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
    const level = Number(/^\{"level":(\d+)/.exec(json)?.[1] ?? 30);
    let readable: string | undefined;
    for (const sink of this.#sinks) {
      if (level < sink.level) continue;
      if (!sink.isJson) readable ??= readableLine(json);
      sink.write(sink.isJson ? json.trimEnd() : (readable ?? ''));
    }
  }
}
