/**
 * Counts measurements of the network that could not be used; for servers and client agents alike.
 */
import type { RefusedMeasurement } from '../cluster/network-place.ts';
import type { Metrics } from '../metrics/metrics.ts';

export function countRefused(metrics: Metrics): (what: RefusedMeasurement) => void {
  const refused = metrics.counter('coordinates_refused');
  return (what) => refused.add(refused.slot(what));
}
