/**
 * How many instances each service has in each state: what "no healthy instance of a service" is alerted on.
 *
 * Read when somebody looks. A catalog of thousands of services would make an answer that no scraper keeps, so the first
 * ones by name are told and the number of the others is.
 */
import type { HttpParts } from '../http-parts.ts';

/** Services that are told one by one; four numbers each. Turning it up makes every scrape larger. */
const MAX_SERVICES = 400;

/** Have the metrics read the instances of services by state. */
export function collectServiceGauges({ metrics, summaries }: Pick<HttpParts, 'metrics' | 'summaries'>): void {
  const instances = metrics.gauge('service_instances');
  const untold = metrics.gauge('service_instances_untold');
  let told: ReadonlySet<string> = new Set();
  metrics.keepWhile('service_instances', ([service = '']) => told.has(service));
  metrics.onCollect(() => {
    const all = summaries.all();
    const shown = all.slice(0, MAX_SERVICES);
    told = new Set(shown.map(({ name }) => name));
    for (const { name, instances: counts } of shown)
      for (const [status, count] of Object.entries(counts))
        instances.set(instances.slot(name, status), count);
    untold.set(0, all.length - shown.length);
  });
}
