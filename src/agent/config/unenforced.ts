/**
 * What a configuration may ask for that protects somebody, and that this agent does not do: it does not start with it.
 *
 * An agent that accepted `verify_incoming = true` and let everybody in would be worse than one that says so and ends.
 * `accept_unenforced = true` starts it all the same; the log then warns (accepted-keys.ts). A row goes away with the code that
 * enforces it. Keys here are rows of accepted-keys.ts, or lie below one.
 */

/** When a value asks for something: a switch that is on, a text that is not empty, a port above 0. */
type Asks = 'on' | 'set' | 'port';

export const UNENFORCED: Readonly<Record<string, { readonly asks: Asks; readonly protects: string }>> = {
  'audit.enabled': { asks: 'on', protects: 'the record of who did what' },
  'auto_config.enabled': { asks: 'on', protects: 'connections between agents' },
  'auto_encrypt.allow_tls': { asks: 'on', protects: 'connections between agents' },
  'auto_encrypt.tls': { asks: 'on', protects: 'connections between agents' },
};

const TESTS: Readonly<Record<Asks, (value: unknown) => boolean>> = {
  on: (value) => value === true || value === 'true' || value === '1',
  set: (value) => value !== '' && value !== null,
  port: (value) => Number(value) > 0,
};

/** Values at the end of a path below `value`; blocks of HCL may be lists. */
function* valuesAt(value: unknown, path: readonly string[]): Iterable<unknown> {
  if (Array.isArray(value)) for (const one of value) yield* valuesAt(one, path);
  else if (path.length === 0) yield value;
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value))
      if (name.toLowerCase() === path[0]) yield* valuesAt(inner, path.slice(1));
}

/** What the value of an accepted key says about rows of the table: row -> the last value. */
export function demandsIn(key: string, value: unknown): ReadonlyMap<string, unknown> {
  const demands = new Map<string, unknown>();
  for (const row of Object.keys(UNENFORCED)) {
    if (row !== key && !row.startsWith(`${key}.`)) continue;
    const path = row === key ? [] : row.slice(key.length + 1).split('.');
    for (const one of valuesAt(value, path)) demands.set(row, one);
  }
  return demands;
}

/** Rows that ask for something by their last value. */
export function unenforcedKeys(demands: ReadonlyMap<string, unknown>): readonly string[] {
  return Object.entries(UNENFORCED)
    .filter(([key, { asks }]) => demands.has(key) && TESTS[asks](demands.get(key)))
    .map(([key]) => key);
}

/** The line that the start ends with. `keys` with their places, as `agent.hcl: acl.enabled`. */
export function unenforcedText(keys: readonly string[]): string {
  return `not enforced by this agent: ${keys.join(', ')}; take it out, or say that you know with accept_unenforced = true (-accept-unenforced)`;
}
