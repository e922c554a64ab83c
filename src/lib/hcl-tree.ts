/**
 * Text in HCL or JSON → its items as they stand there, with the line of each.
 *
 * The grammar is hcl-grammar.peggy; `npm run grammar` makes hcl-grammar.generated.js of it. What the items mean, and which
 * of them may stand together, is their reader's business: configuration files (agent/config/hcl.ts), rules of policies
 * (acl/parse-rules.ts).
 */
import { SyntaxError as GrammarSyntaxError, parse } from './hcl-grammar.generated.js';

type HclScalar =
  | { readonly kind: 'heredoc'; readonly lines: readonly string[]; readonly isIndented: boolean }
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null };

export type HclNode =
  | { readonly kind: 'object'; readonly items: readonly HclItem[]; readonly line: number }
  | { readonly kind: 'list'; readonly values: readonly HclNode[] }
  | HclScalar;

/** `key = value`, or a block with one or more words before its brace. */
export interface HclItem {
  readonly keys: readonly string[];
  readonly value: HclNode;
  readonly line: number;
}

/** Where a text stops being HCL, and why; line and column are 0 when it has no place. */
interface HclFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

function heredocText(lines: readonly string[], isIndented: boolean): string {
  const plain = lines.map((line) => line.replace(/\r$/, ''));
  const indents = plain
    .filter((line) => line.trim() !== '')
    .map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0);
  const indent = isIndented && indents.length > 0 ? Math.min(...indents) : 0;
  return plain.map((line) => `${line.slice(indent)}\n`).join('');
}

/** The value of a node that holds no others. */
export function scalarOf(node: HclScalar): string | number | boolean | null {
  return node.kind === 'heredoc' ? heredocText(node.lines, node.isIndented) : node.value;
}

interface GrammarError {
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
  readonly message: string;
}

/** The items of a text, or what is wrong with it. The parser recurses, so a hostile depth is a fault too. */
export function parseHclItems(text: string): readonly HclItem[] | HclFault {
  try {
    return (parse(text) as { readonly items: readonly HclItem[] }).items;
  } catch (cause) {
    if (cause instanceof RangeError) return { line: 0, column: 0, message: 'nested too deeply' };
    if (!(cause instanceof GrammarSyntaxError)) throw cause;
    const { location, message } = cause as unknown as GrammarError;
    return { line: location.start.line, column: location.start.column, message };
  }
}

/** Whether parseHclItems has found a fault. */
export function isHclFault(parsed: readonly HclItem[] | HclFault): parsed is HclFault {
  return !Array.isArray(parsed);
}
