/** DNS under access control: what its token may not see does not exist. */
import { expect, test } from 'vitest';
import { mergeRules } from '../../../src/acl/merged-rules.ts';
import { parseRules } from '../../../src/acl/parse-rules.ts';
import { State } from '../../../src/catalog/state.ts';
import { TABLES } from '../../../src/catalog/tables.ts';
import { DNS_DEFAULTS, type DnsConfig } from '../../../src/dns/dns-config.ts';
import { type DnsRights, viewForDns, viewForQuery } from '../../../src/dns/dns-rights.ts';
import type { ServiceId } from '../../../src/model/types.ts';
import { nodeRow, serviceRow } from '../../support/dns-rig.ts';

const rules = (text: string) => mergeRules([{ from: 'p', rules: parseRules(text) }], false);

function rig(rights: DnsRights | null) {
  const state = new State(TABLES);
  state.install(
    [
      { op: 'put', table: 'nodes', row: nodeRow('n1', '10.0.0.1') },
      { op: 'put', table: 'nodes', row: nodeRow('n2', '10.0.0.2') },
      { op: 'put', table: 'services', row: serviceRow('n1', 'web', { id: 'web-1' as ServiceId }) },
      { op: 'put', table: 'services', row: serviceRow('n2', 'web', { id: 'web-2' as ServiceId }) },
      { op: 'put', table: 'services', row: serviceRow('n1', 'db', { id: 'db-1' as ServiceId }) },
    ],
    1,
  );
  let config: DnsConfig = { ...DNS_DEFAULTS, rights };
  const view = viewForDns(state.view, () => config);
  const ids = (name: string) => [...view.services.by('name', name)].map(({ id }) => id);
  const setRights = (next: DnsRights | null): void => {
    config = { ...DNS_DEFAULTS, rights: next };
  };
  return { state, view, ids, setRights };
}

const of = (text: string): DnsRights => ({ own: rules(text), ofQueries: new Map() });

test('an instance shows when its service and its node may be read', () => {
  const { view, ids } = rig(of('service "web" { policy = "read" } node "n1" { policy = "read" }'));
  expect(ids('web')).toEqual(['web-1']);
  expect(ids('db')).toEqual([]);
  expect([view.nodes.get('n1')?.name, view.nodes.get('n2')]).toEqual(['n1', undefined]);
  expect(view.nodes.size).toBe(1);
});

test('a view follows its rights, and without any shows everything', () => {
  const { ids, setRights } = rig(of(''));
  expect(ids('web')).toEqual([]);
  setRights(null);
  expect(ids('web').sort()).toEqual(['web-1', 'web-2']);
  setRights({ own: null, ofQueries: new Map() });
  expect(ids('web')).toEqual([]);
});

test('a query finds what the token sees that it has kept; one that is gone finds nothing', () => {
  const kept = rules('service "db" { policy = "read" } node_prefix "" { policy = "read" }');
  const rights: DnsRights = { own: rules(''), ofQueries: new Map([['secret', kept]]) };
  const { state } = rig(rights);
  const found = viewForQuery(state.view, rights, 'secret');
  expect([...(found?.services.by('name', 'db') ?? [])].map(({ id }) => id)).toEqual(['db-1']);
  expect([...(found?.services.by('name', 'web') ?? [])]).toEqual([]);
  expect(viewForQuery(state.view, rights, 'gone')).toBeUndefined();
});
