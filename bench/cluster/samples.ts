/** Figures of a bench: percentiles of what was measured, in a form for people. */

/** The value below which a share of the samples lies; 0 when there are none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}

/** Median, 99th percentile and worst of times in ms. */
export function timesText(samples: readonly number[]): string {
  const at = (share: number): string => percentile(samples, share).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms (${samples.length} samples)`;
}
