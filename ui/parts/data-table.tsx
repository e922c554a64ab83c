/**
 * A list of any length as a table: sorts, draws only the rows near the window, and moves by the arrow keys.
 *
 * Rows have one height, which the style sheet sets (it differs on narrow screens) and this file measures. Up to
 * WHOLE_LIMIT rows are all in the document, so that the browser's own search finds them. The first column's cell should
 * hold the row's link; a click anywhere in the row follows it.
 */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { enterDetails } from './focus.ts';

const WHOLE_LIMIT = 200;
const OVERSCAN_ROWS = 12;

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Ascending order; a column without it cannot be sorted by. */
  readonly compare?: (a: Row, b: Row) => number;
}

export interface DataTableProps<Row> {
  /** Class with the grid's columns; also the name for readers. */
  readonly name: string;
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly rowClass?: (row: Row) => string;
  /** Key of the row whose details are shown. */
  readonly selected?: string;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Rows that are in the window or near it. */
function visibleRange(body: HTMLElement, total: number, rowPx: number): Range {
  if (total <= WHOLE_LIMIT) return { from: 0, to: total };
  const top = -body.getBoundingClientRect().top;
  const from = Math.floor(top / rowPx) - OVERSCAN_ROWS;
  const to = Math.ceil((top + window.innerHeight) / rowPx) + OVERSCAN_ROWS;
  return { from: Math.max(0, Math.min(from, total)), to: Math.max(0, Math.min(to, total)) };
}

/** The sort order is part of the address: `?sort=name` or `?sort=-name`. */
function useSorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[]) {
  const { router } = useApp();
  const sort = router.place.value.query.get('sort') ?? '';
  const isDown = sort.startsWith('-');
  const key = isDown ? sort.slice(1) : sort;
  const compare = columns.find((column) => column.key === key)?.compare;
  const sorted = useMemo(() => {
    if (!compare) return rows;
    const ascending = [...rows].sort(compare);
    return isDown ? ascending.reverse() : ascending;
  }, [rows, compare, isDown]);
  const toggle = (column: string) => {
    const next = key !== column ? column : isDown ? '' : `-${column}`;
    router.setQuery({ sort: next });
  };
  return { sorted, key: compare ? key : '', isDown, toggle };
}

function moveFocus(body: HTMLElement, event: KeyboardEvent): void {
  const current = (event.target as Element).closest<HTMLElement>('[data-row]');
  if (event.key === 'ArrowRight' && enterDetails()) event.preventDefault();
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  if (!current || step === undefined || event.target instanceof HTMLInputElement) return;
  const next = body.querySelector<HTMLElement>(`[data-row="${Number(current.dataset['row']) + step}"] a`);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

const MAY_BE_CUT = '.name, .tags, .health-text';

function textOf(part: HTMLElement): string {
  if (!part.matches('.tags')) return part.textContent;
  return [...part.children].map((tag) => tag.textContent).join(', ');
}

/** What a cell cuts off stands in its tooltip. */
function tellWhatIsCut(event: PointerEvent): void {
  const cell = (event.target as Element).closest<HTMLElement>('[role="cell"]');
  if (!cell) return;
  const parts = [cell, ...cell.querySelectorAll<HTMLElement>(MAY_BE_CUT)];
  const cut = parts.find(
    (part) => part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight + 2,
  );
  cell.title = cut ? textOf(cell.querySelector<HTMLElement>('.tags') ?? cut) : '';
}

const isSelecting = (): boolean => getSelection()?.isCollapsed === false;

/** Who has just selected text of a row wants to copy it, not to go anywhere. */
function keepSelection(event: MouseEvent): void {
  if (!isSelecting()) return;
  event.preventDefault();
  event.stopPropagation();
}

/** A click beside the link of a row is a click on it, with the same keys held. */
function followRow(event: MouseEvent): void {
  const target = event.target as Element;
  if (event.defaultPrevented || target.closest('a, button, input, select, label')) return;
  const { ctrlKey, metaKey, shiftKey, altKey } = event;
  const keys = { ctrlKey, metaKey, shiftKey, altKey };
  const click = new MouseEvent('click', { bubbles: true, cancelable: true, ...keys });
  target.closest('[data-row]')?.querySelector('a')?.dispatchEvent(click);
}

function useWindow(total: number) {
  const body = useRef<HTMLDivElement>(null);
  const rowPx = useSignal(44);
  const range = useSignal<Range>({ from: 0, to: Math.min(total, 60) });
  useLayoutEffect(() => {
    const measure = () => {
      if (!body.current) return;
      const row = body.current.querySelector<HTMLElement>('[data-row]');
      if (row && row.offsetHeight > 0) rowPx.value = row.offsetHeight;
      const next = visibleRange(body.current, total, rowPx.peek());
      const { from, to } = range.peek();
      if (next.from !== from || next.to !== to) range.value = next;
    };
    measure();
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, [total, rowPx, range]);
  return { body, rowPx, range };
}

function HeadCell<Row>({ column, sort }: { column: Column<Row>; sort: ReturnType<typeof useSorted<Row>> }) {
  const isSorted = sort.key === column.key;
  const direction = isSorted ? (sort.isDown ? 'descending' : 'ascending') : 'none';
  if (!column.compare)
    return (
      <span role="columnheader" class={`c-${column.key}`}>
        {column.title}
      </span>
    );
  return (
    <span role="columnheader" class={`c-${column.key}`} aria-sort={direction}>
      <button type="button" class="sort" onClick={() => sort.toggle(column.key)}>
        {column.title}
        {isSorted && <span aria-hidden="true">{sort.isDown ? '↓' : '↑'}</span>}
      </button>
    </span>
  );
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { columns, rows, keyOf } = props;
  const sort = useSorted(rows, columns);
  const { body, rowPx, range } = useWindow(rows.length);
  const { from, to } = range.value;
  const shown = sort.sorted.slice(from, Math.max(to, Math.min(rows.length, from + 1)));
  return (
    <div
      class={`table t-${props.name}`}
      role="table"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
    >
      <div role="rowgroup" class="head-group">
        <div class="row head" role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <HeadCell key={column.key} column={column} sort={sort} />
          ))}
        </div>
      </div>
      <div
        ref={body}
        role="rowgroup"
        class="rows"
        style={{ height: `${rows.length * rowPx.value}px` }}
        onPointerOver={tellWhatIsCut}
        onClickCapture={keepSelection}
        onClick={followRow}
        onKeyDown={(event) => body.current && moveFocus(body.current, event)}
      >
        {shown.map((row, at) => (
          <div
            key={keyOf(row)}
            role="row"
            class={`row ${props.rowClass?.(row) ?? ''} ${props.selected === keyOf(row) ? 'is-selected' : ''}`}
            aria-rowindex={from + at + 2}
            data-row={from + at}
            style={{ transform: `translateY(${(from + at) * rowPx.value}px)` }}
          >
            {columns.map((column) => (
              <span key={column.key} role="cell" class={`c-${column.key}`} data-title={column.title}>
                {column.cell(row)}
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
