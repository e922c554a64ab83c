/**
 * Answers on their way to their readers, within a budget (listen/budget.ts).
 *
 * What a reader has not taken yet counts, once for all readers of the same octets. A long list is made in turns. As long
 * as the budget has room and it could be kept for others it is made whole; beyond that it is made piece by piece at the
 * reader's pace, and its reader costs no more than a piece. Who takes nothing for a minute is gone.
 */
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { inTurns, type Turns } from '../../lib/fair-turns.ts';
import { AppError } from '../../model/errors.ts';
import type { Budget, Share } from '../listen/budget.ts';
import { ListWriter, type LongList } from './list-writer.ts';

/** Code with which a stream is ended (RFC 9113 §7). */
const CANCEL = 8;
/** Answers below it are with the kernel at once and not worth counting. */
const MIN_COUNTED_BYTES = 64 * 1024;
/** Larger answers are not worth displacing many others among the kept ones, so they need not be whole either. */
export const MAX_WHOLE_BYTES = 8 * 1024 * 1024;
/** How long a reader may take nothing of an answer. Turning it down ends readers over lines that pause. */
const STALL_MS = 60_000;

interface Held {
  readonly share: Share;
  readers: number;
}

/** The stream of a response over HTTP/2; undefined for one that has its connection to itself. */
function streamOf(response: ServerResponse): ServerHttp2Stream | undefined {
  return (response as { readonly stream?: ServerHttp2Stream }).stream;
}

/** Be rid of a reader that stalls while this answer is being sent; a wait before the next one is none. */
function endStalled(response: ServerResponse): void {
  const stream = streamOf(response);
  if (stream !== undefined) {
    stream.setTimeout(STALL_MS, () => stream.close(CANCEL));
    return;
  }
  const { socket } = response;
  if (socket === null || typeof socket.setTimeout !== 'function') return;
  socket.setTimeout(STALL_MS);
  response.once('close', () => {
    if (socket.timeout === STALL_MS) socket.setTimeout(0);
  });
}

/** What a client is told whose answer there is no room for. */
export function overBudget(): AppError {
  return new AppError('over_budget', 'Too many answers are waiting for their readers, try again later');
}

/** Resolves when the reader has taken enough for more, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

export interface AnswersParts {
  readonly budget: Budget;
  readonly turns: Pick<Turns, 'add'>;
}

/** A list that could not be made whole: what there is of it, and the rest to be. */
export interface Unfinished {
  readonly pieces: readonly Buffer[];
  readonly writer: ListWriter;
  readonly share: Share;
}

export class Answers {
  readonly #parts: AnswersParts;
  /** Bodies that somebody has not taken yet. */
  readonly #held = new Map<Buffer, Held>();

  constructor(parts: AnswersParts) {
    this.#parts = parts;
  }

  /** Count a body until the response that sends it is closed; false when there is no room for it. */
  hold(body: Buffer, response: ServerResponse): boolean {
    // Over HTTP/2 the reader says how much the kernel gets, nothing at all perhaps: every octet counts there.
    const isCounted = body.length >= MIN_COUNTED_BYTES || streamOf(response) !== undefined;
    if (!isCounted || response.destroyed) return true;
    const held = this.#held.get(body) ?? this.#begin(body, response.socket?.remoteAddress ?? '');
    if (held === undefined) return false;
    held.readers += 1;
    endStalled(response);
    response.once('close', () => {
      held.readers -= 1;
      if (held.readers > 0) return;
      held.share.close();
      this.#held.delete(body);
    });
    return true;
  }

  #begin(body: Buffer, client: string): Held | undefined {
    const share = this.#parts.budget.open(client);
    if (!share.grow(body.length)) {
      share.close();
      return undefined;
    }
    const held = { share, readers: 0 };
    this.#held.set(body, held);
    return held;
  }

  /** The list as octets, or as much of it as there is room for. Throws over_budget when there is room for none. */
  async make(list: LongList, isPretty: boolean, client: string): Promise<Buffer | Unfinished> {
    const writer = new ListWriter(list, isPretty);
    const share = this.#parts.budget.open(client);
    const pieces: Buffer[] = [];
    try {
      while (!writer.isDone) {
        await inTurns(this.#parts.turns, () => writer.step());
        const piece = writer.take();
        pieces.push(piece);
        const hasRoom = share.grow(piece.length);
        if (!hasRoom && pieces.length === 1) throw overBudget();
        if (!hasRoom || share.bytes > MAX_WHOLE_BYTES) return { pieces, writer, share };
      }
    } catch (error) {
      share.close();
      throw error;
    }
    share.close(); // sending it is counted by `hold`
    return Buffer.concat(pieces);
  }

  /** Write what there is and make the rest as the reader takes it. Resolves at its end or when the reader is gone. */
  async stream({ pieces, writer, share }: Unfinished, response: ServerResponse): Promise<void> {
    endStalled(response);
    if (response.destroyed) share.close();
    response.once('close', () => share.close());
    for (const piece of pieces) await this.#write(piece, response, share);
    while (!writer.isDone && !response.destroyed) {
      await inTurns(this.#parts.turns, () => writer.step());
      const piece = writer.take();
      share.grow(piece.length);
      await this.#write(piece, response, share);
    }
    response.end();
  }

  async #write(piece: Buffer, response: ServerResponse, share: Share): Promise<void> {
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
    share.grow(-Math.min(piece.length, share.bytes));
  }
}
