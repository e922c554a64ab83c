/**
 * What the code needs of a logger: pino's shape, without pino.
 *
 * Log once, at the rim; fields first, then one sentence. `isDebug` guards work on hot paths.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  isDebug(): boolean;
  /** A logger whose every line carries `fields` too. */
  child(fields: object): Logger;
}

const nothing = (): void => {};

/** Says nothing; for parts that are built without an operator. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  isDebug: () => false,
  child: () => silentLogger,
};

/** Where a bug happened, for lines about it; undefined when what was thrown is no error. */
export function stackOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.stack : undefined;
}
