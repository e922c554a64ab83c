/**
 * Reads what the documentation tests need of a Markdown page: fenced blocks with the marker above them, and the
 * rows of tables.
 *
 * A marker is an HTML comment on the line before a block, `<!-- word: text -->`, invisible to readers.
 */

export interface Block {
  /** The word after the fence: `sh`, `json`, `text` … */
  readonly language: string;
  readonly body: string;
  /** Line of the fence, from 1. */
  readonly line: number;
  /** Markers directly above the fence: word → text. */
  readonly markers: ReadonlyMap<string, string>;
}

const MARKER = /^<!-- ([a-z ]+?)(?:: (.*?))? -->$/;

/** All fenced blocks in order. Never throws; an unclosed fence ends with the page. */
export function fencedBlocks(page: string): Block[] {
  const lines = page.split('\n');
  const blocks: Block[] = [];
  let markers = new Map<string, string>();
  for (let at = 0; at < lines.length; at++) {
    const text = (lines[at] ?? '').trim();
    const marker = MARKER.exec(text);
    const fence = /^```(\S*)/.exec(text);
    if (marker) markers.set(marker[1] ?? '', marker[2] ?? '');
    else if (fence) {
      const end = lines.findIndex((line, index) => index > at && line.trim() === '```');
      const last = end === -1 ? lines.length : end;
      const body = `${lines.slice(at + 1, last).join('\n')}\n`;
      blocks.push({ language: fence[1] ?? '', body, line: at + 1, markers });
      markers = new Map();
      at = last;
    } else if (text !== '') markers = new Map();
  }
  return blocks;
}

/** The cells of every table row of the page, without headings; code ticks and padding are removed. */
export function tableRows(page: string): string[][] {
  const rows: string[][] = [];
  let isBody = false;
  for (const line of page.split('\n')) {
    if (!line.startsWith('|')) isBody = false;
    else if (/^\|[\s:|-]+\|$/.test(line)) isBody = true;
    else if (isBody) rows.push(cellsOf(line));
  }
  return rows;
}

/** A `|` inside a cell is written `\|`. */
function cellsOf(line: string): string[] {
  const cells = line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/);
  return cells.map((cell) =>
    cell
      .trim()
      .replace(/^`(.*)`$/, '$1')
      .replaceAll('\\|', '|'),
  );
}

/** A table as Markdown; `|` in cells is escaped. */
export function renderTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), `|${heading.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
