/**
 * Text in HCL (or JSON with comments) → plain values, and the line of every key.
 *
 * The grammar is that of lib/hcl-tree.ts. As Consul does it, a block that occurs once is an object, repeated it is a
 * list of objects, and words between key and brace nest (`service "web" {}`). Keys that hold lists of blocks are lists
 * even when there is one.
 */
import { type HclItem, type HclNode, isHclFault, parseHclItems, scalarOf } from '../../lib/hcl-tree.ts';
import { AppError } from '../../model/errors.ts';

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

class Builder {
  readonly lines = new Map<string, number>();

  value(node: HclNode, path: string): unknown {
    switch (node.kind) {
      case 'object':
        return this.object(node.items, path);
      case 'list':
        return node.values.map((one, i) => {
          if (one.kind === 'object') this.lines.set(`${path}.${i}`, one.line);
          return this.value(one, `${path}.${i}`);
        });
      default:
        return scalarOf(node);
    }
  }

  object(items: readonly HclItem[], path: string): Record<string, unknown> {
    // without a prototype, because `__proto__` is a key as any other
    const object: Record<string, unknown> = Object.create(null);
    for (const { keys, value, line } of items) {
      const [key = '', ...inner] = keys;
      const at = path === '' ? key : `${path}.${key}`;
      const node: HclNode =
        inner.length === 0 ? value : { kind: 'object', items: [{ keys: inner, value, line }], line };
      this.#add(object, key, { node, at, line });
    }
    return object;
  }

  #add(
    object: Record<string, unknown>,
    key: string,
    found: { node: HclNode; at: string; line: number },
  ): void {
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

/** Parse a text. Throws AppError config_invalid: "<file>:<line>:<column>: not valid HCL: …". */
export function parseHcl(file: string, text: string): LocatedTree {
  const parsed = parseHclItems(text);
  if (isHclFault(parsed)) {
    const { line, column, message } = parsed;
    if (line === 0) throw new AppError('config_invalid', `${file}: ${message}`);
    throw new AppError('config_invalid', `${file}:${line}:${column}: not valid HCL: ${message}`);
  }
  const builder = new Builder();
  return { tree: builder.object(parsed, ''), lines: builder.lines };
}
