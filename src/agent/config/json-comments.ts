/**
 * JSON as tutorials print it: with `#`, `//` and block comments.
 *
 * Comments become blanks, so that positions in messages of the parser stay true. Everything else is left to
 * JSON.parse, which is strict.
 */

const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ');
const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

export interface Uncommented {
  readonly text: string;
  readonly hadComments: boolean;
}

/** Blank out comments outside of strings. Never throws. */
export function blankComments(text: string): Uncommented {
  let hadComments = false;
  const without = text.replace(STRING_OR_COMMENT, (match) => {
    if (match.startsWith('"')) return match;
    hadComments = true;
    return blank(match);
  });
  return { text: without, hadComments };
}
