/**
 * A sample of the queries, one log line each: who asked what, and what was said.
 *
 * Off unless `query_log_share` is above 0. Which queries are taken is drawn for each one, so the share holds for every
 * client and name alike.
 */
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { rcodeName, typeName } from '../wire/constants.ts';
import { decodeMessage } from '../wire/message.ts';
import { nameToText } from '../wire/name.ts';
import type { Transport } from './counters.ts';

export interface QueryLog {
  /** Whether the next query is in the sample; `share` from 0 to 1. */
  isSampled(share: number): boolean;
  /** Log a reply: it repeats the question, so nothing else is needed. */
  write(
    reply: Uint8Array,
    client: { readonly transport: Transport; readonly address: string },
    elapsedMs: number,
  ): void;
}

export function makeQueryLog(log: Pick<Logger, 'info'>, random: Random): QueryLog {
  return {
    isSampled: (share) => share > 0 && random.next() < share,
    write(reply, { transport, address }, elapsedMs) {
      const message = decodeMessage(reply);
      const question = message?.questions[0];
      const fields = {
        client: address,
        transport,
        name: question ? nameToText(question.qname) : '',
        type: question ? typeName(question.qtype) : '',
        rcode: message ? rcodeName(message.rcode) : '',
        answers: message?.answers.length ?? 0,
        bytes: reply.length,
        elapsedMs: Number(elapsedMs.toFixed(3)),
      };
      log.info(fields, 'dns query');
    },
  };
}
