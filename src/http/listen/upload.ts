/**
 * Large bodies of requests, kept in files instead of memory until they are answered.
 *
 * A file loses its name as soon as it is open, so the system takes its room back when the process ends, however that
 * happens. What all of them take together is a budget (budget.ts): the oldest that is not complete loses its place. A disk
 * that is full is told to the client as what it is.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../model/errors.ts';
import type { Budget, Share } from './budget.ts';
import { type BodyRequest, overBudget, refuseDeclared, tooLarge } from './refused-body.ts';

/** Octets of one reading. */
const PIECE_BYTES = 256 * 1024;

/** What of an open file is needed. */
export type UploadFile = Pick<fs.FileHandle, 'write' | 'read' | 'close'>;

export interface Uploads {
  readonly budget: Budget;
  /** An empty file of its own that nobody else finds. */
  readonly open: () => Promise<UploadFile>;
}

/** Open an empty file in `dir` that has no name. Rejects with the system's error. */
export async function openNameless(dir: string): Promise<UploadFile> {
  const folder = await fs.mkdtemp(path.join(dir, 'upload-'));
  try {
    return await fs.open(path.join(folder, 'body'), 'wx+', 0o600);
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}

function cannotKeep(cause: unknown): AppError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError('store_failed', `the body of the request cannot be kept on disk: ${why}`, { cause });
}

function cutShort(): AppError {
  return new AppError('bad_request', 'the client went away before its request was complete');
}

/** A body that has arrived. */
export class Upload {
  readonly #file: UploadFile;
  readonly #share: Share;
  readonly bytes: number;
  #readers = 0;
  #isClosed = false;

  constructor(file: UploadFile, share: Share, bytes: number) {
    this.#file = file;
    this.#share = share;
    this.bytes = bytes;
  }

  /** Its octets from the first to the last. Throws bad_request once it is closed, store_failed when it cannot be read. */
  async *pieces(): AsyncGenerator<Buffer, void> {
    if (this.#isClosed) throw cutShort();
    this.#readers += 1;
    try {
      for (let at = 0; at < this.bytes; ) {
        const { buffer, bytesRead } = await this.#file.read(
          Buffer.allocUnsafeSlow(PIECE_BYTES),
          0,
          PIECE_BYTES,
          at,
        );
        if (bytesRead === 0) throw new Error('the file is shorter than it was');
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (cause) {
      throw cannotKeep(cause);
    } finally {
      this.#readers -= 1;
      if (this.#isClosed) await this.#release();
    }
  }

  /** Give its room back, as soon as nobody reads it. A second time does nothing. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#readers === 0) await this.#release();
  }

  async #release(): Promise<void> {
    this.#share.close();
    await this.#file.close().catch(() => {}); // nothing is left in it that anybody wants
  }
}

async function writeAll(file: UploadFile, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

/** Write what arrives until its end; gives the number of octets. Rejects with what the client is to be told. */
function write(
  { raw, maxBytes }: BodyRequest,
  file: UploadFile,
  share: Share,
  evicted: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    function detach(): void {
      raw.off('data', take).off('end', end).off('close', lose);
      evicted.removeEventListener('abort', leave);
    }
    function fail(error: unknown): void {
      detach();
      reject(error as Error);
    }
    function take(chunk: Buffer): void {
      bytes += chunk.length;
      if (bytes > maxBytes) fail(tooLarge());
      else if (!share.grow(chunk.length)) fail(overBudget());
      else {
        raw.pause();
        writeAll(file, chunk).then(
          () => raw.resume(),
          (cause: unknown) => fail(cannotKeep(cause)),
        );
      }
    }
    function end(): void {
      detach();
      resolve(bytes);
    }
    const lose = (): void => fail(cutShort());
    const leave = (): void => fail(overBudget());
    evicted.addEventListener('abort', leave);
    if (evicted.aborted) return leave();
    if (raw.destroyed) return lose();
    raw.on('data', take).on('end', end).on('close', lose);
  });
}

/** Resolves to the body of a request. Rejects with what its client is to be told, and leaves the rest unread. */
export async function receiveUpload(request: BodyRequest, { budget, open }: Uploads): Promise<Upload> {
  const { raw, response, maxBytes } = request;
  raw.on('error', () => {}); // always followed by close
  refuseDeclared(raw, maxBytes);
  const eviction = new AbortController();
  const share = budget.open(raw.socket.remoteAddress ?? '', () => eviction.abort());
  let file: UploadFile | undefined;
  try {
    file = await open().catch((cause: unknown) => {
      throw cannotKeep(cause);
    });
    const upload = new Upload(file, share, await write(request, file, share, eviction.signal));
    share.keep();
    response.once('close', () => void upload.close());
    if (response.destroyed) await upload.close();
    return upload;
  } catch (error) {
    share.close();
    await file?.close().catch(() => {});
    throw error;
  }
}
