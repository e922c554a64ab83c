/**
 * One watch: the changes of a range of keys from a revision on, whole revisions at a time, until it ends.
 *
 * A watch ends in one of two ways, each told once: `compacted` (what it would have to tell next was thrown away) or `broken`
 * (everything else). What to do then is its owner's business: this file never begins anew. It has a connection of its own, and
 * asks for progress when nothing came for a while; a connection over which nothing comes in return is broken, even if it
 * looks alive. Watching needs a leader (`hasleader`): a member that is cut off from the others would be silent for ever.
 *
 * etcd may split one revision over several messages (fragments, or simply its limit of a message), and other revisions
 * never come between: a revision is complete when the next one begins, or when a message ends that is not a fragment.
 */
import type { Clock, Timer } from '../../lib/clock.ts';
import { decodeReply, type EtcdCalls } from './etcd-calls.ts';
import type { EtcdConnections } from './etcd-connections.ts';
import { type EtcdFault, unknown } from './etcd-fault.ts';
import { METHODS, type WatchEvent, type WatchResponse } from './etcd-messages.ts';
import type { GrpcSession, GrpcStream } from './grpc-session.ts';
import { encode } from './protobuf.ts';

export interface WatchRange {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
  /** The first revision to be told of. */
  readonly startRevision: number;
  /** Ask for progress after this long without a message; the same time later without an answer it is broken. */
  readonly idleMs: number;
}

export interface WatchListener {
  /** All changes of one revision to the range, in etcd's order. */
  onRevision(revision: number, events: readonly WatchEvent[]): void;
  /** Everything up to this revision has been told. */
  onProgress?(revision: number): void;
  /** Nothing is told any more: start anew from a snapshot (`compacted`) or from where this one came to (`broken`). */
  onEnd(end: WatchEnd): void;
}

export type WatchEnd =
  | { readonly kind: 'compacted'; readonly compactRevision: number }
  | { readonly kind: 'broken'; readonly fault: EtcdFault };

export interface EtcdWatch {
  /** End it; the listener hears nothing any more. */
  cancel(): void;
}

export interface StreamParts {
  readonly connections: EtcdConnections;
  readonly calls: EtcdCalls;
  readonly clock: Clock;
}

class Watch implements EtcdWatch {
  readonly #parts: StreamParts;
  readonly #range: WatchRange;
  readonly #listener: WatchListener;
  #session: GrpcSession | undefined;
  #stream: GrpcStream | undefined;
  #timer: Timer | undefined;
  #isAsked = false;
  #isEnded = false;
  /** Events of a revision that may not be complete yet. */
  #gathered: WatchEvent[] = [];

  constructor(parts: StreamParts, range: WatchRange, listener: WatchListener) {
    this.#parts = parts;
    this.#range = range;
    this.#listener = listener;
  }

  /** Never rejects: whatever keeps it from beginning is told as its end. */
  async begin(): Promise<void> {
    try {
      await this.#begin();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#end({ kind: 'broken', fault: unknown('other', `etcd: a watch cannot begin: ${why}`) });
    }
  }

  async #begin(): Promise<void> {
    const { connections, calls } = this.#parts;
    const session = await connections.own();
    if ('kind' in session) return this.#end({ kind: 'broken', fault: session });
    this.#session = session;
    const metadata = await calls.metadata();
    if (metadata.kind !== 'done') return this.#end({ kind: 'broken', fault: metadata });
    if (this.#isEnded) return session.close();
    const { path, request } = METHODS.watch;
    this.#stream = session.open(
      { path, metadata: { ...metadata.reply, hasleader: 'true' } },
      {
        onMessage: (octets) => this.#onMessage(octets, session.url),
        onEnd: (fault) => this.#onStreamEnd(fault),
      },
    );
    const { key, rangeEnd, startRevision } = this.#range;
    const create = { key, rangeEnd, startRevision, isProgressNotified: true, isFragmented: true };
    this.#stream.send(encode(request, { create }));
    this.#waitIdle();
  }

  cancel(): void {
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#stream?.cancel();
    this.#session?.close();
  }

  #end(end: WatchEnd): void {
    if (this.#isEnded) return;
    this.cancel();
    // A member that is cut off from the others goes on taking connections: the next watch begins elsewhere.
    if (end.kind === 'broken' && this.#session) this.#parts.connections.leave(this.#session);
    this.#listener.onEnd(end);
  }

  #waitIdle(): void {
    this.#timer?.cancel();
    this.#isAsked = false;
    this.#timer = this.#parts.clock.after(this.#range.idleMs, () => this.#onIdle());
  }

  #onIdle(): void {
    if (this.#isAsked) {
      const url = this.#session?.url ?? '';
      const fault = unknown('timeout', `${url}: the watch is silent for ${2 * this.#range.idleMs} ms`);
      this.#end({ kind: 'broken', fault });
      return;
    }
    this.#isAsked = true;
    this.#stream?.send(encode(METHODS.watch.request, { progress: {} }));
    this.#timer = this.#parts.clock.after(this.#range.idleMs, () => this.#onIdle());
  }

  #onStreamEnd(fault: EtcdFault | undefined): void {
    if (fault?.reason === 'unauthenticated') this.#parts.calls.forgetToken();
    const url = this.#session?.url ?? '';
    const ended = unknown('connection-lost', `${url}: etcd ended the watch`);
    this.#end({ kind: 'broken', fault: fault ?? ended });
  }

  #onMessage(octets: Buffer, url: string): void {
    if (this.#isEnded) return;
    this.#waitIdle();
    const answer = decodeReply(METHODS.watch.response, octets, url);
    if (answer.kind !== 'done') this.#end({ kind: 'broken', fault: answer });
    else if (answer.reply.isCanceled) this.#onCanceled(answer.reply, url);
    else if (!answer.reply.isCreated) this.#onChanges(answer.reply);
  }

  #onChanges({ header, events, isFragment }: WatchResponse): void {
    for (const event of events) this.#gather(event);
    if (isFragment) return;
    this.#tell();
    // A message about progress has no events, and promises that none before it are still to come.
    if (events.length === 0 && !this.#isEnded) this.#listener.onProgress?.(header?.revision ?? 0);
  }

  #onCanceled({ compactRevision, cancelReason }: WatchResponse, url: string): void {
    if (compactRevision > 0) this.#end({ kind: 'compacted', compactRevision });
    else {
      // A refused permission or token is told only as text; a new token is the remedy for the second.
      this.#parts.calls.forgetToken();
      const fault = unknown(
        'unavailable',
        `${url}: etcd cancelled the watch: ${cancelReason || 'no reason given'}`,
      );
      this.#end({ kind: 'broken', fault });
    }
  }

  #gather(event: WatchEvent): void {
    const before = this.#gathered[0]?.kv?.modRevision;
    if (before !== undefined && before !== event.kv?.modRevision) this.#tell();
    this.#gathered.push(event);
  }

  #tell(): void {
    const events = this.#gathered;
    const revision = events[0]?.kv?.modRevision;
    if (revision === undefined) return;
    this.#gathered = [];
    if (!this.#isEnded) this.#listener.onRevision(revision, events);
  }
}

/** Begin a watch. Whatever keeps it from beginning is told as its end. */
export function openWatch(parts: StreamParts, range: WatchRange, listener: WatchListener): EtcdWatch {
  const watch = new Watch(parts, range, listener);
  void watch.begin();
  return watch;
}
