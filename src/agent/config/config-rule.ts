/**
 * What must hold between the values of a configuration: the form that such rules have.
 */
import type { Config, OptionKey } from './options.ts';

export interface RuleProblem {
  /** The option that has to change. */
  readonly key: OptionKey;
  /** One line: the key, what is wrong, how to mend it. */
  readonly text: string;
}

/** Every problem that it finds, [] when there is none. */
export type Rule = (config: Config, isDev: boolean) => readonly RuleProblem[];

/** A problem with an option; `text` continues the line that begins with its key. */
export const problem = (key: OptionKey, text: string): RuleProblem => ({ key, text: `${key}: ${text}` });
