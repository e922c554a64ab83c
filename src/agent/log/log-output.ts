/**
 * Lines to an open file descriptor, standard output as a rule, without ever holding the agent up.
 *
 * One write is under way at a time, on a thread of the pool; what comes meanwhile and shortly after goes with the next one. A reader that
 * is too slow loses lines, and is told how many. A disk that is full loses what it refuses, and the next write is tried
 * all the same; when nobody can ever read again (EPIPE), lines go nowhere. None of this is an error of the agent's.
 */
import fs from 'node:fs';
import { isatty } from 'node:tty';
import { type Clock, sleep } from '../../lib/clock.ts';

/** Characters that wait at most. Turning it up keeps more of a burst, at that much memory. */
const MAX_WAITING = 8 * 1024 * 1024;
/** Before a descriptor that takes nothing at the moment (EAGAIN) is tried again. */
const AGAIN_MS = 100;
/** Between two writes of many lines: each costs as much as an answer to a request. */
const GAP_MS = 10;
/** How long the end of the agent waits for a reader. */
const FLUSH_MS = 1_000;

/**
 * A descriptor of the same pipe or terminal that refuses octets instead of waiting until it can take them: a write that
 * waits holds a thread, and no process ends before its threads do. `fd` itself where there is none to be had.
 */
export function unwaiting(fd: number): number {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
  try {
    if (!isatty(fd) && !fs.fstatSync(fd).isFIFO()) return fd;
    return fs.openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return fd;
  }
}

export class LogOutput {
  readonly #fd: number;
  readonly #clock: Clock;
  #waiting: string[] = [];
  #length = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isReadable = true;
  #isResting = false;

  constructor(fd: number, clock: Clock) {
    this.#fd = fd;
    this.#clock = clock;
  }

  /** Take a line, without its end. Never throws. */
  write(line: string): void {
    if (!this.#isReadable) return;
    if (this.#length + line.length > MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#length += line.length;
    this.#begin();
  }

  /** Resolves when everything is written, or was not taken in time; then nothing more is. Never rejects. */
  async flush(): Promise<void> {
    await Promise.race([this.#writeAll(), sleep(this.#clock, FLUSH_MS)]);
    if (this.#writing !== undefined) this.#isReadable = false; // further tries would keep the process alive
  }

  /** Write what waits now, for a process that ends in this moment. Never throws. */
  writeLast(): void {
    if (this.#waiting.length === 0 || !this.#isReadable) return;
    try {
      fs.writeSync(this.#fd, `${this.#waiting.join('\n')}\n`);
    } catch {
      // there is nobody left to tell
    }
    this.#waiting = [];
  }

  async #writeAll(): Promise<void> {
    while (this.#writing !== undefined || (this.#waiting.length > 0 && this.#isReadable)) {
      this.#isResting = false;
      this.#begin();
      await this.#writing;
    }
  }

  /** A line after a pause goes at once, at the end of its turn; those of a burst wait for each other. */
  #begin(): void {
    if (this.#isResting) return;
    this.#writing ??= this.#writeWaiting().then(() => this.#rest());
  }

  #rest(): void {
    this.#writing = undefined;
    this.#isResting = true;
    this.#clock.after(GAP_MS, () => {
      this.#isResting = false;
      if (this.#waiting.length > 0) this.#begin();
    });
  }

  async #writeWaiting(): Promise<void> {
    await Promise.resolve(); // the lines of this turn go together
    if (this.#waiting.length === 0 || !this.#isReadable) return;
    if (this.#dropped > 0)
      this.#waiting.push(`{"@level":"warn","@message":"${this.#dropped} lines were lost here"}`);
    const bytes = Buffer.from(`${this.#waiting.join('\n')}\n`);
    this.#waiting = [];
    this.#length = 0;
    this.#dropped = 0;
    await this.#writeBytes(bytes);
  }

  async #writeBytes(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && this.#isReadable; ) {
      const written = await this.#writeOnce(bytes, at);
      if (written === 'lost') return;
      if (written === 0) await sleep(this.#clock, AGAIN_MS);
      at += written;
    }
  }

  /** Octets that were taken. */
  #writeOnce(bytes: Buffer, at: number): Promise<number | 'lost'> {
    return new Promise((resolve) => {
      fs.write(this.#fd, bytes, at, bytes.length - at, null, (error, written) => {
        if (error === null) return resolve(written);
        if (error.code === 'EAGAIN') return resolve(0);
        this.#isReadable = error.code !== 'EPIPE';
        resolve('lost');
      });
    });
  }
}
