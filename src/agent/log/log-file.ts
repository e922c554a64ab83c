/**
 * The log as JSON in a file, with rotation by size, by age and by request.
 *
 * Consul's naming: the active file carries the time of its opening (`rollcall-1795182672747.log`) once rotation is on, and
 * only the newest `maxFiles` old ones stay. `reopen` goes on in a new file of the same name, for logrotate.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { systemErrorText } from '../../lib/system-error.ts';
import { AppError } from '../../model/errors.ts';
import { makeFolder } from '../make-folder.ts';

export interface LogFileSettings {
  /** File, or folder when it ends in a slash. */
  readonly path: string;
  /** 0 is never. */
  readonly rotateBytes: number;
  readonly rotateMs: number;
  /** Old files to keep; 0 is all, -1 none. */
  readonly maxFiles: number;
}

const DEFAULT_NAME = 'rollcall.log';

const isFolder = (file: string): boolean =>
  fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;

export class LogFile {
  readonly #settings: LogFileSettings;
  readonly #clock: Clock;
  readonly #dir: string;
  readonly #stem: string;
  readonly #extension: string;
  #fd = -1;
  #bytes = 0;
  #openedMs = 0;

  /** Throws AppError config_invalid when the file cannot be opened. */
  constructor(settings: LogFileSettings, clock: Clock) {
    if (!settings.path.endsWith('/') && isFolder(settings.path))
      throw new AppError(
        'config_invalid',
        `log_file: ${settings.path} is a folder; write ${settings.path}/ for a file in it`,
      );
    const name = settings.path.endsWith('/') ? DEFAULT_NAME : path.basename(settings.path);
    this.#settings = settings;
    this.#clock = clock;
    this.#dir = settings.path.endsWith('/') ? settings.path : path.dirname(settings.path);
    this.#extension = path.extname(name) || '.log';
    this.#stem = path.basename(name, path.extname(name));
    try {
      makeFolder(this.#dir);
      this.#open();
    } catch (cause) {
      throw new AppError(
        'config_invalid',
        `log_file: ${settings.path} cannot be written: ${systemErrorText(cause)}`,
        {
          cause,
        },
      );
    }
  }

  /** Append one line. A full disk loses the line, not the agent. */
  write(line: string): void {
    const { rotateBytes, rotateMs } = this.#settings;
    const isTooLarge = rotateBytes > 0 && this.#bytes >= rotateBytes;
    const isTooOld = rotateMs > 0 && this.#clock.now() - this.#openedMs >= rotateMs;
    try {
      if (this.#fd < 0) this.#open();
      else if (isTooLarge || isTooOld) this.#rotate();
      this.#bytes += fs.writeSync(this.#fd, `${line}\n`);
    } catch {
      // There is nowhere left to say so; standard output has the line.
    }
  }

  /** Go on in a file of the same name; one that cannot be opened now is tried again at the next line. Never throws. */
  reopen(): void {
    this.close();
    try {
      this.#open();
    } catch {
      // write() tries again
    }
  }

  /** Let go of the file; a disk that fails even then has lost the lines. Never throws. */
  close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    try {
      if (fd >= 0) fs.closeSync(fd);
    } catch {
      // the descriptor is gone all the same
    }
  }

  #open(): void {
    const file = path.join(this.#dir, this.#stem + this.#extension);
    this.#fd = fs.openSync(file, 'a', 0o640);
    const { size, birthtimeMs } = fs.fstatSync(this.#fd);
    this.#bytes = size;
    this.#openedMs = size === 0 ? this.#clock.now() : Math.round(birthtimeMs);
  }

  #rotate(): void {
    this.close();
    const active = path.join(this.#dir, this.#stem + this.#extension);
    fs.renameSync(active, path.join(this.#dir, `${this.#stem}-${this.#clock.now()}${this.#extension}`));
    this.#open();
    this.#removeOld();
  }

  #removeOld(): void {
    const { maxFiles } = this.#settings;
    if (maxFiles === 0) return;
    const old = fs
      .readdirSync(this.#dir)
      .filter((name) => name.startsWith(`${this.#stem}-`) && name.endsWith(this.#extension))
      .filter((name) => /^\d+$/.test(name.slice(this.#stem.length + 1, -this.#extension.length)))
      .sort();
    const kept = Math.max(maxFiles, 0);
    for (const name of old.slice(0, Math.max(old.length - kept, 0))) fs.rmSync(path.join(this.#dir, name));
  }
}
