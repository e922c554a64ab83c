/**
 * A text of rules cut into items with their comments, and printed again as HCL's own formatter lays it out.
 *
 * Only for texts that were found to be HCL (parse-rules.ts, translate-rules.ts): nothing here says what is wrong with one.
 */

interface Token {
  readonly kind: 'word' | 'punctuation' | 'comment';
  readonly text: string;
  readonly line: number;
}

const TOKEN =
  /(?<space>[ \t\r\n\uFEFF,]+)|(?<comment>(?:#|\/\/)[^\n]*|\/\*[\s\S]*?\*\/)|(?<word>"(?:\\[\s\S]|[^"\\])*"|<<-?(?<mark>\w+)\r?\n(?:[^\n]*\n)*?[ \t]*\k<mark>(?!\w)|[^\s{}[\]=:,"#]+)|(?<punctuation>[{}[\]=:])/gy;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const { 0: found, groups = {} } of text.matchAll(TOKEN)) {
    if (groups['comment'] !== undefined) tokens.push({ kind: 'comment', text: found.trimEnd(), line });
    else if (groups['word'] !== undefined) tokens.push({ kind: 'word', text: found, line });
    else if (groups['punctuation'] !== undefined) tokens.push({ kind: 'punctuation', text: found, line });
    line += found.split('\n').length - 1;
  }
  return tokens;
}

/** An item as it stands in the text. */
export interface TextItem {
  /** Comments above it. */
  readonly above: readonly string[];
  /** As written, quotes included. */
  readonly keys: readonly string[];
  /** As written; or what stands in its braces. */
  readonly value: string | TextBlock;
  /** A comment at the end of its line. */
  readonly behind: string;
  readonly line: number;
}

interface TextBlock {
  readonly items: readonly TextItem[];
  /** Comments behind the last item. */
  readonly rest: readonly string[];
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #is(text: string): boolean {
    const next = this.#next();
    return next?.kind === 'punctuation' && next.text === text;
  }

  /** Items up to a closing brace or the end; comments that a blank line parts from an item stand alone. */
  block(): TextBlock {
    const items: TextItem[] = [];
    let above: string[] = [];
    for (let token = this.#next(); token !== undefined && !this.#is('}'); token = this.#next()) {
      if (token.kind === 'comment') {
        this.#at += 1;
        above.push(token.text);
        const next = this.#next();
        const lines = token.text.split('\n').length;
        if (next !== undefined && next.line > token.line + lines) above.push('');
      } else {
        items.push(this.#item(above));
        above = [];
      }
    }
    this.#at += 1;
    return { items, rest: above };
  }

  #item(above: readonly string[]): TextItem {
    const line = this.#next()?.line ?? 0;
    const keys: string[] = [];
    for (let token = this.#next(); token?.kind === 'word'; token = this.#next()) {
      keys.push(token.text);
      this.#at += 1;
    }
    if (this.#is('=') || this.#is(':')) this.#at += 1;
    const value = this.#value();
    const last = this.#tokens[this.#at - 1]?.line ?? line;
    const next = this.#next();
    const isBehind = next?.kind === 'comment' && next.line === last;
    if (isBehind) this.#at += 1;
    return { above, keys, value, behind: isBehind ? next.text : '', line };
  }

  #value(): string | TextBlock {
    if (this.#is('{')) {
      this.#at += 1;
      return this.block();
    }
    if (!this.#is('[')) {
      const text = this.#next()?.text ?? '';
      this.#at += 1;
      return text;
    }
    const parts: string[] = [];
    for (let token = this.#next(); token !== undefined && !this.#is(']'); token = this.#next()) {
      if (token.kind === 'word') parts.push(token.text);
      this.#at += 1;
    }
    this.#at += 1;
    return `[${parts.join(', ')}]`;
  }
}

/** The items of a text. */
export function readItems(text: string): TextBlock {
  return new Reader(tokensOf(text)).block();
}

const indent = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');

function printItem({ above, keys, value, behind }: TextItem, width: number): string {
  const head = keys.join(' ').padEnd(width);
  const said = typeof value === 'string' ? `${head} = ${value}` : `${head} ${printInner(value)}`;
  return [...above, behind === '' ? said : `${said} ${behind}`].join('\n');
}

const isPlain = ({ value, above }: TextItem): boolean => typeof value === 'string' && above.length === 0;

/** What stands in braces: assignments on lines that follow each other are one group, with their `=` below each other. */
function printInner({ items, rest }: TextBlock): string {
  const groups: TextItem[][] = [];
  for (const item of items) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    const follows =
      before !== undefined &&
      typeof before.value === 'string' &&
      isPlain(item) &&
      item.line === before.line + 1;
    if (follows) group?.push(item);
    else groups.push([item]);
  }
  const texts = groups.map((group) => {
    const width = Math.max(...group.map(({ keys }) => keys.join(' ').length));
    return group.map((item) => printItem(item, typeof item.value === 'string' ? width : 0)).join('\n');
  });
  if (rest.length > 0) texts.push(rest.join('\n').trimEnd());
  return texts.length === 0 ? '{}' : `{\n${indent(texts.join('\n\n'))}\n}`;
}

/** Items laid out one below the other with a blank line between; no line end behind the last. */
export function printItems({ items, rest }: TextBlock): string {
  const texts = items.map((item) => printItem(item, 0));
  return rest.length === 0 ? texts.join('\n\n') : [...texts, `${rest.join('\n').trimEnd()}\n`].join('\n\n');
}
