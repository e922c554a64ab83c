import { expect, test } from 'vitest';
import { type LoadedConfig, loadConfig } from '../../../src/agent/config/load-config.ts';
import { CurrentConfig } from '../../../src/agent/settings.ts';

const loaded = (...fragments: string[]): Promise<LoadedConfig> =>
  loadConfig({ isDev: true, paths: [], format: undefined, flags: [], fragments, env: {} });

test('a reload that changes nothing of DNS leaves its configuration the same object, and tells nobody', async () => {
  const current = new CurrentConfig(await loaded(), new Uint8Array(32));
  const told: number[] = [];
  const release = current.onDns(({ nodeTtlSeconds }) => told.push(nodeTtlSeconds));
  const before = current.dns;
  current.replace(await loaded('log_level = "WARN"'));
  expect([current.dns === before, current.config.log_level, told]).toEqual([true, 'WARN', []]);
  current.replace(await loaded('dns_config { node_ttl = "7s" }'));
  expect([current.dns.nodeTtlSeconds, told]).toEqual([7, [7]]);
  release();
  current.replace(await loaded());
  expect([current.dns.nodeTtlSeconds, told]).toEqual([0, [7]]);
});
