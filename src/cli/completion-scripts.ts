/**
 * Completion scripts for shells, made from the command table: the words of a command one after the other, then its flags.
 */
import type { NamedCommand } from './command-spec.ts';
import { flagsOf } from './help.ts';

type Writer = (commands: readonly NamedCommand[]) => string;

interface NextWord {
  readonly word: string;
  /** The command's sentence, or the words that can follow. */
  readonly about: string;
}

/** What can follow the words that were typed so far (`''`, `operator`, `operator raft`), in the order of the table. */
type WordTree = ReadonlyMap<string, readonly NextWord[]>;

function wordTree(commands: readonly NamedCommand[]): WordTree {
  const children = new Map<string, Set<string>>();
  for (const { name } of commands) {
    const words = name.split(' ');
    for (const [i, word] of words.entries()) {
      const prefix = words.slice(0, i).join(' ');
      children.set(prefix, (children.get(prefix) ?? new Set()).add(word));
    }
  }
  const summaries = new Map(commands.map(({ name, command }) => [name, command.summary]));
  const about = (name: string): string => summaries.get(name) ?? [...(children.get(name) ?? [])].join(', ');
  const entries = [...children].map(([prefix, words]) => {
    const next = [...words].map((word) => ({ word, about: about(`${prefix} ${word}`.trim()) }));
    return [prefix, next] as const;
  });
  return new Map(entries);
}

/** Every run of words that begins a command or is one. */
const knownPaths = (tree: WordTree): readonly string[] =>
  [...tree].flatMap(([prefix, next]) => next.map(({ word }) => `${prefix} ${word}`.trim()));

const wordsOf = (next: readonly NextWord[]): string => next.map(({ word }) => word).join(' ');

const flagWords = ({ command }: NamedCommand): string =>
  flagsOf(command)
    .map(({ name, value }) => `-${name}${value === undefined ? '' : '='}`)
    .join(' ');

const bash: Writer = (commands) => {
  const tree = wordTree(commands);
  const known = knownPaths(tree).map((path) => `'${path}'`);
  const words = [...tree].map(([prefix, next]) => `    '${prefix}') words='${wordsOf(next)}' ;;`);
  const flags = commands.map((one) => `    '${one.name}') flags='${flagWords(one)}' ;;`);
  return `# bash completion for rollcall
_rollcall() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words='' flags='' path='' depth=1 next
  while [ "$depth" -lt "$COMP_CWORD" ]; do
    next="\${path:+$path }\${COMP_WORDS[depth]}"
    case "$next" in ${known.join('|')}) path="$next"; depth=$((depth + 1)) ;; *) break ;; esac
  done
  [ "$depth" -eq "$COMP_CWORD" ] && case "$path" in
${words.join('\n')}
  esac
  case "$path" in
${flags.join('\n')}
  esac
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
  const tree = wordTree(commands);
  const known = knownPaths(tree).map((path) => `'${path}'`);
  const words = [...tree].map(([prefix, next]) => {
    const described = next.map(({ word, about }) => `'${word}:${quote(about)}'`);
    return `    '${prefix}') next=(${described.join(' ')}); _describe 'command' next; return ;;`;
  });
  const cases = commands.map((one) => {
    const flags = flagsOf(one.command).map(
      ({ name, value, doc }) =>
        `'-${name}${value === undefined ? '' : `=-`}[${quote(doc)}]${value === undefined ? '' : ':value:_files'}'`,
    );
    return `    '${one.name}') _arguments ${[...flags, "'*:file:_files'"].join(' ')} ;;`;
  });
  return `#compdef rollcall
_rollcall() {
  local name='' longer
  local -i depth=1
  local -a next
  while (( depth < CURRENT - 1 )); do
    longer="\${name:+$name }$words[depth + 1]"
    case "$longer" in ${known.join('|')}) name="$longer"; (( depth++ )) ;; *) break ;; esac
  done
  (( depth == CURRENT - 1 )) && case "$name" in
${words.join('\n')}
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
  const seen = (path: string): string =>
    path
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
  const words = [...wordTree(commands)].flatMap(([prefix, next]) => {
    const among = `; and not __fish_seen_subcommand_from ${wordsOf(next)}`;
    const condition = prefix === '' ? '__fish_use_subcommand' : `${seen(prefix)}${among}`;
    return next.map(
      ({ word, about }) => `complete -c rollcall -n '${condition}' -f -a ${word} -d '${quoted(about)}'`,
    );
  });
  const flags = commands.flatMap((one) =>
    flagsOf(one.command).map(
      ({ name, value, doc }) =>
        `complete -c rollcall -n '${seen(one.name)}' -o ${name}${value === undefined ? '' : ' -r'} -d '${quoted(doc)}'`,
    ),
  );
  return `# fish completion for rollcall\n${[...words, ...flags].join('\n')}\n`;
};

/** Shell -> what makes its script. */
export const COMPLETIONS: Readonly<Record<string, Writer>> = { bash, zsh, fish };
