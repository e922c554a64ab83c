import { expect, test } from 'vitest';
import { decodeCheck, decodeService } from '../../../src/decode/definitions.ts';
import { startLocal } from '../../support/local-agent.ts';

const DEFAULTS = { outputMaxBytes: 4_096 };
const service = (json: object) => decodeService(json, 'config', DEFAULTS);
const check = (json: object) => decodeCheck(json, 'config', DEFAULTS);
const WEB = { id: 'web', name: 'web', port: 80, check: { id: 'c', ttl: '30s' } };

test('definitions that say the same are left alone: no write, no probe started again, no state lost', async () => {
  const agent = await startLocal();
  await agent.local.replaceConfigDefinitions([service(WEB)], []);
  await agent.local.updateTtl('c', 'passing', 'fine');
  const { index } = agent.state;
  const diff = await agent.local.replaceConfigDefinitions([service(WEB)], []);
  expect(diff).toEqual({ added: [], changed: [], removed: [] });
  expect([agent.state.index, agent.changes.length]).toEqual([index, 1]);
});

test('what changed is changed with its state kept, what is gone is removed', async () => {
  const agent = await startLocal();
  const node = { id: 'n', name: 'node check', ttl: '30s' };
  await agent.local.replaceConfigDefinitions([service(WEB)], [{ definition: check(node) }]);
  await agent.local.updateTtl('c', 'passing', 'fine');
  const diff = await agent.local.replaceConfigDefinitions([service({ ...WEB, port: 81 })], []);
  expect(diff).toEqual({ added: [], changed: ['web'], removed: ['n'] });
  expect(agent.local.checks().get('c' as never)).toMatchObject({ status: 'passing' });
  expect(agent.local.checks().has('n' as never)).toBe(false);
  const gone = await agent.local.replaceConfigDefinitions([], []);
  expect(gone.removed).toEqual(['web']);
  expect(agent.local.checks().size).toBe(0);
});

test('registrations from the API stay, unless a file claims their id', async () => {
  const agent = await startLocal();
  await agent.register({ ID: 'mine', Name: 'mine' });
  await agent.register({ ID: 'web', Name: 'web', Port: 1 });
  await agent.local.replaceConfigDefinitions([service(WEB)], []);
  expect(agent.local.services().get('web' as never)).toMatchObject({
    source: 'config',
    definition: { port: 80 },
  });
  await agent.local.replaceConfigDefinitions([], []);
  expect([...agent.local.services().keys()]).toEqual(['mine']);
});

test('a check may move, with its state, from a service that goes to one that comes', async () => {
  const agent = await startLocal();
  await agent.local.replaceConfigDefinitions([service(WEB)], []);
  await agent.local.updateTtl('c', 'passing', 'fine');
  await agent.local.replaceConfigDefinitions([service({ ...WEB, id: 'web2' })], []);
  expect(agent.local.checks().get('c' as never)?.status).toBe('passing');
  expect(agent.local.checks().get('c' as never)?.definition.serviceId).toBe('web2');
  expect([...agent.state.view.checks.values()].map(({ serviceId }) => serviceId)).toEqual(['web2']);
});

test('a check without its service is refused and nothing is changed', async () => {
  const agent = await startLocal();
  const orphan = check({ id: 'o', name: 'o', ttl: '1s', service_id: 'nosvc' });
  const refused = agent.local.replaceConfigDefinitions([service(WEB)], [{ definition: orphan }]);
  await expect(refused).rejects.toThrow('check "o": service_id "nosvc" does not exist; define that service');
  expect(agent.local.services().size).toBe(0);
});

test('after a restart the same files change nothing', async () => {
  const before = await startLocal();
  await before.local.replaceConfigDefinitions([service(WEB)], []);
  await before.local.updateTtl('c', 'passing', 'fine');
  await before.local.stop();
  const after = await startLocal({ stores: before.stores, clock: before.clock });
  const { index } = after.state;
  await after.local.replaceConfigDefinitions([service(WEB)], []);
  expect(after.state.index).toBe(index);
  expect(after.local.checks().get('c' as never)).toMatchObject({ status: 'passing' });
});
