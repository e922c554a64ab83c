/** Response codes over time as columns: what went well below, what is not there and what failed above it. */
import type { DnsMoment } from '../app/dns-history.ts';
import { count } from './text.ts';

const WIDTH = 600;
const HEIGHT = 72;

const GROUPS = [
  ['passing', 'NOERROR'],
  ['warning', 'NXDOMAIN'],
  ['critical', 'others'],
] as const;

function grouped({ byRcode }: DnsMoment): readonly number[] {
  const all = [...byRcode.values()].reduce((sum, value) => sum + value, 0);
  const [fine, absent] = [byRcode.get('NOERROR') ?? 0, byRcode.get('NXDOMAIN') ?? 0];
  return [fine, absent, all - fine - absent];
}

interface ChartProps {
  /** Oldest first. */
  readonly moments: readonly DnsMoment[];
  /** How many fill the whole width. */
  readonly length: number;
}

export function RcodeChart({ moments, length }: ChartProps) {
  const columns = moments.map(grouped);
  const sums = GROUPS.map((_, at) => columns.reduce((sum, column) => sum + (column[at] ?? 0), 0));
  const top = Math.max(...columns.map((column) => column.reduce((sum, value) => sum + value, 0)), 1);
  const wide = WIDTH / length;
  const label = GROUPS.map(([, name], at) => `${name} ${sums[at] ?? 0}`).join(', ');
  return (
    <figure class="rcodes">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Responses of the last two minutes: ${label}`}
      >
        {columns.map((column, at) => {
          let below = 0;
          return GROUPS.map(([look, name], place) => {
            const high = ((column[place] ?? 0) / top) * HEIGHT;
            below += high;
            return (
              <rect
                key={`${at}${name}`}
                class={`is-${look}`}
                x={(length - columns.length + at) * wide}
                y={HEIGHT - below}
                width={wide * 0.85}
                height={high}
              />
            );
          });
        })}
      </svg>
      <figcaption class="heat-legend">
        {GROUPS.map(([look, name], at) => (
          <span key={name} class="legend-entry">
            <span class={`swatch is-${look}`} aria-hidden="true" />
            <span class="figure-small">{count(sums[at] ?? 0)}</span> {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
