/**
 * Gauges of the servers: what each knows of its own part, and what the leader, and nobody else, knows of all.
 *
 * Series about other servers exist on the leader only, so that an alert is about what is, not about what was when this
 * server led last.
 */
import type { HttpParts } from '../http-parts.ts';

/** Have the metrics read who leads and how the servers are. */
export function collectClusterGauges({ metrics, cluster }: Pick<HttpParts, 'metrics' | 'cluster'>): void {
  const judged = () => cluster.judged?.();
  const isServer = ([name]: readonly string[]): boolean =>
    judged()?.servers.some((server) => server.name === name) === true;
  const [healthy, behind] = [metrics.gauge('cluster_server_healthy'), metrics.gauge('cluster_server_behind')];
  metrics.keepWhile('cluster_server_healthy', isServer);
  metrics.keepWhile('cluster_server_behind', isServer);
  metrics.onCollect(() => {
    const { kind, term, lastContactMs } = cluster.standing();
    metrics.gauge('cluster_is_leader').set(0, Number(kind === 'leader'));
    metrics.gauge('cluster_has_leader').set(0, Number(kind !== 'leaderless'));
    metrics.gauge('cluster_term').set(0, term);
    metrics.gauge('cluster_last_contact_seconds').set(0, lastContactMs / 1_000);
    metrics.gauge('cluster_servers').set(0, cluster.servers().length);
    const health = judged();
    metrics.gauge('cluster_failure_tolerance').set(0, health?.failureTolerance ?? 0);
    metrics.gauge('cluster_is_healthy').set(0, Number(health?.isHealthy ?? kind !== 'leaderless'));
    if (health === undefined) return;
    const newest = health.servers.find(({ isLeader }) => isLeader)?.index ?? 0;
    for (const { name, isHealthy, index } of health.servers) {
      healthy.set(healthy.slot(name), Number(isHealthy));
      behind.set(behind.slot(name), Math.max(newest - index, 0));
    }
  });
}
