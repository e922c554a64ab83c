/**
 * Gauges whose values lie about in the catalog: read when somebody looks at the metrics, not when they change.
 */
import { TABLE_NAMES } from '../../catalog/tables.ts';
import type { HttpParts } from '../http-parts.ts';
import { collectServiceGauges } from './service-gauges.ts';

/** Have the metrics read the sizes of tables and queues. */
export function collectGauges(parts: HttpParts): void {
  const { metrics, state, local, watch, writer, ownVersion } = parts;
  const build = metrics.gauge('build_info');
  build.set(build.slot(ownVersion), 1);
  collectServiceGauges(parts);
  const rows = metrics.gauge('catalog_rows');
  const slots = TABLE_NAMES.map((table) => ({ table, slot: rows.slot(table) }));
  const [services, checks] = [rows.slot('localServices'), rows.slot('localChecks')];
  metrics.onCollect(() => {
    rows.set(services, local.services().size);
    rows.set(checks, local.checks().size);
    for (const { table, slot } of slots) rows.set(slot, state.view[table].size);
    const names = new Set<string>();
    for (const { name } of state.view.services.values()) names.add(name);
    metrics.gauge('catalog_service_names').set(0, names.size);
    metrics.gauge('catalog_index').set(0, state.index);
    metrics.gauge('writer_queue').set(0, writer.depth);
    metrics.gauge('http_blocking').set(0, watch.parked);
  });
}
