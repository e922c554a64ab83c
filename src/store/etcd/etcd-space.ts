/**
 * The space that a server's own member of etcd takes, looked at now and then, and made when there is none left.
 *
 * etcd refuses every write of the whole cluster as soon as one member is full (the alarm NOSPACE), and goes on refusing
 * until somebody takes the alarm back. Mostly it is history that fills it: so that is forgotten, what it took is given back to
 * the file, and the alarm ends if the rest fits well. Otherwise it stays, and the log says what to turn up. Each server looks
 * after its own member only, because nobody else reaches it.
 */
import { type Clock, settlesWithin, type Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { EtcdClient } from './etcd-client.ts';
import { ALARM, type EtcdStatus } from './etcd-messages.ts';

const LOOK_MS = 10_000;
/** Share of the quota that has to be free before writes are taken again; less would be full again at once. */
const FREE_SHARE = 0.1;

export interface SpaceState {
  readonly bytes: number;
  readonly quotaBytes: number;
  /** Writes are refused, whichever member is full. */
  readonly isFull: boolean;
}

export interface EtcdSpaceParts {
  readonly client: Pick<EtcdClient, 'statusOf' | 'alarms' | 'compact' | 'defragment' | 'disarm'>;
  /** Of the own member. */
  readonly url: string;
  readonly quotaBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told after every look. */
  readonly onLook: (state: SpaceState) => void;
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`;

export class EtcdSpace {
  readonly #parts: EtcdSpaceParts;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #wasFull = false;
  #isStopped = false;

  constructor(parts: EtcdSpaceParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.after(LOOK_MS, () => {
      this.#looking = this.#look().finally(() => this.#isStopped || this.start());
    });
  }

  /** Look no more; what is under way is waited for, but not for long. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await settlesWithin(this.#parts.clock, 1_000, this.#looking);
  }

  async #look(): Promise<void> {
    const { client, url, quotaBytes, onLook } = this.#parts;
    const [status, alarms] = [await client.statusOf(url), await client.alarms()];
    if (status.kind !== 'done' || alarms.kind !== 'done') return; // the store says so itself
    const full = alarms.reply.filter(({ alarm }) => alarm === ALARM.noSpace);
    const ownId = status.reply.header?.memberId;
    this.#say(full.length > 0, status.reply);
    onLook({ bytes: status.reply.dbSize, quotaBytes, isFull: full.length > 0 });
    const own = full.find(({ memberId }) => memberId === ownId);
    if (own !== undefined && (await this.#makeRoom(status.reply))) await client.disarm(own);
  }

  /** Forget history and give back its space; whether there is enough now. */
  async #makeRoom({ header }: EtcdStatus): Promise<boolean> {
    const { client, url, quotaBytes, log } = this.#parts;
    await client.compact(header?.revision ?? 0); // refused when it was done before
    await client.defragment(url);
    const after = await client.statusOf(url);
    if (after.kind !== 'done') return false;
    const { dbSize } = after.reply;
    if (dbSize <= quotaBytes * (1 - FREE_SHARE)) return true;
    log.error(
      {},
      `etcd: what is stored takes ${mebibytes(dbSize)} of ${mebibytes(quotaBytes)}: turn store.etcd.quota up on all servers`,
    );
    return false;
  }

  #say(isFull: boolean, { dbSize }: EtcdStatus): void {
    const { quotaBytes, log } = this.#parts;
    const of = `${mebibytes(dbSize)} of ${mebibytes(quotaBytes)} here`;
    if (isFull && !this.#wasFull)
      log.error({}, `etcd has no space left (${of}): writes are refused until there is some`);
    if (!isFull && this.#wasFull) log.info({}, 'etcd has space again');
    this.#wasFull = isFull;
  }
}
