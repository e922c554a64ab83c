/** Arithmetic on the agent's counters: what came between two looks, by label, and quantiles. Pure. */
import type { Metrics } from './shapes.ts';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The counters and histograms of `/v1/agent/metrics` whose name contains `about`, one sample a number. */
export function samplesOf(metrics: Metrics, about: string): readonly Sample[] {
  const counters = (metrics.Counters ?? [])
    .filter(({ Name }) => Name.includes(about))
    .map(({ Name, Labels, Count }): Sample => ({ name: Name, labels: Labels ?? {}, value: Count }));
  const buckets = (metrics.Samples ?? [])
    .filter(({ Name }) => Name.includes(about))
    .flatMap(({ Name, Labels, Buckets }) =>
      Object.entries(Buckets ?? {}).map(
        ([le, value]): Sample => ({ name: `${Name}_bucket`, labels: { ...Labels, le }, value }),
      ),
    );
  return [...counters, ...buckets];
}

/** Values of the counter `name` (with any prefix), added up by the label `by`. */
export function sumBy(samples: readonly Sample[], name: string, by: string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const sample of samples) {
    if (!sample.name.endsWith(name)) continue;
    const key = sample.labels[by] ?? '';
    sums.set(key, (sums.get(key) ?? 0) + sample.value);
  }
  return sums;
}

export function sumOf(samples: readonly Sample[], name: string): number {
  return [...sumBy(samples, name, '').values()].reduce((total, value) => total + value, 0);
}

/** What came between two looks at a counter; one that fell has started anew. */
export function increase(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  return new Map(
    [...after].map(([key, value]) => {
      const old = before.get(key) ?? 0;
      return [key, value >= old ? value - old : value] as const;
    }),
  );
}

/** The upper bound of the bucket in which the share `q` of what was observed lies; undefined when nothing was. */
export function quantile(buckets: ReadonlyMap<string, number>, q: number): number | undefined {
  const rising = [...buckets].map(
    ([bound, value]) => [Number(bound.replace('+Inf', 'Infinity')), value] as const,
  );
  rising.sort((a, b) => a[0] - b[0]);
  const total = rising.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  return rising.find(([, value]) => value >= q * total)?.[0];
}

/** The gauge `name` (with any prefix) with these labels; undefined where it is not there. */
export function gaugeOf(
  { Gauges }: Metrics,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  return Gauges?.find(
    ({ Name, Labels }) =>
      Name.endsWith(`.${name}`) && wanted.every(([key, value]) => Labels?.[key] === value),
  )?.Value;
}
