/**
 * The call of somebody who has waited already: the same question, to be answered at once, here or by whoever it is passed
 * on to. Its client counts on an answer when the wait that it asked for is over.
 */
import type { Call } from '../call-and-reply.ts';
import { withoutWait } from '../kept-bodies.ts';

export function withoutWaiting(call: Call): Call {
  const { index: _, wait: __, ...query } = call.query;
  return {
    method: call.method,
    url: withoutWait(call.url),
    params: call.params,
    query,
    headers: call.headers,
    body: call.body,
    upload: call.upload,
    remoteAddress: call.remoteAddress,
    isForwarded: call.isForwarded,
    isEncrypted: call.isEncrypted,
    readOptions: { ...call.readOptions, minIndex: 0, waitMs: 0 },
    signal: () => call.signal(),
  };
}
