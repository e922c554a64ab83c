/**
 * What a command of the program is: words, flags and a function that returns the exit status.
 *
 * Help, completion and the man page are made from the same description. A new command is a file in commands/ that
 * exports `command`, and its line in main.ts. Commands print through `io`, never to the console.
 */
import type { Client } from './client.ts';
import type { Paint } from './colour.ts';
import type { FlagSpec, Flags } from './flags.ts';

export interface CommandIo {
  /** One line (or several) to standard output. */
  out(text: string): void;
  err(text: string): void;
  /** Octets to standard output as they are. */
  raw(bytes: Uint8Array): void;
  /** All of standard input. */
  stdin(): Promise<Uint8Array>;
  /** Colours for what goes to standard output. */
  readonly paint: Paint;
  /** Whether a person watches standard error; progress is shown only then. */
  readonly isTerminal: boolean;
}

export interface CommandInput {
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly io: CommandIo;
  /** The agent that -http-addr or the environment names. */
  readonly client: () => Client;
  /** Aborts when the user wants to end a command that is marked as long. */
  readonly interrupted: AbortSignal;
  /** Every command of the program with its words, for what is made from all of them. */
  readonly allCommands: () => Promise<readonly NamedCommand[]>;
}

export interface NamedCommand {
  /** Such as `catalog nodes`. */
  readonly name: string;
  readonly command: Command;
}

export interface Command {
  readonly summary: string;
  /** Arguments after the flags, as help shows them: `KEY [VALUE]`. */
  readonly args?: string;
  readonly description?: string;
  readonly flags: readonly FlagSpec[];
  /** Talks to an agent: takes -http-addr, -token and their like. */
  readonly isClient: boolean;
  /** Runs until it is interrupted; ends in good order then. Others end at once. */
  readonly isLong?: true;
  readonly examples: readonly string[];
  /** What a refusal of the agent begins with, in Consul's words; the bare answer when absent. */
  readonly refusedAs?: string | ((input: Pick<CommandInput, 'flags' | 'args'>) => string);
  /** Exit status. AppError is printed by main as one line and ends with 1. */
  readonly run: (input: CommandInput) => Promise<number>;
}
