/** One comparison with a catalog that is far away, where commands may overtake each other. */
import { expect, test } from 'vitest';
import type { Command } from '../../../src/catalog/command.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { CatalogPort } from '../../../src/local/catalog-port.ts';
import { syncOnce } from '../../../src/local/sync.ts';
import { AppError } from '../../../src/model/errors.ts';
import { type LocalAgent, startLocal } from '../../support/local-agent.ts';

/** A catalog in which a service takes longer to arrive than a check; `onArrival` runs while a row is on its way. */
function slowCatalog(onArrival: (id: string) => unknown = () => {}) {
  const there = new Map<string, string>();
  const submit = async (command: Command): Promise<unknown> => {
    if (command.kind !== 'register') return true;
    const [check] = command.checks;
    const id = command.service?.id ?? check?.id ?? command.node.name;
    if (command.service !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    if (check !== undefined && check.serviceId !== '' && !there.has(check.serviceId))
      throw new AppError('invalid_command', 'Missing service registration');
    await onArrival(id);
    there.set(id, check?.status ?? '');
    return true;
  };
  return { there, submit, rowsOfNode: async () => ({ node: undefined, services: [], checks: [] }) };
}

/** An agent with the service `web-1` and its check `c`, which is critical. */
async function startWeb(): Promise<LocalAgent> {
  const agent = await startLocal();
  await agent.register({ ID: 'web-1', Name: 'web', Check: { CheckID: 'c', TTL: '10s' } });
  return agent;
}

const compareOnce = (agent: LocalAgent, catalog: CatalogPort): Promise<boolean> =>
  syncOnce({
    own: {
      node: { name: 'n1', id: 'id-1', address: '127.0.0.1', taggedAddresses: null, meta: null } as never,
      services: [],
      checks: [],
    },
    context: () => ({ ahead: agent.agentState.writer.ahead, live: agent.local.checks(), clock: agent.clock }),
    underWay: new Set(),
    outputDeferred: new Set(),
    keep: (command) => agent.agentState.writer.submit(command),
    catalog,
    log: silentLogger,
  });

test('a check is written after its service, in the same comparison', async () => {
  const catalog = slowCatalog();
  expect(await compareOnce(await startWeb(), catalog)).toBe(true);
  expect([...catalog.there.keys()].toSorted()).toEqual(['c', 'n1', 'web-1']);
});

test.each(['passing', 'critical'] as const)(
  'a check with a %s result while its service is on its way is written as it is then',
  async (status) => {
    const agent = await startWeb();
    const catalog = slowCatalog((id) => id === 'web-1' && agent.local.updateTtl('c', status, 'new'));
    expect(await compareOnce(agent, catalog)).toBe(true);
    expect(catalog.there.get('c')).toBe(status);
  },
);

test('a check that is given up while its service is on its way is not written', async () => {
  const agent = await startWeb();
  const catalog = slowCatalog((id) => id === 'web-1' && agent.local.deregisterCheck('c'));
  expect(await compareOnce(agent, catalog)).toBe(true);
  expect([...catalog.there.keys()].toSorted()).toEqual(['n1', 'web-1']);
});

test('a check with a result while it is on its way itself leaves something to do: the result may have overtaken it', async () => {
  const agent = await startWeb();
  const catalog = slowCatalog((id) => id === 'c' && agent.local.updateTtl('c', 'passing', 'new'));
  expect(await compareOnce(agent, catalog)).toBe(false);
  expect(await compareOnce(agent, slowCatalog())).toBe(true);
});
