/**
 * A matrix of states drawn on a canvas as large as what is seen of it: names at the left and above stay, everything else scrolls.
 *
 * One place is under the cursor, which the pointer, the arrows, Home,
 * End and Page keys move; `n` goes to the next place that is not passing, Enter and a click open. What a canvas cannot say to a
 * screen reader, the caller says beside it (`onPlace`), and as a table.
 */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { type HeatMap, nextBad } from '../app/heat-map.ts';
import { clamp, gridOf, type Place, paint } from './heat-drawing.ts';

interface HeatCanvasProps {
  readonly map: HeatMap;
  readonly place: Place | undefined;
  /** Redraw when it changes: another theme. */
  readonly version: string;
  readonly label: string;
  readonly onPlace: (place: Place | undefined) => void;
  readonly onOpen: (place: Place) => void;
}

/** The place under a point of the canvas; undefined beside the matrix. */
function placeAt(box: HTMLElement, { map }: HeatCanvasProps, event: MouseEvent): Place | undefined {
  const grid = gridOf(map, box.clientWidth);
  const { left, top } = box.getBoundingClientRect();
  const [x, y] = [event.clientX - left - grid.left, event.clientY - top - grid.top];
  if (x < 0 || y < 0) return undefined;
  const place = {
    row: Math.floor((y + box.scrollTop) / grid.height),
    column: Math.floor((x + box.scrollLeft) / grid.width),
  };
  return place.row < map.rows.length && place.column < map.nodes.length ? place : undefined;
}

const STEPS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
  PageDown: [10, 0],
  PageUp: [-10, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

function placeAfter({ map, place }: HeatCanvasProps, key: string): Place | undefined {
  const from = place ?? { row: 0, column: -1 };
  if (key === 'n') return nextBad(map, from);
  const step = STEPS[key];
  if (!step) return undefined;
  if (!place) return { row: 0, column: 0 };
  return {
    row: clamp(from.row + step[0], map.rows.length - 1),
    column: clamp(from.column + step[1], map.nodes.length - 1),
  };
}

/** Scroll so far that a place is seen. */
function reveal(box: HTMLElement, map: HeatMap, { row, column }: Place): void {
  const grid = gridOf(map, box.clientWidth);
  const along = (offset: number, seen: number, at: number, size: number): number =>
    at < offset ? at : at + size > offset + seen ? at + size - seen : offset;
  box.scrollTop = along(box.scrollTop, box.clientHeight - grid.top, row * grid.height, grid.height);
  box.scrollLeft = along(box.scrollLeft, box.clientWidth - grid.left, column * grid.width, grid.width);
}

/** Draw at most once a frame, whatever asks for it. */
function usePaint(box: RefObject<HTMLDivElement | null>, props: HeatCanvasProps): () => void {
  const latest = useRef(props);
  latest.current = props;
  const frame = useRef(0);
  const ask = useRef(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      const canvas = box.current?.querySelector('canvas');
      const spacer = box.current?.querySelector<HTMLElement>('.heat-space');
      if (!box.current || !canvas || !spacer) return;
      const { map } = latest.current;
      const grid = gridOf(map, box.current.clientWidth);
      spacer.style.width = `${grid.left + map.nodes.length * grid.width}px`;
      spacer.style.height = `${grid.top + map.rows.length * grid.height + 2}px`;
      paint(box.current, canvas, latest.current);
    });
  });
  useLayoutEffect(() => ask.current());
  useEffect(() => {
    const watcher = new ResizeObserver(() => ask.current());
    if (box.current) watcher.observe(box.current);
    // The colours of the system may change while it is shown.
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const repaint = () => ask.current();
    dark.addEventListener('change', repaint);
    return () => {
      watcher.disconnect();
      dark.removeEventListener('change', repaint);
      cancelAnimationFrame(frame.current);
    };
  }, [box]);
  return ask.current;
}

export function HeatCanvas(props: HeatCanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const repaint = usePaint(box, props);
  const { map, place, label, onPlace, onOpen } = props;
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !box.current) return;
    if (event.key === 'Enter' && place) onOpen(place);
    const next = placeAfter(props, event.key);
    if (!next) return;
    event.preventDefault();
    onPlace(next);
    reveal(box.current, map, next);
  };
  return (
    <div
      ref={box}
      class="heat"
      role="application"
      aria-roledescription="map of health"
      aria-label={label}
      tabIndex={0}
      onScroll={repaint}
      onKeyDown={onKey}
      onPointerMove={(event) => {
        const next = box.current ? placeAt(box.current, props, event) : undefined;
        if (next?.row !== place?.row || next?.column !== place?.column) onPlace(next);
      }}
      onClick={(event) => {
        const found = box.current && placeAt(box.current, props, event);
        if (found) onOpen(found);
      }}
    >
      <canvas />
      <div class="heat-space" />
    </div>
  );
}
