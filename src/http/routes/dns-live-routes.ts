/**
 * /v1/dns/live: some of the questions that clients ask this agent's DNS, as they come; a line of JSON for each few of them.
 *
 * Only as long as somebody reads are questions sampled, and nothing goes to the log. A reader that is too slow misses batches, and
 * one that has lost the right to them is told no more.
 */
import { Readable } from 'node:stream';
import { onThisNode } from '../access/permission.ts';
import type { Right } from '../access/right.ts';
import { stopsWithRight } from '../access/while-allowed.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import type { HttpParts, QuestionBatch } from '../http-parts.ts';
import { THIS_AGENT } from '../place.ts';
import { text } from '../reply.ts';
import type { Route } from '../route.ts';

/** Octets that wait for a slow reader; beyond it the newest are dropped. */
const MAX_WAITING_BYTES = 256 * 1024;
/** Silence after which an empty batch is sent: a reader that is gone is noticed by writing to it. */
const STILL_HERE_MS = 15_000;

function lineOf({ seen, questions }: QuestionBatch): string {
  const documents = questions.map(({ atMs, client, transport, name, type, rcode, answers, elapsedMs }) => ({
    Time: new Date(atMs).toISOString(),
    Name: name,
    Type: type,
    Rcode: rcode,
    Answers: answers,
    ElapsedMs: Number(elapsedMs.toFixed(3)),
    Client: client,
    Transport: transport,
  }));
  return `${JSON.stringify({ Seen: seen, Questions: documents })}\n`;
}

function live(call: Call, parts: HttpParts): Reply {
  const { watchDns, clock, nodeName } = parts;
  const lines = new Readable({ highWaterMark: MAX_WAITING_BYTES, read: () => {} });
  let writtenMs = clock.monotonic();
  const stop = watchDns((batch) => {
    const isDue = batch.seen > 0 || clock.monotonic() - writtenMs >= STILL_HERE_MS;
    if (!isDue || lines.readableLength >= MAX_WAITING_BYTES) return;
    writtenMs = clock.monotonic();
    lines.push(lineOf(batch));
  });
  if (stop === undefined) return text(404, 'This agent answers no DNS');
  const right: Right = { resource: 'agent', level: 'read', name: nodeName };
  const end = stopsWithRight(call, parts, right, () => {
    stop();
    lines.push(null);
  });
  const headers = {
    'Content-Type': 'application/x-ndjson',
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no',
  };
  return { status: 200, headers, body: lines, endBody: end };
}

export const dnsLiveRoutes: readonly Route[] = [
  {
    path: '/v1/dns/live',
    operations: {
      GET: {
        about:
          'Questions of DNS clients as they come, a fair sample of them: lines of JSON, each with the number of questions since the last one.',
        place: THIS_AGENT,
        // Names and clients: what its log says when questions are logged.
        permission: onThisNode('agent', 'read'),
        handle: live,
      },
    },
  },
];
