/**
 * What `-h` prints, for one command and for a group of them, from their descriptions.
 */
import { Command as Parser } from 'commander';
import { CLIENT_FLAGS } from './client.ts';
import type { Command } from './command-spec.ts';
import type { FlagSpec } from './flags.ts';

/** Every flag that a command takes. */
export function flagsOf(command: Command): readonly FlagSpec[] {
  return command.isClient ? [...command.flags, ...CLIENT_FLAGS] : command.flags;
}

/** The parser of a command: knows every flag as `--name <value>` and shows it as `-name=<value>`. */
export function parserOf(
  name: string,
  command: Command,
  onFlag: (flag: string, value: string) => void,
): Parser {
  const parser = new Parser(`rollcall ${name}`)
    .usage(`[options] ${command.args ?? ''}`.trim())
    .description(command.description ?? command.summary)
    .helpOption(false)
    .allowExcessArguments(true)
    .configureHelp({
      optionTerm: ({ flags }) => flags.replace(/^--(\S+) <(.*)>$/, '-$1=<$2>').replace(/=<>$/, ''),
      subcommandTerm: (subcommand) => subcommand.name(),
    });
  for (const { name: flag, value = '', doc } of flagsOf(command)) {
    parser.option(`--${flag} <${value || 'SWITCH'}>`, doc);
    parser.on(`option:${flag}`, (given: string) => onFlag(flag, given));
  }
  return parser;
}

/** The text of `rollcall <name> -h`. */
export function helpOf(name: string, command: Command): string {
  const help = parserOf(name, command, () => {})
    .helpInformation()
    .replaceAll('=<SWITCH>', '         ');
  const examples = command.examples.map((example) => `  $ ${example}`).join('\n');
  return examples ? `${help}\nExamples:\n${examples}` : help.trimEnd();
}

/** A list of commands with their sentences. */
export function listOf(title: string, commands: readonly (readonly [string, string])[]): string {
  const width = Math.max(...commands.map(([name]) => name.length));
  const lines = commands.map(([name, summary]) => `    ${name.padEnd(width)}    ${summary}`);
  return `Usage: ${title}\n\nCommands:\n${lines.join('\n')}\n\n"rollcall <command> -h" tells more.`;
}
