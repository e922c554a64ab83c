/**
 * Makes Replies, and turns refusals into statuses.
 *
 * Errors are text/plain with Consul's exact texts, never JSON and never a stack trace. Many refusals are a 500
 * there (catalog and session errors, unknown datacenter, bad filters); clients match on that, so it stays.
 */
import { AppError, type ErrorCode } from '../model/errors.ts';
import type { Reply } from './call-and-reply.ts';

const STATUS = {
  bad_request: 400,
  bad_filter: 500,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  too_large: 413,
  too_many_connections: 429,
  no_room: 507,
  over_budget: 503,
  conflict: 409,
  invalid_command: 500,
  unknown_datacenter: 500,
  unsupported: 501,
  store_failed: 500,
  no_leader: 500,
  outcome_unknown: 500,
  stopping: 503,
  config_invalid: 500,
} as const satisfies Record<ErrorCode, number>;

/** Seconds; budgets are free again as soon as somebody has sent or read what is his. */
const RETRY_SOON = { 'Retry-After': '1' };

/** 200 with a JSON document. */
export function json(value: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return { status: 200, value, headers };
}

/** A message in plain text, by default an error's. */
export function text(status: number, message: string, headers?: Readonly<Record<string, string>>): Reply {
  return { status, text: message, headers };
}

/** 200 with nothing. */
export const EMPTY: Reply = Object.freeze({ status: 200 });

/** The answer to an error; undefined when it is not a refusal but a bug, which the rim logs. Never throws. */
export function replyOfError(error: unknown): Reply | undefined {
  if (!(error instanceof AppError)) return undefined;
  const headers = error.code === 'over_budget' ? RETRY_SOON : undefined;
  return text(STATUS[error.code], error.message, headers);
}
