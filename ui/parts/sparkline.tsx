/**
 * A small line of numbers over time, filled below. Drawn by hand: the page's only chart, and a chart library would
 * cost a third of the whole page's size.
 */
const WIDTH = 300;
const HEIGHT = 56;

export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const top = Math.max(...values, 1);
  const step = WIDTH / Math.max(values.length - 1, 1);
  const points = values.map((value, at) => {
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
      <polygon points={`0,${HEIGHT} ${line} ${((values.length - 1) * step).toFixed(1)},${HEIGHT}`} />
      <polyline points={line} />
    </svg>
  );
}
