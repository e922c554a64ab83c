/**
 * Looks at replies as they leave: how long some of them took, whether they were cut, and who wants to see them.
 *
 * Asking the clock twice costs more than many an answer, so one query in sixteen is timed; all are, while somebody looks at them.
 */
import type { Clock } from '../lib/clock.ts';
import { FLAG } from '../wire/constants.ts';
import type { Counters } from './counters.ts';
import type { QueryLog } from './query-log.ts';
import type { AskingClient } from './question-sample.ts';

const TIMED_ONE_IN = 16;
/** Instead of a start time: this query is not timed. */
const UNTIMED = -1;

export class ReplyWatch {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #counters: Counters;
  readonly #queryLog: QueryLog;
  #seen = 0;
  /** Share of the replies that is logged, by the configuration of the newest query. */
  #logShare = 0;

  constructor(parts: {
    readonly clock: Pick<Clock, 'monotonic'>;
    readonly counters: Counters;
    readonly queryLog: QueryLog;
  }) {
    this.#clock = parts.clock;
    this.#counters = parts.counters;
    this.#queryLog = parts.queryLog;
  }

  /** A query has come in; gives what `observe` has to be told with its reply. */
  begin(logShare: number): number {
    this.#logShare = logShare;
    this.#seen = (this.#seen + 1) % TIMED_ONE_IN;
    return this.#seen === 0 || this.#queryLog.isOn(logShare) ? this.#clock.monotonic() : UNTIMED;
  }

  /** Its reply, the first `length` octets of `reply`, is on its way. */
  observe(reply: Uint8Array, length: number, client: AskingClient, startedMs: number): void {
    const counters = this.#counters;
    if (((reply[2] as number) & (FLAG.TC >>> 8)) !== 0) counters.truncated(client.transport);
    if (startedMs === UNTIMED) return;
    const elapsedMs = this.#clock.monotonic() - startedMs;
    counters.latency.observe(counters.latencySlots[client.transport === 'udp' ? 0 : 1], elapsedMs / 1_000);
    if (this.#queryLog.isOn(this.#logShare))
      this.#queryLog.note(reply.subarray(0, length), client, elapsedMs, this.#logShare);
  }
}
