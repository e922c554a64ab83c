/**
 * What a row of the option table may say, and the type that its values have once they are read.
 *
 * A row names a kind; the kind decides how text and JSON become a value (option-values.ts), how flags behave (a
 * switch, a value, repeatable) and how docs/config.md prints the default. New kind: a line in `Kinds`, a reader there.
 */

/** Kind of an option -> type of its value. Durations are milliseconds, sizes octets. */
export interface Kinds {
  text: string;
  switch: boolean;
  integer: number;
  port: number;
  bytes: number;
  duration: number;
  /** A part of the whole, 0 to 1. */
  share: number;
  /** One or more IP addresses separated by spaces; address templates are expanded. */
  addresses: readonly string[];
  /** A single IP address or '' for none; address templates are expanded. */
  address: string;
  list: readonly string[];
  'text-map': Readonly<Record<string, string>>;
  'duration-map': Readonly<Record<string, number>>;
  /** JSON objects that other code decodes (services, checks, watches). */
  objects: readonly Readonly<Record<string, unknown>>[];
}

export type Kind = keyof Kinds;

export type OptionSpec = {
  readonly [K in Kind]: {
    readonly kind: K;
    readonly default: Kinds[K];
    /** Without dashes; none when only files can set it. */
    readonly flag?: string;
    /** Allowed values of a text. */
    readonly values?: readonly string[];
    /** Lowest value of a number. */
    readonly min?: number;
    /** Whether a reload applies it without a restart. */
    readonly reloadable: boolean;
    /** Whether the value is shown to nobody. */
    readonly isSecret?: boolean;
    /** Older spellings in files. */
    readonly aliases?: readonly string[];
    /** One sentence. */
    readonly doc: string;
  };
}[Kind];

/** Dotted key, as files nest it -> its row. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** The variable that sets an option: `ports.http` is `ROLLCALL_PORTS_HTTP`. */
export function envOf(key: string): string {
  return `ROLLCALL_${key.toUpperCase().replaceAll('.', '_')}`;
}
