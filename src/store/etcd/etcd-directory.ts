/**
 * The servers of the datacenter as keys of etcd (`servers/ID`), written by each of them and followed by all.
 *
 * A record stays when its server is down: it says who belongs to the cluster, not who is up. It is taken out when a server
 * leaves or is removed.
 */
import type { ServerDirectory, ServerRecord } from '../../catalog/leader-lock.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { EtcdClient } from './etcd-client.ts';
import type { Answer } from './etcd-fault.ts';
import { followKeys } from './etcd-keys.ts';
import type { Layout } from './etcd-layout.ts';
import { EVENT_TYPE, type WatchEvent } from './etcd-messages.ts';

export interface EtcdDirectoryParts {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly clock: Clock;
  readonly log: Logger;
}

const RETRY_MS = 250;
/** A watch that is silent for so long is asked whether it lives. */
const WATCH_IDLE_MS = 5_000;

/** Whether a record is of another server at the same address. */
function isAt(self: ServerRecord, value: Buffer): boolean {
  try {
    const { id, host, port } = JSON.parse(value.toString('utf8')) as ServerRecord;
    return id !== self.id && host === self.host && port === self.port;
  } catch {
    return false; // left to whoever wrote it
  }
}

export class EtcdDirectory implements ServerDirectory {
  readonly #parts: EtcdDirectoryParts;
  readonly #start: Buffer;
  readonly #end: Buffer;
  readonly #listeners: (() => void)[] = [];
  #servers = new Map<string, ServerRecord>();
  #follow: { close(): void } | undefined;
  #isClosed = false;

  constructor(parts: EtcdDirectoryParts) {
    this.#parts = parts;
    this.#start = Buffer.from(`${parts.layout.prefix}servers/`);
    this.#end = Buffer.from(`${parts.layout.prefix}servers0`); // the character after the slash
  }

  get servers(): ReadonlyMap<string, ServerRecord> {
    return this.#servers;
  }

  /** Have `listener` called whenever a server came, went or moved. */
  onChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Read all, and follow from there. */
  start(): void {
    const range = { key: this.#start, rangeEnd: this.#end, idleMs: WATCH_IDLE_MS };
    this.#follow = followKeys(this.#parts, range, {
      onAll: (keys) => {
        this.#servers = new Map();
        for (const { value } of keys) this.#take(value);
        this.#tell();
      },
      onEvents: (events) => {
        for (const event of events) this.#apply(event);
        this.#tell();
      },
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#follow?.close();
  }

  /** Write down where this server is, however often that has to be tried. */
  async announce(self: ServerRecord): Promise<void> {
    const { client, clock } = this.#parts;
    const put = { key: this.#key(self.id), value: Buffer.from(JSON.stringify(self)) };
    while (!this.#isClosed) {
      // Whoever was at this address before is no more: a server that lost its data comes back under another id.
      const before = await client.range({ key: this.#start, rangeEnd: this.#end });
      const others = before.kind === 'done' ? before.reply.kvs.filter(({ value }) => isAt(self, value)) : [];
      const gone = others.map(({ key }) => ({ deleteRange: { key } }));
      const success = [...gone, { put }];
      if (before.kind === 'done' && (await client.txn({ success })).kind === 'done') return;
      await sleep(clock, RETRY_MS);
    }
  }

  /** Take a server out. */
  remove(id: string): Promise<Answer<unknown>> {
    return this.#parts.client.txn({ success: [{ deleteRange: { key: this.#key(id) } }] });
  }

  #key(id: string): Buffer {
    return Buffer.concat([this.#start, Buffer.from(id)]);
  }

  #apply({ type, kv }: WatchEvent): void {
    if (kv === undefined) return;
    if (type === EVENT_TYPE.put) this.#take(kv.value);
    else this.#servers.delete(kv.key.toString('utf8', this.#start.length));
  }

  #take(value: Buffer): void {
    try {
      const record = JSON.parse(value.toString('utf8')) as ServerRecord;
      this.#servers.set(record.id, record);
    } catch {
      this.#parts.log.warn({ value: String(value) }, 'the record of a server in etcd cannot be read');
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
