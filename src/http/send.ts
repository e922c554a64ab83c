/**
 * Puts a Reply on the wire: JSON or text to bytes, gzip for who wants it, headers.
 *
 * Bodies go out as buffers, so that the HTTP library adds neither a charset nor a serialisation of its own.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { toJson } from './json.ts';
import type { KeptBody } from './kept-bodies.ts';
import type { Reply } from './route.ts';

const gzipAsync = promisify(gzip);

/** Below this a compressed body saves no packet. */
const MIN_GZIP_BYTES = 1_400;
const NO_BYTES = Buffer.alloc(0);

type Headers = Readonly<Record<string, string>>;

/** The bytes of a reply that is not a stream, and their type if the reply does not name one. */
export function render(reply: Reply, isPretty: boolean): { type: string | undefined; body: Buffer } {
  if (reply.value !== undefined)
    return { type: 'application/json', body: Buffer.from(toJson(reply.value, isPretty), 'utf8') };
  if (reply.text !== undefined)
    return { type: 'text/plain; charset=utf-8', body: Buffer.from(reply.text, 'utf8') };
  return { type: undefined, body: Buffer.isBuffer(reply.body) ? reply.body : NO_BYTES };
}

const REFUSES_GZIP = /\bgzip\s*;\s*q=0(?:\.0*)?(?:[\s,]|$)/;

/** Whether the client takes gzip and the body is worth it. */
export function wantsGzip(headers: IncomingHttpHeaders, bodyBytes: number): boolean {
  const accepted = headers['accept-encoding'];
  if (bodyBytes < MIN_GZIP_BYTES || typeof accepted !== 'string') return false;
  return accepted.includes('gzip') && !REFUSES_GZIP.test(accepted);
}

function sendNow(to: FastifyReply, status: number, headers: Headers, body: Buffer): FastifyReply {
  to.code(status).headers(headers);
  return body.length === 0 ? to.send() : to.send(body);
}

/** Send bytes that are kept. Resolves when they are handed over. */
export async function sendKept(to: FastifyReply, kept: KeptBody, isGzip: boolean): Promise<FastifyReply> {
  if (!isGzip) return sendNow(to, kept.status, kept.headers, kept.body);
  kept.gzipped ??= await gzipAsync(kept.body);
  return sendNow(to, kept.status, { ...kept.headers, 'Content-Encoding': 'gzip' }, kept.gzipped);
}

/** Send bytes. Resolves when they are handed over. */
export async function sendBytes(
  to: FastifyReply,
  { status, headers, body }: { status: number; headers: Headers; body: Buffer },
  isGzip: boolean,
): Promise<FastifyReply> {
  if (!isGzip) return sendNow(to, status, headers, body);
  return sendNow(to, status, { ...headers, 'Content-Encoding': 'gzip' }, await gzipAsync(body));
}

/** Send what a stream gives, as it comes. */
export function sendStream(to: FastifyReply, status: number, headers: Headers, body: Readable): FastifyReply {
  return to.code(status).headers(headers).send(body);
}
