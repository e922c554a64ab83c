/**
 * Completion scripts for shells, made from the command table: words first, then the flags of the command.
 */
import type { NamedCommand } from './command-spec.ts';
import { flagsOf } from './help.ts';

type Writer = (commands: readonly NamedCommand[]) => string;

/** First words, and for those that have them the second ones. */
function wordTree(commands: readonly NamedCommand[]): ReadonlyMap<string, readonly string[]> {
  const tree = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ');
    tree.set(first, [...(tree.get(first) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return tree;
}

const flagWords = ({ command }: NamedCommand): string =>
  flagsOf(command)
    .map(({ name, value }) => `-${name}${value === undefined ? '' : '='}`)
    .join(' ');

const bash: Writer = (commands) => {
  const tree = wordTree(commands);
  const seconds = [...tree]
    .filter(([, words]) => words.length > 0)
    .map(([first, words]) => `    ${first}) [ "$COMP_CWORD" -eq 2 ] && words='${words.join(' ')}' ;;`);
  const flags = commands.map((one) => `    '${one.name}') flags='${flagWords(one)}' ;;`);
  return `# bash completion for rollcall
_rollcall() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words='' flags='' first="\${COMP_WORDS[1]}" name
  case "$COMP_CWORD" in 1) words='${[...tree.keys()].join(' ')}' ;; esac
  case "$first" in
${seconds.join('\n')}
  esac
  for name in "$first \${COMP_WORDS[2]}" "$first"; do
    case "$name" in
${flags.join('\n')}
    esac
    [ -n "$flags" ] && break
  done
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")); [[ "\${COMPREPLY[0]}" == *= ]] && compopt -o nospace ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$cur")); [ -z "$words" ] && COMPREPLY=($(compgen -f -- "$cur")) ;;
  esac
}
complete -F _rollcall rollcall
`;
};

const quote = (text: string): string =>
  text.replaceAll("'", "'\\''").replaceAll(':', '\\:').replaceAll('[', '\\[').replaceAll(']', '\\]');

const zsh: Writer = (commands) => {
  const words = [...wordTree(commands)].map(([first, seconds]) => {
    const summary = commands.find(({ name }) => name === first)?.command.summary ?? seconds.join(', ');
    return `    '${first}:${quote(summary)}'`;
  });
  const cases = commands.map((one) => {
    const flags = flagsOf(one.command).map(
      ({ name, value, doc }) =>
        `'-${name}${value === undefined ? '' : `=-`}[${quote(doc)}]${value === undefined ? '' : ':value:_files'}'`,
    );
    return `    '${one.name}') _arguments ${[...flags, "'*:file:_files'"].join(' ')} ;;`;
  });
  const seconds = [...wordTree(commands)]
    .filter(([, list]) => list.length > 0)
    .map(
      ([first, list]) =>
        `    ${first}) (( CURRENT == 3 )) && { _values 'command' ${list.join(' ')}; return } ;;`,
    );
  return `#compdef rollcall
_rollcall() {
  local -a commands
  commands=(
${words.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe 'command' commands; return; fi
  case "$words[2]" in
${seconds.join('\n')}
  esac
  local name="$words[2]"
  case "$name" in
    ${[...wordTree(commands)]
      .filter(([, list]) => list.length > 0)
      .map(([first]) => first)
      .join('|')}) name="$words[2] $words[3]" ;;
  esac
  case "$name" in
${cases.join('\n')}
  esac
}
_rollcall "$@"
`;
};

const fish: Writer = (commands) => {
  const quoted = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const lines = commands.flatMap((one) => {
    const [first = '', second] = one.name.split(' ');
    const condition =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
    const word =
      second === undefined
        ? `complete -c rollcall -n __fish_use_subcommand -f -a ${first} -d '${quoted(one.command.summary)}'`
        : `complete -c rollcall -n '__fish_seen_subcommand_from ${first}' -f -a ${second} -d '${quoted(one.command.summary)}'`;
    const flags = flagsOf(one.command).map(
      ({ name, value, doc }) =>
        `complete -c rollcall -n '${condition}' -o ${name}${value === undefined ? '' : ' -r'} -d '${quoted(doc)}'`,
    );
    return [word, ...flags];
  });
  const groups = [...wordTree(commands)]
    .filter(([, list]) => list.length > 0)
    .map(
      ([first, list]) =>
        `complete -c rollcall -n __fish_use_subcommand -f -a ${first} -d '${list.join(', ')}'`,
    );
  return `# fish completion for rollcall\n${[...groups, ...lines].join('\n')}\n`;
};

/** Shell -> what makes its script. */
export const COMPLETIONS: Readonly<Record<string, Writer>> = { bash, zsh, fish };
