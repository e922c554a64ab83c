/**
 * Counts the answers of one route and method, and how long they took. Slots are looked up once, not for each request.
 */
import type { Metrics } from '../../metrics/metrics.ts';

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

export class RouteMeter {
  readonly #labels: readonly [method: string, route: string];
  readonly #slots: (number | undefined)[] = [];
  readonly #requests: ReturnType<Metrics['counter']>;
  readonly #latency: ReturnType<Metrics['histogram']>;
  #latencySlot: number | undefined;

  constructor(metrics: Metrics, method: string, route: string) {
    this.#labels = [method, route];
    this.#requests = metrics.counter('http_requests');
    this.#latency = metrics.histogram('http_latency_seconds');
  }

  /** Count an answer; `elapsedMs` is undefined for one that was waited for on purpose. */
  count(status: number, elapsedMs: number | undefined): void {
    const statusClass = Math.min(Math.max(Math.floor(status / 100), 1), 5) - 1;
    let slot = this.#slots[statusClass];
    if (slot === undefined) {
      slot = this.#requests.slot(...this.#labels, CLASSES[statusClass] ?? '5xx');
      this.#slots[statusClass] = slot;
    }
    this.#requests.add(slot);
    if (elapsedMs === undefined) return;
    this.#latencySlot ??= this.#latency.slot(...this.#labels);
    this.#latency.observe(this.#latencySlot, elapsedMs / 1_000);
  }
}
