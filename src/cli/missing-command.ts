/**
 * What to say to words that are no command: why Consul's is not here, or which was probably meant.
 */
import { hintOf } from '../lib/nearest.ts';
import { whyAbsent } from './absent-commands.ts';

/**
 * `words` are those that were typed, without help and flags; `prefix` is the longest run of them that begins commands, with a
 * space after it. Undefined when they are a group of commands and nothing more.
 */
export function whyMissing(
  words: readonly string[],
  prefix: string,
  names: readonly string[],
): string | undefined {
  const depth = prefix.split(' ').length - 1;
  const word = words[depth];
  if (word === undefined) return undefined;
  if (depth === 0) {
    const reason = whyAbsent(word);
    if (reason !== undefined) return reason;
  }
  const following = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.split(' ')[depth] ?? '');
  const list = `rollcall ${prefix}help`.replace('help', depth === 0 ? 'help' : '-h');
  return `rollcall has no command ${prefix}${word}${hintOf(word, new Set(following), (near) => prefix + near)}; "${list}" lists them`;
}
