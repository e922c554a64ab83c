import { describe, expect, test } from 'vitest';
import { deregisterInPieces } from '../../../src/catalog/deregister-in-pieces.ts';
import { deregister, registerCheck, registerService, service, startCatalog } from '../../support/catalog.ts';

async function withMany(count: number) {
  const catalog = await startCatalog();
  const [sample] = registerCheck('n1', { id: 'c', status: 'passing', serviceId: 'web' }).checks;
  const checks = Array.from(
    { length: count },
    (_, i) => ({ ...sample, id: `c${i}` }) as NonNullable<typeof sample>,
  );
  await catalog.writer.submit({ ...registerService('n1', service({ name: 'web' })), checks });
  await catalog.writer.submit(registerCheck('n2', { id: 'other', status: 'passing' }));
  return catalog;
}

describe('a removal of very many rows', () => {
  test('takes all of them, in writes of a bounded size between which others have theirs', async () => {
    const { writer, state, installer } = await withMany(2_300);
    const sizes: number[] = [];
    installer.onInstalled((applied) => void sizes.push(applied.length));
    const removing = deregisterInPieces(state.view, writer, deregister('n1'));
    await writer.submit(registerService('n3'));
    expect(state.view.checks.size).toBeGreaterThan(1);
    await removing;
    expect(Math.max(...sizes)).toBeLessThanOrEqual(510);
    expect([...state.view.nodes.values()].map(({ name }) => name)).toEqual(['n2', 'n3']);
    expect([...state.view.checks.values()].map(({ id }) => id)).toEqual(['other']);
    expect(state.view.services.size).toBe(0);
  });

  test('of a service leaves its node; one of few rows is one write', async () => {
    const { writer, state } = await withMany(1_200);
    await deregisterInPieces(state.view, writer, deregister('n1', 'web'));
    expect([state.view.services.size, state.view.checks.size, state.view.nodes.size]).toEqual([0, 1, 2]);
    const { index } = state;
    await deregisterInPieces(state.view, writer, deregister('n2'));
    expect(state.index).toBe(index + 1);
  });
});

describe('the queue', () => {
  test('does not put many large writes into one batch', async () => {
    const { writer, state, installer, watch } = await withMany(1);
    const wake = watch.wake.bind(watch);
    let batches = 0;
    Object.assign(installer, {
      wake: () => {
        batches += 1;
        wake([]);
      },
    });
    const large = (node: string) => {
      const [sample] = registerCheck(node, { id: 'c', status: 'passing' }).checks;
      const checks = Array.from(
        { length: 400 },
        (_, i) => ({ ...sample, id: `c${i}` }) as NonNullable<typeof sample>,
      );
      return writer.submit({ ...registerService(node), checks });
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(large));
    expect(state.view.checks.size).toBe(2 + 6 * 400);
    expect(batches).toBeGreaterThanOrEqual(3);
  });
});
