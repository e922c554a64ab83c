/**
 * What `-h` prints, for one command and for a group of them, from their descriptions.
 */
import { styleText } from 'node:util';
import { Option, Command as Parser } from 'commander';
import { CLIENT_FLAGS } from './client.ts';
import type { Paint } from './colour.ts';
import type { Command } from './command-spec.ts';
import type { FlagSpec } from './flags.ts';

const SHARED_FLAGS = CLIENT_FLAGS.map((flag) => ({
  ...flag,
  group: 'Options of every command that asks an agent:',
}));

/** Every flag that a command takes. */
export function flagsOf(command: Command): readonly FlagSpec[] {
  return command.isClient ? [...command.flags, ...SHARED_FLAGS] : command.flags;
}

/** The parser takes colours away again where nobody sees them. */
const ansi = (style: 'bold' | 'green', text: string): string =>
  styleText(style, text, { validateStream: false });

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
      styleTitle: (text) => ansi('bold', text),
      styleOptionTerm: (text) => ansi('green', text),
    });
  for (const { name: flag, value = '', doc, group = 'Options:' } of flagsOf(command)) {
    parser.addOption(new Option(`--${flag} <${value || 'SWITCH'}>`, doc).helpGroup(group));
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
export function listOf(
  title: string,
  commands: readonly (readonly [string, string])[],
  paint: Paint,
): string {
  const width = Math.max(...commands.map(([name]) => name.length));
  const lines = commands.map(([name, summary]) => `    ${paint('green', name.padEnd(width))}    ${summary}`);
  return `${paint('bold', 'Usage:')} ${title}\n\n${paint('bold', 'Commands:')}\n${lines.join('\n')}\n\n"rollcall <command> -h" tells more.`;
}
