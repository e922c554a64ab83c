/**
 * Puts a Reply on the wire: JSON or text to bytes, gzip for who wants it, headers.
 *
 * Goes past the HTTP library's own sending: that would look at every header again and add a charset to JSON.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { overBudget } from './answer/answers.ts';
import type { Headers } from './answer-headers.ts';
import type { Reply } from './call-and-reply.ts';
import { toJson } from './documents/go-json.ts';

const gzipAsync = promisify(gzip);

/** Below this a compressed body saves no packet. */
const MIN_GZIP_BYTES = 1_400;
const NO_BYTES = Buffer.alloc(0);
export const JSON_TYPE = { 'Content-Type': 'application/json' } as const;

/** The answer in place of one that there is no room for; made here because whoever is asked for it has answered already. */
const NO_ROOM = {
  status: 503,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Retry-After': '1' },
  text: overBudget().message,
} as const;

/** An answer in bytes. */
export interface Rendered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** `headers` and the length as Node writes them without a look: name, value, name, value. */
  readonly rawHeaders: string[];
  /** The body compressed, once somebody asked for it. */
  gzipped: Promise<Buffer> | undefined;
}

/** A body in bytes, with its type when the kind of reply says it. */
interface Content {
  readonly headers: Headers;
  readonly body: Buffer;
}

/** The bytes of a reply that is not a stream. */
export function contentOf(reply: Reply, isPretty: boolean): Content {
  if (reply.value !== undefined)
    return {
      headers: JSON_TYPE,
      body: Buffer.from(toJson(reply.value, isPretty), 'utf8'),
    };
  if (reply.text !== undefined)
    return {
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      body: Buffer.from(reply.text, 'utf8'),
    };
  return { headers: {}, body: Buffer.isBuffer(reply.body) ? reply.body : NO_BYTES };
}

function rawHeaders(headers: Headers, body: Buffer): string[] {
  return [...Object.entries(headers).flat(), 'Content-Length', String(body.length)];
}

/** An answer that can be sent as often as it is asked for. */
export function render(status: number, headers: Headers, body: Buffer): Rendered {
  return { status, headers, body, rawHeaders: rawHeaders(headers, body), gzipped: undefined };
}

const REFUSES_GZIP = /\bgzip\s*;\s*q=0(?:\.0*)?(?:[\s,]|$)/;

/** Whether the client takes gzip and the body is worth it. */
export function wantsGzip(headers: IncomingHttpHeaders, bodyBytes: number): boolean {
  const accepted = headers['accept-encoding'];
  if (bodyBytes < MIN_GZIP_BYTES || typeof accepted !== 'string') return false;
  return accepted.includes('gzip') && !REFUSES_GZIP.test(accepted);
}

/** Whether the octets may be sent on this response; false when there is no room to hold them until they are read. */
type Hold = (body: Buffer, response: ServerResponse) => boolean;

function sendBody(to: FastifyReply, { status, body }: Rendered, headers: string[], hold: Hold): void {
  if (hold(body, to.raw)) to.raw.writeHead(status, headers).end(body);
  else to.raw.writeHead(NO_ROOM.status, NO_ROOM.headers).end(NO_ROOM.text);
}

/** Send bytes as they are. */
export function sendPlain(to: FastifyReply, rendered: Rendered, hold: Hold): void {
  to.hijack();
  sendBody(to, rendered, rendered.rawHeaders, hold);
}

/** Send bytes compressed; the compressed form is kept with them. Resolves when they are handed over. */
export async function sendGzip(to: FastifyReply, rendered: Rendered, hold: Hold): Promise<void> {
  to.hijack();
  rendered.gzipped ??= gzipAsync(rendered.body);
  const body = await rendered.gzipped;
  const headers = { ...rendered.headers, 'Content-Encoding': 'gzip' };
  sendBody(to, { ...rendered, body }, rawHeaders(headers, body), hold);
}

/** Send what `write` writes; the headers go at once. */
export async function sendUnfinished(
  to: FastifyReply,
  status: number,
  headers: Headers,
  write: (response: ServerResponse) => Promise<void>,
): Promise<void> {
  to.hijack();
  to.raw.writeHead(status, headers);
  await write(to.raw);
}

/** Send what a stream gives, as it comes; the headers go at once. Resolves at its end or when the client goes away. */
export async function sendStream(
  to: FastifyReply,
  status: number,
  headers: Headers,
  body: Readable,
): Promise<void> {
  to.hijack();
  to.raw.writeHead(status, headers);
  to.raw.flushHeaders();
  try {
    await pipeline(body, to.raw);
  } catch {
    to.raw.destroy(); // the status has been sent, so a broken end is all that is left to tell
  }
}
