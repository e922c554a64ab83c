/**
 * Tells an HTTP address of a view: JSON in the body, the index in a header, as Consul does.
 *
 * Follows no redirect. An answer other than 2xx is a failure.
 */
import type http from 'node:http';
import https from 'node:https';
import { builtinHttp } from '../lib/builtin-http.ts';
import { AppError } from '../model/errors.ts';
import type { HttpHandler } from './definition.ts';
import type { Reading } from './follow.ts';

/** Octets of an answer that are kept for the log. */
const KEPT_BYTES = 4_096;

async function startOf(response: http.IncomingMessage): Promise<string> {
  let kept = Buffer.alloc(0);
  for await (const chunk of response) {
    if (kept.length < KEPT_BYTES) kept = Buffer.concat([kept, chunk as Buffer]);
  }
  return kept.subarray(0, KEPT_BYTES).toString('utf8');
}

function send(handler: HttpHandler, reading: Reading, signal: AbortSignal): Promise<http.IncomingMessage> {
  const { request } = handler.url.startsWith('https:') ? https : builtinHttp;
  const body = JSON.stringify(reading.value);
  const options = {
    method: handler.method,
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'X-Consul-Index': reading.index,
      ...handler.headers,
    },
    rejectUnauthorized: handler.isCertificateChecked,
    agent: false as const,
    signal,
  };
  return new Promise((resolve, reject) => {
    request(handler.url, options, resolve).on('error', reject).end(body);
  });
}

/** Resolves with the beginning of the answer. Rejects when nobody answers in time, or not with 2xx. */
export async function postReading(
  handler: HttpHandler,
  reading: Reading,
  signal: AbortSignal,
): Promise<string> {
  const response = await send(
    handler,
    reading,
    AbortSignal.any([signal, AbortSignal.timeout(handler.timeoutMs)]),
  );
  const output = await startOf(response);
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299)
    throw new AppError(
      'bad_request',
      `${handler.method} ${handler.url} was answered with ${status}: ${output}`,
    );
  return output;
}
