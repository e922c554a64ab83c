/**
 * etcd's own copy of everything (its database file at one moment), as a stream with back-pressure.
 *
 * Ends once: complete, or with the fault that kept it from being complete. A file that cannot be written ends it too.
 */
import type { Timer } from '../../lib/clock.ts';
import { systemErrorText } from '../../lib/system-error.ts';
import { decodeReply } from './etcd-calls.ts';
import { type EtcdFault, refused, unknown } from './etcd-fault.ts';
import { METHODS } from './etcd-messages.ts';
import type { StreamParts } from './etcd-watch.ts';
import type { GrpcSession, GrpcStream } from './grpc-session.ts';
import { encode } from './protobuf.ts';

export interface SnapshotListener {
  /** A piece of the file; how many octets come after it. Nothing more comes until the promise is settled. */
  onPiece(piece: Buffer, remainingBytes: number): Promise<void>;
  /** Told once. undefined: the file is complete. */
  onEnd(fault: EtcdFault | undefined): void;
}

export interface SnapshotStream {
  /** End it; the listener hears nothing any more. */
  cancel(): void;
}

/** Nothing for so long, in ms, while something is expected: the other side is gone. */
const SILENCE_MS = 10_000;

class Snapshot implements SnapshotStream {
  readonly #parts: StreamParts;
  readonly #listener: SnapshotListener;
  #session: GrpcSession | undefined;
  #stream: GrpcStream | undefined;
  #silence: Timer | undefined;
  /** Pieces are handed on one after the other, and the end after the last of them. */
  #handedOn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isEnded = false;
  #remaining: number | undefined;

  constructor(parts: StreamParts, listener: SnapshotListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  async begin(): Promise<void> {
    const session = await this.#parts.connections.own();
    if ('kind' in session) return this.#end(session);
    this.#session = session;
    const metadata = await this.#parts.calls.metadata();
    if (metadata.kind !== 'done') return this.#end(metadata);
    if (this.#isEnded) return session.close();
    this.#stream = session.open(
      { path: METHODS.snapshot.path, metadata: metadata.reply },
      {
        onMessage: (octets) => this.#onMessage(octets, session.url),
        onEnd: (fault) => {
          this.#handedOn = this.#handedOn.then(() => this.#end(fault ?? this.#cutShort(session.url)));
        },
      },
    );
    this.#stream.send(encode(METHODS.snapshot.request, {}));
    this.#stream.endSending();
    this.#expect(session.url);
  }

  cancel(): void {
    this.#isEnded = true;
    this.#silence?.cancel();
    this.#stream?.cancel();
    this.#session?.close();
  }

  #end(fault: EtcdFault | undefined): void {
    if (this.#isEnded) return;
    this.cancel();
    this.#listener.onEnd(fault);
  }

  /** A stream that ended well before its last piece is not a file. */
  #cutShort(url: string): EtcdFault | undefined {
    return this.#remaining === 0 ? undefined : unknown('malformed', `${url}: the snapshot is cut off`);
  }

  #expect(url: string): void {
    this.#silence?.cancel();
    this.#silence = this.#parts.clock.after(SILENCE_MS, () =>
      this.#end(unknown('timeout', `${url}: nothing of the snapshot came for ${SILENCE_MS} ms`)),
    );
  }

  #onMessage(octets: Buffer, url: string): void {
    const answer = decodeReply(METHODS.snapshot.response, octets, url);
    if (answer.kind !== 'done') {
      this.#end(answer);
      return;
    }
    const { blob, remainingBytes } = answer.reply;
    this.#remaining = remainingBytes;
    this.#silence?.cancel();
    this.#waiting += 1;
    this.#stream?.pause();
    this.#handedOn = this.#handedOn.then(() => this.#handOn(blob, remainingBytes, url));
  }

  async #handOn(piece: Buffer, remainingBytes: number, url: string): Promise<void> {
    if (this.#isEnded) return;
    try {
      await this.#listener.onPiece(piece, remainingBytes);
    } catch (error) {
      this.#end(refused('other', `the snapshot could not be taken: ${systemErrorText(error)}`));
    }
    this.#waiting -= 1;
    if (this.#isEnded || this.#waiting > 0) return;
    this.#stream?.resume();
    this.#expect(url);
  }
}

/** Begin to read a snapshot. Whatever keeps it from beginning is told as its end. */
export function streamSnapshot(parts: StreamParts, listener: SnapshotListener): SnapshotStream {
  const snapshot = new Snapshot(parts, listener);
  void snapshot.begin();
  return snapshot;
}
