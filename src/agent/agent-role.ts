/**
 * Which role a configuration gives an agent: alone with a catalog of its own, a server beside others, or a client of servers.
 *
 * An agent without `-server` and with nobody to join holds the catalog itself, as one alone does. Development agents are
 * always alone.
 */
import type { Config } from './config/options.ts';

export type AgentRole = 'alone' | 'server' | 'client';

type RoleOptions = Pick<
  Config,
  | 'server'
  | 'bootstrap'
  | 'bootstrap_expect'
  | 'start_join'
  | 'retry_join'
  | 'store.kind'
  | 'store.etcd.endpoints'
>;

/** How many servers begin together: 0 joins those that run. */
export function expectOf({ bootstrap, bootstrap_expect: expect }: RoleOptions): number {
  return bootstrap ? 1 : expect;
}

/** The role of an agent. */
export function roleOf(config: RoleOptions, isDev: boolean): AgentRole {
  if (isDev) return 'alone';
  const joins = config.start_join.length + config.retry_join.length > 0;
  if (!config.server) return joins ? 'client' : 'alone';
  if (config['store.kind'] !== '') return config['store.kind'] === 'etcd' ? 'server' : 'alone';
  if (config['store.etcd.endpoints'].length > 0) return 'server';
  const expect = expectOf(config);
  return expect > 1 || (expect === 0 && joins) ? 'server' : 'alone';
}
