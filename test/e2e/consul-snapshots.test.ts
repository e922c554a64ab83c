/**
 * Snapshots between rollcall and a real Consul, both ways: what one saves the other restores, and shows the same.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { hasConsul, startConsul } from '../support/consul-server.ts';
import { fillCatalog, shownCatalog } from '../support/filled-catalog.ts';
import { startAgent } from '../support/start-agent.ts';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-snapshots-'));
afterAll(() => fs.rmSync(dir, { recursive: true }));
const file = path.join(dir, 'catalog.snap');

const MANAGEMENT = '11111111-1111-1111-1111-111111111111';
const HEADERS = { 'X-Consul-Token': MANAGEMENT };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function consul(node: string, config?: string) {
  const server = await startConsul(node, config, config === undefined ? '' : MANAGEMENT);
  ends.push(server.stop);
  return server;
}

async function rollcall(config: Readonly<Record<string, unknown>> = {}) {
  const agent = await startAgent({ dataDir: fs.mkdtempSync(path.join(dir, 'data-')), config });
  ends.push(() => agent.stop());
  return agent;
}

async function save(httpUrl: string): Promise<Buffer> {
  const response = await fetch(`${httpUrl}/v1/snapshot`, { headers: HEADERS });
  const bytes = Buffer.from(await response.arrayBuffer());
  fs.writeFileSync(file, bytes);
  return bytes;
}

async function restore(httpUrl: string, bytes: Buffer): Promise<string | null> {
  const init = { method: 'PUT', body: new Uint8Array(bytes), headers: HEADERS };
  const response = await fetch(`${httpUrl}/v1/snapshot`, init);
  expect(await response.text()).toBe('');
  expect(response.status).toBe(200);
  return response.headers.get('X-Rollcall-Not-Taken');
}

const SECRET = '22222222-2222-2222-2222-222222222222';

/** A token with a policy, a role and an identity. */
async function fillAccessControl(httpUrl: string): Promise<void> {
  const put = async (what: string, body: object): Promise<void> => {
    const init = { method: 'PUT', headers: HEADERS, body: JSON.stringify(body) };
    const response = await fetch(`${httpUrl}/v1/acl/${what}`, init);
    expect([what, response.status]).toEqual([what, 200]);
  };
  await put('policy', { Name: 'p1', Description: 'd', Rules: 'key_prefix "a/" { policy = "read" }' });
  await put('role', { Name: 'r1', Policies: [{ Name: 'p1' }], ServiceIdentities: [{ ServiceName: 'web' }] });
  await put('token', {
    SecretID: SECRET,
    Description: 'of a user',
    Policies: [{ Name: 'p1' }],
    Roles: [{ Name: 'r1' }],
    NodeIdentities: [{ NodeName: 'n9', Datacenter: 'dc1' }],
  });
}

/** What the token of a user is, and whether it may do what it may and nothing else. */
async function shownToken(httpUrl: string): Promise<unknown> {
  const headers = { 'X-Consul-Token': SECRET };
  const self = (await (await fetch(`${httpUrl}/v1/acl/token/self`, { headers })).json()) as Record<
    string,
    unknown
  >;
  const { AccessorID, SecretID, Description, Policies, Roles, NodeIdentities, CreateTime } = self;
  const status = async (key: string): Promise<number> =>
    (await fetch(`${httpUrl}/v1/kv/${key}`, { headers })).status;
  const created = Date.parse(String(CreateTime));
  return {
    ...{ AccessorID, SecretID, Description, Policies, Roles, NodeIdentities, created },
    own: await status('a/x'),
    foreign: await status('b/x'),
  };
}

const CONSUL_ACL = `acl { enabled = true default_policy = "deny" tokens { master = "${MANAGEMENT}" } }`;
const OWN_ACL = {
  acl: { enabled: true, default_policy: 'deny', tokens: { initial_management: MANAGEMENT } },
};

describe.skipIf(!hasConsul)('a snapshot', () => {
  test.each([
    ['Consul', 'rollcall'],
    ['rollcall', 'Consul'],
  ])('of %s has tokens that are the same at %s', async (from) => {
    const sides = [(await consul('consul4', CONSUL_ACL)).httpUrl, (await rollcall(OWN_ACL)).httpUrl];
    const [source = '', target = ''] = from === 'Consul' ? sides : sides.toReversed();
    await fillAccessControl(source);
    await restore(target, await save(source));
    const shown = await shownToken(source);
    expect(shown).toMatchObject({ own: 404, foreign: 403 });
    await expect.poll(() => shownToken(target), { timeout: 10_000 }).toEqual(shown);
  });

  test('of Consul is restored here, shows the same, and what is not taken is named', async () => {
    const source = await consul('consul1');
    await fillCatalog(source.httpUrl);
    const target = await rollcall();
    const untaken = await restore(target.httpUrl, await save(source.httpUrl));
    expect(untaken).toMatch(/\b1 autopilot settings\b/);
    expect(untaken).toMatch(/\b1 CA roots\b/);
    expect(untaken).not.toMatch(/keys|nodes|sessions|queries|indexes/);
    expect(await shownCatalog(target.httpUrl)).toEqual(await shownCatalog(source.httpUrl));
  });

  test('of ours is looked into and restored by Consul, and shows the same', async () => {
    const source = await rollcall();
    await fillCatalog(source.httpUrl);
    await save(source.httpUrl);
    const target = await consul('consul2');
    expect(target.run('snapshot', 'inspect', file)).toMatch(/Version +1\n/);
    expect(target.run('snapshot', 'restore', file)).toBe('Restored snapshot\n');
    expect(await shownCatalog(target.httpUrl)).toEqual(await shownCatalog(source.httpUrl));
    expect(target.output()).not.toContain('panic');
  });

  test('goes to Consul and comes back with everything', async () => {
    const source = await rollcall();
    await fillCatalog(source.httpUrl);
    await save(source.httpUrl);
    const between = await consul('consul3');
    between.run('snapshot', 'restore', file);
    const target = await rollcall();
    await restore(target.httpUrl, await save(between.httpUrl));
    expect(await shownCatalog(target.httpUrl)).toEqual(await shownCatalog(source.httpUrl));
  });
});
