/**
 * A small line of numbers over time, filled below. Drawn by hand: the page's only chart, and a chart library would
 * cost a third of the whole page's size.
 */
const WIDTH = 300;
const HEIGHT = 56;

interface SparklineProps {
  /** Oldest first. */
  readonly values: readonly number[];
  /** How many fill the whole width; what is missing is 0. */
  readonly length: number;
  readonly label: string;
}

export function Sparkline({ values, length, label }: SparklineProps) {
  const top = Math.max(...values, 1);
  const step = WIDTH / (length - 1);
  const padded = [...Array<number>(length - values.length).fill(0), ...values];
  const points = padded.map((value, at) => {
    const y = HEIGHT - 2 - (value / top) * (HEIGHT - 6);
    return `${(at * step).toFixed(1)},${y.toFixed(1)}`;
  });
  const line = points.join(' ');
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <polygon points={`0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}`} />
      <polyline points={line} />
    </svg>
  );
}
