/**
 * Text in HCL (or JSON with comments) → plain values, and the line of every key.
 *
 * The grammar is hcl.peggy; `npm run grammar` makes hcl.generated.js of it. As Consul does it, a block that occurs
 * once is an object, repeated it is a list of objects, and words between key and brace nest (`service "web" {}`). Keys that
 * hold lists of blocks are lists even when there is one.
 */
import { AppError } from '../../model/errors.ts';
import { SyntaxError as GrammarSyntaxError, parse } from './hcl.generated.js';

type Node =
  | { readonly kind: 'object'; readonly items: readonly Item[]; readonly line: number }
  | { readonly kind: 'list'; readonly values: readonly Node[] }
  | { readonly kind: 'heredoc'; readonly lines: readonly string[]; readonly isIndented: boolean }
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null };

interface Item {
  readonly keys: readonly string[];
  readonly value: Node;
  readonly line: number;
}

export interface LocatedTree {
  readonly tree: Readonly<Record<string, unknown>>;
  /** Dotted path (`services.0.check`) -> line, from 1. */
  readonly lines: ReadonlyMap<string, number>;
}

/** Blocks of these names are lists of blocks. */
const LIST_KEYS = new Set([
  'services',
  'checks',
  'watches',
  'upstreams',
  'paths',
  'segments',
  'config_entries',
]);

function heredocText(lines: readonly string[], isIndented: boolean): string {
  const plain = lines.map((line) => line.replace(/\r$/, ''));
  const indents = plain
    .filter((line) => line.trim() !== '')
    .map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0);
  const indent = isIndented && indents.length > 0 ? Math.min(...indents) : 0;
  return plain.map((line) => `${line.slice(indent)}\n`).join('');
}

class Builder {
  readonly lines = new Map<string, number>();

  value(node: Node, path: string): unknown {
    switch (node.kind) {
      case 'object':
        return this.object(node.items, path);
      case 'list':
        return node.values.map((one, i) => {
          if (one.kind === 'object') this.lines.set(`${path}.${i}`, one.line);
          return this.value(one, `${path}.${i}`);
        });
      case 'heredoc':
        return heredocText(node.lines, node.isIndented);
      default:
        return node.value;
    }
  }

  object(items: readonly Item[], path: string): Record<string, unknown> {
    // without a prototype, because `__proto__` is a key as any other
    const object: Record<string, unknown> = Object.create(null);
    for (const { keys, value, line } of items) {
      const [key = '', ...inner] = keys;
      const at = path === '' ? key : `${path}.${key}`;
      const node: Node =
        inner.length === 0 ? value : { kind: 'object', items: [{ keys: inner, value, line }], line };
      this.#add(object, key, { node, at, line });
    }
    return object;
  }

  #add(object: Record<string, unknown>, key: string, found: { node: Node; at: string; line: number }): void {
    const { node, at, line } = found;
    const isBlock = node.kind === 'object';
    const before = Object.hasOwn(object, key) ? object[key] : undefined;
    const isListed = LIST_KEYS.has(key) && isBlock;
    if (!isBlock || (before === undefined && !isListed)) {
      this.lines.set(at, line);
      object[key] = this.value(node, at);
      return;
    }
    const list = before === undefined ? [] : [before].flat();
    this.lines.set(`${at}.${list.length}`, line);
    if (!this.lines.has(at)) this.lines.set(at, line);
    object[key] = [...list, this.value(node, `${at}.${list.length}`)];
  }
}

interface GrammarError {
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
  readonly message: string;
}

/** A refusal for what the parser threw; a bug stays a bug. The parser recurses, so a hostile depth ends its stack. */
function refusal(file: string, cause: unknown): unknown {
  if (cause instanceof RangeError)
    return new AppError('config_invalid', `${file}: nested too deeply`, { cause });
  if (!(cause instanceof GrammarSyntaxError)) return cause;
  const { location, message } = cause as unknown as GrammarError;
  const { line, column } = location.start;
  return new AppError('config_invalid', `${file}:${line}:${column}: not valid HCL: ${message}`, { cause });
}

/** Parse a text. Throws AppError config_invalid: "<file>:<line>:<column>: not valid HCL: …". */
export function parseHcl(file: string, text: string): LocatedTree {
  const builder = new Builder();
  try {
    const root = parse(text) as Node & { kind: 'object' };
    return { tree: builder.object(root.items, ''), lines: builder.lines };
  } catch (cause) {
    throw refusal(file, cause);
  }
}
