/**
 * What the client of a body that is not taken is told, whether bodies are kept in memory (body-reader.ts) or in files
 * (upload.ts).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import { AppError } from '../../model/errors.ts';
import { lingeringClose } from './lingering-close.ts';

/** A request whose body is to be read, as far as `maxBytes` allow. */
export interface BodyRequest {
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly maxBytes: number;
}

/** What the library makes a 413 of. */
export function tooLarge(): Error {
  return Object.assign(new Error('request body is too large'), { statusCode: 413 });
}

export function overBudget(): AppError {
  return new AppError('over_budget', 'Too many request bodies are being received, try again later');
}

/** Throws when the request says itself that its body is too large. */
export function refuseDeclared({ headers }: IncomingMessage, maxBytes: number): void {
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
}

/**
 * Have the connection end with the answer to this request, whose body is left unread. The HTTP library would close it at
 * once (`destroySoon`), or read on as long as the client likes.
 */
export function leaveUnread(
  { raw, response }: Omit<BodyRequest, 'maxBytes'>,
  clock: Pick<Clock, 'after'>,
): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
  raw.socket.destroySoon = () => lingeringClose(raw.socket, clock);
  raw.resume(); // what comes before the answer is out is thrown away as well
}
