/**
 * The catalogue of refusals. A refusal is bad input or a fault that a client is told about; an outcome
 * (not found, CAS lost) is a value, and a bug is `invariant`.
 *
 * A row says what the code means to an operator; the faces (http/reply.ts, dns/answer.ts) map codes to
 * their own numbers with `satisfies Record<ErrorCode, …>`, so a new row is a compile error until they do.
 * docs/errors.md lists the same rows (a test compares them).
 */

export const ERRORS = {
  bad_request: 'A parameter, body or definition is malformed; the text names the field.',
  bad_filter: 'A filter expression could not be parsed or names a field that the rows do not have.',
  forbidden: 'The token does not give the right, or the operation is switched off by configuration.',
  not_found: 'The named object does not exist.',
  method_not_allowed: 'The path exists, but not with this method.',
  too_large: 'A body, key, value or transaction is over its documented limit.',
  too_many_connections: 'One client holds more connections than limits.http_max_conns_per_client.',
  no_room:
    'Keys and values, or the memory of the process, have reached their limit; writes that add are refused until something is removed.',
  over_budget: 'The memory for request bodies or for unread answers is used up; the client may come again.',
  conflict: 'A transaction was rolled back; the errors name the operations.',
  invalid_command:
    'The catalog refuses a write because of what it says or what is stored; nothing was changed.',
  unknown_datacenter: 'No server of this datacenter is known.',
  unsupported: 'The path exists in Consul but belongs to a feature that this agent does not have.',
  store_failed: 'The change could not be made durable (disk full, I/O error); nothing was changed.',
  no_leader: 'No server leads the datacenter at this moment; nothing was changed, and trying again helps.',
  outcome_unknown:
    'The store did not say whether the change was made: it may have been, or may be in a moment; look before repeating it.',
  stopping: 'The agent is shutting down and takes no more writes.',
  config_invalid: 'A configuration file, flag or definition is wrong; the text names file, key and remedy.',
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** A refusal: `code` for programs, `message` for the person who sent the request. */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
  }
}

/** Throw an AppError; for places where an expression is wanted. */
export function refuse(code: ErrorCode, text: string, options?: { cause?: unknown }): never {
  throw new AppError(code, text, options);
}

/** Throw when a claim about our own code does not hold; the rim turns that into SERVFAIL or 500. */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${why}`);
}
