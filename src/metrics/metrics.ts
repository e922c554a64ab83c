/**
 * The values of metrics.
 *
 * A metric has label sets, each with a slot: a small integer that a hot path asks for once and keeps. Counting is then
 * one addition in an array of numbers; names and labels are put together only when somebody looks (exposition.ts).
 */

import { METRICS, type MetricName, type MetricSpec, type NamesOf } from './metric-table.ts';
import { RecentBuckets } from './recent-buckets.ts';

/** Label sets of one metric; what comes beyond is counted together, so that clients cannot fill the memory. */
const MAX_SLOTS = 2_000;
const OVERFLOW_LABEL = 'other';
/** In place of the labels of a slot that was given back. */
const FREED: readonly string[] = Object.freeze([]);

/** One metric: values by slot. */
export class Metric {
  readonly spec: MetricSpec;
  readonly labelSets: (readonly string[])[] = [];
  /** Value of each slot; the sum of what was observed for histograms. */
  readonly values: number[] = [];
  /** Histograms: count of each bucket, `bounds.length + 1` numbers a slot. */
  readonly buckets: number[] = [];
  readonly #slots = new Map<string, number>();
  readonly #freed: number[] = [];
  #isKept: ((labels: readonly string[]) => boolean) | undefined;
  /** Label sets to refuse before it is worth looking for others that may go. */
  #refusals = 0;

  constructor(spec: MetricSpec) {
    this.spec = spec;
    if (spec.labels.length === 0) this.slot();
  }

  /** The slot of a label set, in the order of `spec.labels`; the same slot for the same labels. */
  slot(...labels: readonly string[]): number {
    const key = labels.join('\u0000');
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    if (labels[0] !== OVERFLOW_LABEL && !this.#hasRoom())
      return this.slot(...labels.map(() => OVERFLOW_LABEL));
    const slot = this.#freed.pop() ?? this.values.length;
    this.labelSets[slot] = labels;
    this.values[slot] = 0;
    const width = this.spec.bounds === undefined ? 0 : this.spec.bounds.length + 1;
    for (let i = 0; i < width; i += 1) this.buckets[slot * width + i] = 0;
    this.#slots.set(key, slot);
    return slot;
  }

  #hasRoom(): boolean {
    if (this.#slots.size < MAX_SLOTS) return true;
    if (this.#isKept === undefined || this.#refusals > 0) {
      this.#refusals -= 1;
      return false;
    }
    this.prune();
    if (this.#slots.size < MAX_SLOTS) return true;
    this.#refusals = MAX_SLOTS;
    return false;
  }

  /** From now on only label sets for which this holds are kept; the others go when somebody looks, or room is needed. */
  keepWhile(isKept: (labels: readonly string[]) => boolean): void {
    this.#isKept = isKept;
  }

  /** Give back the slots of label sets that need not be kept. */
  prune(): void {
    if (this.#isKept === undefined) return;
    for (const [key, slot] of [...this.#slots]) {
      const labels = this.labelSets[slot] ?? FREED;
      if (labels[0] === OVERFLOW_LABEL || this.#isKept(labels)) continue;
      this.#slots.delete(key);
      this.labelSets[slot] = FREED;
      this.#freed.push(slot);
    }
  }

  /** The slots that are in use, with their labels. */
  entries(): readonly (readonly [slot: number, labels: readonly string[]])[] {
    return [...this.#slots.values()].map((slot) => [slot, this.labelSets[slot] ?? FREED] as const);
  }

  /** The value under a label set; 0 for one that never was. A histogram gives the sum of what it saw. */
  valueOf(...labels: readonly string[]): number {
    const slot = this.#slots.get(labels.join('\u0000'));
    return slot === undefined ? 0 : (this.values[slot] as number);
  }

  /** Count of everything that a slot of a histogram has seen. */
  countOf(slot: number): number {
    const width = (this.spec.bounds?.length ?? 0) + 1;
    return this.buckets.slice(slot * width, (slot + 1) * width).reduce((sum, count) => sum + count, 0);
  }

  /** Count; slot 0 is the only one of a metric without labels. */
  add(slot: number, amount = 1): void {
    this.values[slot] = (this.values[slot] as number) + amount;
  }

  /** Set a gauge. */
  set(slot: number, value: number): void {
    this.values[slot] = value;
  }

  /** Add a value and the counts of buckets that were gathered elsewhere. */
  absorb(labels: readonly string[], value: number, buckets: readonly number[]): void {
    const slot = this.slot(...labels);
    this.add(slot, value);
    for (const [i, count] of buckets.entries()) {
      const at = slot * buckets.length + i;
      this.buckets[at] = (this.buckets[at] ?? 0) + count;
    }
  }

  /** Put a value into a histogram. */
  observe(slot: number, value: number): void {
    const bounds = this.spec.bounds as readonly number[];
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    const at = slot * (bounds.length + 1) + bucket;
    this.buckets[at] = (this.buckets[at] as number) + 1;
    this.values[slot] = (this.values[slot] as number) + value;
  }
}

export class Metrics {
  readonly #metrics: ReadonlyMap<MetricName, Metric>;
  readonly #collectors: (() => void)[] = [];
  /** What histograms saw of late, as readers of the text format are told it. */
  readonly recent = new RecentBuckets();

  constructor() {
    const names = Object.keys(METRICS) as MetricName[];
    this.#metrics = new Map(names.map((name) => [name, new Metric(METRICS[name])]));
  }

  counter(name: NamesOf<'counter'>): Pick<Metric, 'slot' | 'add'> {
    return this.#metrics.get(name) as Metric;
  }

  gauge(name: NamesOf<'gauge'>): Pick<Metric, 'slot' | 'set' | 'add'> {
    return this.#metrics.get(name) as Metric;
  }

  histogram(name: NamesOf<'histogram'>): Pick<Metric, 'slot' | 'observe'> {
    return this.#metrics.get(name) as Metric;
  }

  /** Add what another thread has counted under one label set. */
  absorb(name: MetricName, labels: readonly string[], value: number, buckets: readonly number[]): void {
    this.#metrics.get(name)?.absorb(labels, value, buckets);
  }

  /** Have `collect` set gauges each time before somebody looks. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Count under a label set only while this holds of it, so that what has gone leaves no series behind. */
  keepWhile(name: MetricName, isKept: (labels: readonly string[]) => boolean): void {
    this.#metrics.get(name)?.keepWhile(isKept);
  }

  /** All metrics with their present values. */
  collect(): ReadonlyMap<MetricName, Metric> {
    for (const collect of this.#collectors) collect();
    for (const metric of this.#metrics.values()) metric.prune();
    return this.#metrics;
  }
}
