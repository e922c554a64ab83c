/**
 * Looking up a key of a file: an option, an accepted key of Consul, a group of them, or a mistake.
 */
import { nearest } from '../../lib/nearest.ts';
import { ACCEPTED_KEYS } from './accepted-keys.ts';
import type { OptionSpec } from './option-spec.ts';
import { OPTION_KEYS, OPTIONS, type OptionKey } from './options.ts';

export type KnownKey =
  | { readonly kind: 'option'; readonly key: OptionKey }
  | { readonly kind: 'accepted'; readonly key: string }
  | { readonly kind: 'group' }
  | { readonly kind: 'unknown'; readonly nearest: string | undefined };

function optionNames(): ReadonlyMap<string, OptionKey> {
  const names = OPTION_KEYS.flatMap((key) => {
    const { aliases = [] } = OPTIONS[key] as OptionSpec;
    return [key, ...aliases].map((name) => [name, key] as const);
  });
  return new Map(names);
}

const OPTION_NAMES = optionNames();

/** `dns_config.soa` and `dns_config` are groups, because options lie below them. */
const GROUPS = new Set(
  [...OPTION_NAMES.keys(), ...ACCEPTED_KEYS.keys()].flatMap((name) =>
    name.split('.').flatMap((_, i, parts) => (i === 0 ? [] : [parts.slice(0, i).join('.')])),
  ),
);

/** Words that could stand at the same place as `name`: same group, last part. */
function* siblings(name: string): Iterable<string> {
  const group = name.slice(0, name.lastIndexOf('.') + 1);
  for (const known of [...OPTION_NAMES.keys(), ...ACCEPTED_KEYS.keys(), ...GROUPS]) {
    if (known.startsWith(group) && !known.slice(group.length).includes('.')) yield known;
  }
}

/** What a dotted key is. Letter case does not matter, as in Consul. Never throws. */
export function lookUpKey(given: string): KnownKey {
  const name = given.toLowerCase();
  const key = OPTION_NAMES.get(name);
  if (key) return { kind: 'option', key };
  if (ACCEPTED_KEYS.has(name)) return { kind: 'accepted', key: name };
  if (GROUPS.has(name)) return { kind: 'group' };
  return { kind: 'unknown', nearest: nearest(name, siblings(name)) };
}
