import { expect, test } from 'vitest';
import { COPIED, SourceChanges } from '../../../src/cli/migrate/source-changes.ts';

test('a source whose index falls has begun anew, and what it lacks was removed by nobody', async () => {
  let index = 100;
  const answer = () => ({
    status: 200,
    headers: { 'x-consul-index': String(index) },
    body: Buffer.from('[]'),
  });
  const changes = new SourceChanges({ request: async () => answer() } as never, COPIED);
  expect(await changes.mark()).toBe(true);
  index = 101;
  expect(await changes.mark()).toBe(true);
  index = 7;
  expect(await changes.mark()).toBe(false);
});
