import { expect, test } from 'vitest';
import { introduce } from '../../../src/cli/migrate/introduction.ts';

/** A side with this node, and these members. */
function side(id: string, members: readonly string[], status = 200) {
  const Config = { NodeID: id, NodeName: `node-${id}`, Datacenter: 'dc1', Version: '1.21.4' };
  const body = Buffer.from(JSON.stringify(members.map((member) => ({ Tags: { id: member } }))));
  return { get: async () => ({ Config }), request: async () => ({ status, headers: {}, body }) };
}

test('both sides are told, and refused when they are one agent or of one cluster', async () => {
  const introduced = (source: object, target: object) => introduce({ source, target } as never);
  await expect(introduced(side('a', ['a']), side('b', ['b']))).resolves.toBe(
    'from node-a (dc1, version 1.21.4) to node-b (dc1, version 1.21.4)',
  );
  await expect(introduced(side('a', ['a']), side('a', ['a']))).rejects.toThrow('are the same agent');
  await expect(introduced(side('a', ['a', 'b']), side('b', ['a', 'b']))).rejects.toThrow(
    'of the same cluster: both have the same catalog',
  );
  await expect(introduced(side('a', ['a', 'b'], 403), side('b', []))).resolves.toContain('to node-b');
});
