/**
 * Regular expressions that clients send.
 */

/** A compiled pattern. */
export interface Pattern {
  /** The whole match and its groups ('' for a group that took no part); undefined when there is no match. */
  match(text: string): readonly string[] | undefined;
}

/** Compile a pattern; a text says what is wrong with it. */
export function compilePattern(source: string): Pattern | string {
  try {
    const expression = new RegExp(source, 'u');
    return { match: (text: string) => expression.exec(text)?.map((group) => group ?? '') };
  } catch {
    return `error parsing regexp: \`${source}\``;
  }
}
