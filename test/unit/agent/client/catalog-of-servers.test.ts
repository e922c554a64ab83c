/** What a client agent makes of the answers of a server that it writes its node through. */
import { expect, test } from 'vitest';
import { catalogOfServers } from '../../../../src/agent/client/catalog-of-servers.ts';
import type { Servers } from '../../../../src/agent/client/servers.ts';
import { isAway } from '../../../../src/local/catalog-port.ts';
import { AppError } from '../../../../src/model/errors.ts';
import type { CallEnd } from '../../../../src/rpc/rpc-connection.ts';

const COMMAND = { kind: 'deregister', node: 'c1', serviceId: 'web' } as const;

/** What a command comes to when the server's answer is this. */
function failureOf(end: CallEnd): Promise<unknown> {
  const link = { isUp: true, call: async () => end };
  const marks = { reached: async () => true };
  const parts = { link, marks, mirror: { state: { view: {} } } } as unknown as Servers;
  return catalogOfServers(parts)
    .submit(COMMAND)
    .then(
      () => 'done',
      (error: unknown) => error,
    );
}

test.each([
  ['outcome_unknown', 'the leader was lost before it answered'],
  ['store_failed', 'the store of the servers did not take it'],
  ['no_leader', 'nobody leads'],
] as const)('%s means that it is sent again later: the registration is kept here', async (code, text) => {
  expect(isAway(await failureOf({ kind: 'refused', error: new AppError(code, text) }))).toBe(true);
});

test('a refusal is one', async () => {
  const failure = await failureOf({ kind: 'refused', error: new AppError('forbidden', 'no') });
  expect(isAway(failure)).toBe(false);
  expect(failure).toMatchObject({ code: 'forbidden' });
});
