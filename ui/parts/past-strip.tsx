/** A day as a strip: each stretch in the colour of its state and as high as it is bad, so that colour is not all there is. */
import type { PastSpan } from '../api/shapes.ts';
import { type Stretch, stretchesOf, type Window } from '../app/past.ts';
import { elapsed } from './text.ts';

const WIDTH = 1_000;
const HEIGHT = 20;
/** Share of the height. */
const HEIGHTS: Readonly<Record<PastSpan['Status'], number>> = {
  critical: 1,
  warning: 0.7,
  maintenance: 0.85,
  passing: 0.45,
  unknown: 0.2,
  absent: 0,
};
/** A failure of seconds in a day is seen all the same. */
const MIN_WIDTH = 3;

function Bar({ stretch }: { stretch: Stretch }) {
  const { status, left, width, fromMs, untilMs } = stretch;
  const high = HEIGHTS[status] * HEIGHT;
  const wide = status === 'passing' ? width * WIDTH : Math.max(width * WIDTH, MIN_WIDTH);
  return (
    <rect
      class={`is-${status}`}
      x={Math.min(left * WIDTH, WIDTH - wide)}
      y={HEIGHT - high}
      width={wide}
      height={high}
    >
      <title>{`${status} from ${new Date(fromMs).toLocaleTimeString()} for ${elapsed(untilMs - fromMs)}`}</title>
    </rect>
  );
}

interface PastStripProps {
  readonly spans: readonly PastSpan[];
  readonly window: Window;
  readonly label: string;
}

export function PastStrip({ spans, window, label }: PastStripProps) {
  const stretches = stretchesOf(spans, window);
  // What is bad is drawn over what is not, where both are too thin.
  const sorted = [...stretches].sort((a, b) => HEIGHTS[a.status] - HEIGHTS[b.status]);
  return (
    <svg
      class="past-strip"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {sorted.map((stretch) => (
        <Bar key={`${stretch.fromMs}${stretch.status}`} stretch={stretch} />
      ))}
    </svg>
  );
}
