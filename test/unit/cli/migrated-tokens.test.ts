import { expect, it } from 'vitest';
import type { Client } from '../../../src/cli/client.ts';
import { aclCollections } from '../../../src/cli/migrate/acl-collections.ts';
import { renderReport } from '../../../src/cli/migrate/migration-report.ts';
import { pass } from '../../../src/cli/migrate/pass.ts';
import { AppError } from '../../../src/model/errors.ts';

const [LASTING, OF_LOGIN] = ['6a1253d2-1785-24fd-91c2-f8e78c745511', '45a3bd52-07c7-47a4-52fd-0745e0cfe967'];
const [SECRET, SECRET_OF_LOGIN] = [
  'b24d5b2c-9d42-4b3e-8a4f-2d1f0b7f1a11',
  '3c2e7a3f-5f6e-4d5b-9f0a-7b8c9d0e1f22',
];

type Token = Readonly<Record<string, string>>;

/** A side with these tokens that takes no other. */
function side(tokens: readonly Token[]): Client {
  return {
    request: async () => ({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(tokens)) }),
    get: async (path: string) => tokens.find(({ AccessorID }) => path.endsWith(String(AccessorID))),
    ok: async () => {
      throw new AppError('forbidden', 'Permission denied');
    },
  } as unknown as Client;
}

async function reportOf(tokens: readonly Token[]): Promise<string> {
  const sides = { source: side(tokens), target: side([]) };
  const options = { isDryRun: false, seen: new Map(), interrupted: new AbortController().signal };
  const collections = aclCollections.filter(({ name }) => name === 'ACL tokens');
  return renderReport(await pass(collections, sides, options), []);
}

it('a token that was not copied is called by its accessor: a report is no place for its secret', async () => {
  const report = await reportOf([
    { AccessorID: LASTING, SecretID: SECRET },
    { AccessorID: OF_LOGIN, SecretID: SECRET_OF_LOGIN, AuthMethod: 'kubernetes' },
  ]);
  expect(report).toContain(`${LASTING}: Permission denied`);
  expect(report).toContain(OF_LOGIN);
  expect(report).not.toContain(SECRET);
  expect(report).not.toContain(SECRET_OF_LOGIN);
});

it('tokens whose secrets are hidden from who migrates are not taken for one', async () => {
  const hidden = [LASTING, OF_LOGIN].map((AccessorID) => ({ AccessorID, SecretID: '<hidden>' }));
  expect(await reportOf(hidden)).toContain('ACL tokens were not read: their secrets are not shown');
});
