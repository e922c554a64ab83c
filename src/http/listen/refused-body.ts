/**
 * What the client of a body that is not taken is told, whether bodies are kept in memory (body-reader.ts) or in files
 * (upload.ts).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../../model/errors.ts';

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
