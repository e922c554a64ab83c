import { describe, expect, test } from 'vitest';
import { select } from '../../../src/catalog/select.ts';
import { registerCheck, registerService, service, startCatalog } from '../../support/catalog.ts';

const ANY = { onlyPassing: false };

type Status = 'passing' | 'warning' | 'critical';

async function oneInstance(checks: { id: string; status: Status; ofNode?: boolean }[]) {
  const { writer, state } = await startCatalog();
  await writer.submit(registerService('n1', service({ name: 'web', tags: ['Primary'] })));
  for (const { id, status, ofNode } of checks) {
    await writer.submit(registerCheck('n1', { id, status, ...(!ofNode && { serviceId: 'web' }) }));
  }
  return state.view;
}

describe('which instances answer', () => {
  test('no checks at all is passing', async () => {
    const [instance] = select(await oneInstance([]), 'web', ANY);
    expect([instance?.verdict.isIn, instance?.status]).toEqual([true, 'passing']);
  });

  test('a critical check keeps an instance out and is named as the reason', async () => {
    const view = await oneInstance([
      { id: 'a', status: 'passing' },
      { id: 'b', status: 'critical' },
    ]);
    expect(select(view, 'web', ANY)[0]?.verdict).toMatchObject({
      isIn: false,
      reason: 'critical',
      check: { id: 'b' },
    });
  });

  test('a critical check of the node keeps all its instances out', async () => {
    const view = await oneInstance([{ id: 'disk', status: 'critical', ofNode: true }]);
    expect(select(view, 'web', ANY)[0]?.verdict).toMatchObject({ isIn: false, check: { id: 'disk' } });
  });

  test('a warning stays in, unless only passing ones are wanted', async () => {
    const view = await oneInstance([{ id: 'a', status: 'warning' }]);
    expect(select(view, 'web', ANY)[0]?.verdict.isIn).toBe(true);
    expect(select(view, 'web', { onlyPassing: true })[0]?.verdict).toMatchObject({
      isIn: false,
      reason: 'warning',
    });
  });

  test('maintenance is told apart from a failing check', async () => {
    const view = await oneInstance([{ id: '_service_maintenance:web', status: 'critical' }]);
    const [instance] = select(view, 'web', ANY);
    expect([instance?.status, instance?.verdict]).toMatchObject(['maintenance', { reason: 'maintenance' }]);
  });

  test('tags and names are compared without case', async () => {
    const view = await oneInstance([]);
    expect(select(view, 'WEB', { ...ANY, tag: 'primary' })[0]?.verdict.isIn).toBe(true);
    expect(select(view, 'web', { ...ANY, tag: 'secondary' })[0]?.verdict).toEqual({
      isIn: false,
      reason: 'tag',
    });
  });

  test('an unknown service has no instances', async () => {
    expect(select(await oneInstance([]), 'nothing', ANY)).toEqual([]);
  });
});
