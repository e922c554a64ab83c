/**
 * Draws the map of health: where each place is, and what a state looks like.
 *
 * States differ by shape and size as well as by colour; the colours are those of the legend, as the theme has them.
 */
import type { Status } from '../api/shapes.ts';
import type { HeatMap } from '../app/heat-map.ts';

export interface Place {
  readonly row: number;
  readonly column: number;
}

/** In pixels of the page. */
interface Grid {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** 1 where the text of the page has 15 pixels. */
  readonly unit: number;
}

interface Colours extends Readonly<Record<Status, string>> {
  readonly ink: string;
  readonly muted: string;
  readonly paper: string;
  readonly accent: string;
  readonly font: string;
}

const MIN_CELL = 4;
const MAX_CELL = 26;
/** From this size on a place has a sign in it; below, states differ by how much of the place they fill. */
const SIGN_CELL = 9;
/** Names of nodes stand on end above columns that are wide enough for a line of text. */
const NAMED_COLUMN = 11;
const GAP = 1;

export function gridOf({ rows, nodes }: HeatMap, width: number): Grid {
  const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 15;
  const left = Math.round((width < 560 ? 92 : 148) * unit);
  const fitting = Math.floor((width - left - 2) / Math.max(nodes.length, 1));
  const size = Math.min(Math.max(fitting, MIN_CELL * unit), MAX_CELL * unit);
  const height = rows.length <= 40 ? 20 : rows.length <= 120 ? 16 : 12;
  const top = size >= NAMED_COLUMN * unit ? 74 : 8;
  return { left, top: top * unit, width: size, height: height * unit, unit };
}

/** The colours of the legend and of the text around, as the theme has them now. */
function coloursOf(box: HTMLElement): Colours {
  const style = getComputedStyle(box);
  const ofLegend = (status: Status): string => {
    const sample = box.parentElement?.querySelector(`.heat-legend .is-${status}`);
    return sample ? getComputedStyle(sample).backgroundColor : style.color;
  };
  const head = box.parentElement?.querySelector('.heat-said');
  return {
    critical: ofLegend('critical'),
    warning: ofLegend('warning'),
    maintenance: ofLegend('maintenance'),
    passing: ofLegend('passing'),
    ink: style.color,
    muted: head ? getComputedStyle(head).color : style.color,
    paper: style.backgroundColor,
    accent: style.outlineColor,
    font: style.fontFamily,
  };
}

type Draw = CanvasRenderingContext2D;

/** A sign in a place that has room for one, in the colour of the paper. */
function drawSign(
  draw: Draw,
  status: Status,
  [x, y, width, height]: readonly [number, number, number, number],
) {
  const [middle, centre, size] = [x + width / 2, y + height / 2, Math.min(width, height) * 0.24];
  draw.beginPath();
  if (status === 'critical') {
    draw.moveTo(middle - size, centre - size);
    draw.lineTo(middle + size, centre + size);
    draw.moveTo(middle + size, centre - size);
    draw.lineTo(middle - size, centre + size);
  } else if (status === 'warning') {
    draw.moveTo(middle, centre - size * 1.1);
    draw.lineTo(middle, centre + size * 0.35);
    draw.moveTo(middle, centre + size * 1.05);
    draw.lineTo(middle, centre + size * 1.1);
  } else {
    draw.moveTo(middle - size * 0.6, centre - size);
    draw.lineTo(middle - size * 0.6, centre + size);
    draw.moveTo(middle + size * 0.6, centre - size);
    draw.lineTo(middle + size * 0.6, centre + size);
  }
  draw.stroke();
}

/** Share of a place's height and width that a state fills where there is no room for signs. */
const FILLS: Readonly<Record<Status, readonly [wide: number, high: number]>> = {
  critical: [1, 1],
  warning: [1, 0.6],
  maintenance: [0.6, 1],
  passing: [0.6, 0.5],
};

/** The same where there is room for signs. */
const SIGNED_FILLS: typeof FILLS = {
  critical: [1, 1],
  warning: [1, 1],
  maintenance: [1, 1],
  passing: [0.72, 0.72],
};

function drawCell(draw: Draw, status: Status, at: readonly [x: number, y: number], { grid, colours }: Scene) {
  const [width, height] = [grid.width - GAP, grid.height - GAP];
  const hasSign = Math.min(width, height) >= SIGN_CELL;
  const [wide, high] = hasSign ? SIGNED_FILLS[status] : FILLS[status];
  const [w, h] = [Math.max(width * wide, 2), Math.max(height * high, 2)];
  const [x, y] = [at[0] + (width - w) / 2, at[1] + (height - h) / 2];
  draw.fillStyle = colours[status];
  draw.fillRect(x, y, w, h);
  if (hasSign && status !== 'passing') drawSign(draw, status, [x, y, w, h]);
}

interface Scene {
  readonly map: HeatMap;
  readonly grid: Grid;
  readonly colours: Colours;
  readonly place: Place | undefined;
  /** How far it is scrolled, and how much of it is seen. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const clamp = (value: number, top: number): number => Math.max(0, Math.min(value, top));

function range(
  offset: number,
  seen: number,
  size: number,
  count: number,
): readonly [from: number, to: number] {
  return [clamp(Math.floor(offset / size), count), clamp(Math.ceil((offset + seen) / size), count)];
}

function drawCells(draw: Draw, scene: Scene): void {
  const { map, grid, colours, x, y, width, height } = scene;
  const [firstRow, lastRow] = range(y, height - grid.top, grid.height, map.rows.length);
  const [firstColumn, lastColumn] = range(x, width - grid.left, grid.width, map.nodes.length);
  draw.strokeStyle = colours.paper;
  draw.lineWidth = Math.max(1.5, grid.height / 10);
  draw.lineCap = 'round';
  for (let row = firstRow; row < lastRow; row++)
    for (const [column, status] of map.rows[row]?.cells ?? []) {
      if (column < firstColumn || column >= lastColumn) continue;
      const left = grid.left + column * grid.width - x;
      drawCell(draw, status, [left, grid.top + row * grid.height - y], scene);
    }
}

/** A name with its end left out where it is too long. */
function fitted(draw: Draw, text: string, width: number): string {
  if (draw.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && draw.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return `${text.slice(0, length)}…`;
}

function drawServices(draw: Draw, { map, grid, colours, place, y, height }: Scene): void {
  const [first, last] = range(y, height - grid.top, grid.height, map.rows.length);
  draw.textAlign = 'right';
  for (let row = first; row < last; row++) {
    const at = grid.top + row * grid.height - y + grid.height / 2;
    if (at < grid.top) continue;
    const isHere = place?.row === row;
    draw.font = `${isHere ? 600 : 400} ${Math.min(grid.height - 1, 13 * grid.unit)}px ${colours.font}`;
    draw.fillStyle = isHere ? colours.ink : colours.muted;
    draw.fillText(fitted(draw, map.rows[row]?.service ?? '', grid.left - 12), grid.left - 8, at);
  }
}

/** On end, above columns that are wide enough. */
function drawNodes(draw: Draw, { map, grid, colours, place, x, width }: Scene): void {
  if (grid.width < NAMED_COLUMN * grid.unit) return;
  const [first, last] = range(x, width - grid.left, grid.width, map.nodes.length);
  draw.textAlign = 'left';
  for (let column = first; column < last; column++) {
    const at = grid.left + column * grid.width - x + grid.width / 2;
    if (at < grid.left) continue;
    const isHere = place?.column === column;
    draw.save();
    draw.translate(at, grid.top - 6);
    draw.rotate(-Math.PI / 2);
    draw.font = `${isHere ? 600 : 400} ${11 * grid.unit}px ${colours.font}`;
    draw.fillStyle = isHere ? colours.ink : colours.muted;
    draw.fillText(fitted(draw, map.nodes[column] ?? '', grid.top - 10), 0, 0);
    draw.restore();
  }
}

function drawNames(draw: Draw, scene: Scene): void {
  const { grid, colours, width, height } = scene;
  draw.fillStyle = colours.paper;
  draw.fillRect(0, 0, grid.left - 2, height);
  draw.fillRect(0, 0, width, grid.top - 1);
  draw.textBaseline = 'middle';
  drawServices(draw, scene);
  drawNodes(draw, scene);
}

function drawCursor(draw: Draw, { grid, colours, place, x, y }: Scene): void {
  if (!place) return;
  const [left, top] = [grid.left + place.column * grid.width - x, grid.top + place.row * grid.height - y];
  if (left < grid.left - 1 || top < grid.top - 1) return;
  draw.strokeStyle = colours.accent;
  draw.lineWidth = 2;
  draw.strokeRect(left - 1, top - 1, grid.width + 1, grid.height + 1);
}

/** Draw what is seen of the map in `box`, on a canvas that is as large as the box. */
export function paint(
  box: HTMLElement,
  canvas: HTMLCanvasElement,
  { map, place }: { readonly map: HeatMap; readonly place: Place | undefined },
): void {
  const draw = canvas.getContext('2d');
  const [width, height] = [box.clientWidth, box.clientHeight];
  if (!draw || width === 0) return;
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  draw.scale(devicePixelRatio, devicePixelRatio);
  const [grid, colours] = [gridOf(map, width), coloursOf(box)];
  const scene = { map, place, grid, colours, x: box.scrollLeft, y: box.scrollTop, width, height };
  drawCells(draw, scene);
  drawCursor(draw, scene);
  drawNames(draw, scene);
}
