/**
 * Shows replies to those who want to see some: a share of them goes to the log, one line each, and a few to whoever watches
 * (question-sample.ts).
 *
 * The log has none unless `query_log_share` is above 0. Which queries are taken is drawn for each one, so the share holds for
 * every client and name alike.
 */
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { type AskingClient, type QuestionSample, readReply } from './question-sample.ts';

export interface QueryLog {
  /** Whether replies have to be timed and noted now; `share` from 0 to 1 is for the log. */
  isOn(share: number): boolean;
  /** A reply that was sent. */
  note(reply: Uint8Array, client: AskingClient, elapsedMs: number, share: number): void;
}

/** `sample` is for questions that may be watched; without it none may. */
export function makeQueryLog(
  log: Pick<Logger, 'info'>,
  random: Random,
  sample?: Pick<QuestionSample, 'isOn' | 'offer'>,
): QueryLog {
  function write(reply: Uint8Array, client: AskingClient, elapsedMs: number): void {
    const { name, type, rcode, answers, bytes } = readReply(reply);
    const who = { client: client.address(), transport: client.transport };
    const fields = { ...who, name, type, rcode, answers, bytes, elapsedMs: Number(elapsedMs.toFixed(3)) };
    log.info(fields, 'dns query');
  }
  return {
    isOn: (share) => share > 0 || sample?.isOn === true,
    note(reply, client, elapsedMs, share) {
      if (sample?.isOn === true) sample.offer(reply, client, elapsedMs);
      if (share > 0 && random.next() < share) write(reply, client, elapsedMs);
    },
  };
}
