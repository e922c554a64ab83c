/** One comparison with a catalog that is far away, where commands may overtake each other. */
import { expect, test } from 'vitest';
import type { Command } from '../../../src/catalog/command.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { syncOnce } from '../../../src/local/sync.ts';
import { AppError } from '../../../src/model/errors.ts';
import { startLocal } from '../../support/local-agent.ts';

/** A catalog in which a service takes longer to arrive than a check. */
function slowCatalog() {
  const there: string[] = [];
  const submit = async (command: Command): Promise<unknown> => {
    if (command.kind !== 'register') return true;
    if (command.service !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const { serviceId } of command.checks)
      if (serviceId !== '' && !there.includes(serviceId))
        throw new AppError('invalid_command', 'Missing service registration');
    there.push(command.service?.id ?? command.checks[0]?.id ?? command.node.name);
    return true;
  };
  return { there, submit, rowsOfNode: async () => ({ node: undefined, services: [], checks: [] }) };
}

test('a check is written after its service, in the same comparison', async () => {
  const agent = await startLocal();
  await agent.register({ ID: 'web-1', Name: 'web', Check: { CheckID: 'c', TTL: '10s' } });
  const catalog = slowCatalog();
  const isComplete = await syncOnce({
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
  expect(isComplete).toBe(true);
  expect(catalog.there.toSorted()).toEqual(['c', 'n1', 'web-1']);
});
