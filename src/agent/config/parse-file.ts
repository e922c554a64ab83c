/**
 * A configuration file's text -> its tree of keys, JSON or HCL.
 *
 * Errors name file, line and column. JSON may carry comments; the caller logs that once. The HCL parser is loaded when a
 * file needs it, or when the line of a mistake is looked up.
 */
import { AppError } from '../../model/errors.ts';
import { blankComments } from './json-comments.ts';

export type Format = 'json' | 'hcl';
export type Tree = Readonly<Record<string, unknown>>;

export interface ParsedFile {
  readonly tree: Tree;
  readonly hadComments: boolean;
}

/** V8 says "… at position 24 (line 1 column 25)"; the place goes in front, the way compilers do. */
function explainJsonError(file: string, error: unknown): AppError {
  const message = error instanceof Error ? error.message : String(error);
  const place = /\(line (\d+) column (\d+)\)/.exec(message);
  const why = message.replace(/ in JSON at position.*$/s, '').replace(/ at position.*$/s, '');
  const where = place ? `${file}:${place[1]}:${place[2]}` : file;
  return new AppError('config_invalid', `${where}: not valid JSON: ${why}`, { cause: error });
}

function parseJson(file: string, text: string): ParsedFile {
  const { text: plain, hadComments } = blankComments(text);
  if (plain.trim() === '') return { tree: {}, hadComments };
  let tree: unknown;
  try {
    tree = JSON.parse(plain);
  } catch (error) {
    throw explainJsonError(file, error);
  }
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree))
    throw new AppError('config_invalid', `${file}: must hold one JSON object`);
  return { tree: tree as Tree, hadComments };
}

/** The tree of a file. Throws AppError config_invalid with "<file>:<line>:<column>: …". */
export async function parseFile(file: string, text: string, format: Format): Promise<ParsedFile> {
  if (format === 'json') return parseJson(file, text.replace(/^\uFEFF/, ''));
  const { parseHcl } = await import('./hcl.ts');
  return { tree: parseHcl(file, text).tree, hadComments: false };
}

/** The line of a dotted path in a file that parses, or of the nearest thing around it; undefined when there is none. */
export async function lineOf(file: string, text: string, path: string): Promise<number | undefined> {
  const { parseHcl } = await import('./hcl.ts');
  const { lines } = parseHcl(file, text);
  for (let at = path; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf('.'), 0))) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return undefined;
}
