/**
 * Access control in the web page: signing in and out, tokens whose secrets are shown once, rules that are explained while they
 * are typed, and who may what.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { seriousFindings } from '../support/axe-findings.ts';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, startPage, type Tab } from '../support/open-page.ts';

const ROOT = '9f2c41d7-6b0e-4c58-a3d9-0e7b15c2f846';
const ACL = {
  enabled: true,
  default_policy: 'deny',
  tokens: { initial_management: ROOT, agent: ROOT },
} as const;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

const IDENTITY = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A proof of identity for the auth method. */
function jwt(claims: object): string {
  const text = [{ alg: 'ES256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), {
    key: IDENTITY.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${text}.${signature.toString('base64url')}`;
}

/** Browsers write every refusal into their console. */
const isRefusal = (trouble: string): boolean => /status of (401|403|500)/.test(trouble);

describeWith(CHROMIUM, 'access control in the web page', () => {
  let server: PageServer;
  let tab: Tab;
  let page: Page;

  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(server.agent.httpUrl + path, {
      method,
      headers: { 'X-Consul-Token': ROOT },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
  const dialog = () => page.getByRole('dialog');

  async function signIn(secret: string): Promise<void> {
    await page
      .getByRole('button', { name: /^Sign(ed)? in/ })
      .last()
      .click();
    await dialog().getByLabel('Secret of the token').fill(secret);
    await dialog().getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  async function asRoot(address: string): Promise<void> {
    await tab.open('acls');
    await signIn(ROOT);
    await dialog().waitFor({ state: 'detached' });
    await tab.open(address);
  }

  beforeAll(async () => {
    server = await startPage({ config: { acl: ACL } });
    await ask('PUT', '/v1/acl/policy', {
      Name: 'app-keys',
      Rules: 'key_prefix "app/" { policy = "write" }\nkey_prefix "app/secret/" { policy = "deny" }',
    });
    await ask('PUT', '/v1/acl/role', { Name: 'shop', Policies: [{ Name: 'app-keys' }] });
    await ask('PUT', '/v1/acl/token', { Description: 'robot', Policies: [{ Name: 'app-keys' }] });
    const pem = IDENTITY.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    await ask('PUT', '/v1/acl/auth-method', {
      Name: 'staff',
      Type: 'jwt',
      Config: { JWTValidationPubKeys: [pem], JWTSupportedAlgs: ['ES256'], ClaimMappings: { team: 'team' } },
    });
    await ask('PUT', '/v1/acl/binding-rule', { AuthMethod: 'staff', BindType: 'role', BindName: 'shop' });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    tab = await server.newTab();
    page = tab.page;
  });
  afterEach(async () => {
    tab.forgive(isRefusal);
    const troubles = tab.troubles();
    await tab.close();
    expect(troubles).toEqual([]);
  });

  test('who is not signed in is told what is missing, and led to signing in', async () => {
    await tab.open('acls/tokens');
    const refusal = page.getByRole('alert');
    await refusal.getByText('You may not see tokens.').waitFor();
    await refusal.getByText('acl:read', { exact: true }).waitFor();
    await refusal.getByRole('button', { name: 'Sign in' }).click();
    await dialog().getByLabel('Secret of the token').fill('11111111-2222-3333-4444-555555555555');
    await dialog().getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog().getByText('No token has this secret').waitFor();
    await dialog().getByLabel('Secret of the token').fill(ROOT);
    await dialog().getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: 'robot' }).waitFor();
  });

  test('a list that is not whole says so, to who is signed in and to who is not', async () => {
    const { SecretID } = await ask<{ SecretID: string }>('PUT', '/v1/acl/token', {
      Policies: [{ Name: 'app-keys' }],
    });
    await tab.open('nodes');
    await page.getByText('You are not signed in, and access control is on').waitFor();
    await signIn(SecretID);
    await page.getByText('Your token may not see everything').waitFor();
    await page.getByRole('button', { name: 'Use another token' }).click();
    await dialog().getByLabel('Secret of the token').fill(ROOT);
    await dialog().getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: 'n1' }).waitFor();
    await page.getByText('Your token may not see everything').waitFor({ state: 'detached' });
  });

  test('signing out leaves nothing of what was shown', async () => {
    await asRoot('acls/tokens');
    await page.getByRole('link', { name: 'robot' }).waitFor();
    await page.getByRole('button', { name: 'Signed in as Initial Management Token' }).click();
    await dialog().getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You may not see tokens.').waitFor();
    expect(await page.getByRole('link', { name: 'robot' }).count()).toBe(0);
    const kept = await page.evaluate<string>('JSON.stringify({ ...sessionStorage, ...localStorage })');
    expect(kept).not.toContain(ROOT);
  });

  test('a login by an auth method signs in, and signing out ends its token', async () => {
    await tab.open('acls');
    await page.getByRole('navigation').getByRole('button', { name: 'Sign in' }).click();
    await dialog().getByRole('button', { name: 'With an auth method' }).click();
    await dialog().getByLabel('Auth method').fill('staff');
    await dialog().getByLabel('Proof').fill('no proof');
    await dialog().getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog().getByRole('alert').waitFor();
    await dialog()
      .getByLabel('Proof')
      .fill(jwt({ sub: 'ada', iat: Math.floor(Date.now() / 1_000), team: 'web' }));
    await dialog().getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('by login').waitFor();
    const tokensOfLogins = () => ask<unknown[]>('GET', '/v1/acl/tokens?authmethod=staff');
    expect(await tokensOfLogins()).toHaveLength(1);
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
    await dialog().getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
    expect(await tokensOfLogins()).toEqual([]);
  });

  test('who one is: the token, what it gives and what it may do, with the rule that decides', async () => {
    const { SecretID } = await ask<{ SecretID: string }>('PUT', '/v1/acl/token', {
      Description: 'Ada',
      Roles: [{ Name: 'shop' }],
      ExpirationTTL: '2h',
    });
    await tab.open('acls');
    await signIn(SecretID);
    await page.getByRole('heading', { name: 'Ada' }).waitFor();
    await page.getByText('in 1 h').waitFor();
    await page.getByLabel('Name asked about').fill('app/secret/x');
    await page.getByText('key_prefix "app/secret/" says deny, in app-keys').waitFor();
    await page.getByLabel('Name asked about').fill('app/limit');
    await page.getByText('key_prefix "app/" says write, in app-keys').waitFor();
  });

  test('the secret of a new token is shown once, and is in no address, storage or list', async () => {
    await asRoot('acls/tokens');
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    await page.getByRole('button', { name: 'Create' }).click();
    await dialog().getByLabel('Description').fill('backup');
    await dialog().getByLabel('Policies', { exact: true }).fill('app-keys');
    await page.keyboard.press('Enter');
    await dialog().getByLabel('Service identities', { exact: true }).fill('web@dc1');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await dialog().getByText('this page does not show it again').waitFor();
    const secret = (await dialog().getByLabel('secret of the token', { exact: true }).textContent()) ?? '';
    expect(secret).toMatch(UUID);
    await dialog().getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('link', { name: 'backup' }).click();
    await page.getByText('shown once, when it was made').waitFor();
    expect(await page.content()).not.toContain(secret);
    expect([...addresses, page.url()].filter((address) => address.includes(secret))).toEqual([]);
    expect(await page.evaluate<string>('JSON.stringify({ ...sessionStorage })')).not.toContain(secret);
    const self = await fetch(`${server.agent.httpUrl}/v1/acl/token/self`, {
      headers: { 'X-Consul-Token': secret },
    });
    expect(await self.json()).toMatchObject({
      Description: 'backup',
      Policies: [{ Name: 'app-keys' }],
      ServiceIdentities: [{ ServiceName: 'web', Datacenters: ['dc1'] }],
    });
  });

  test('a token is edited, cloned and deleted; nobody is overwritten', async () => {
    const { AccessorID } = await ask<{ AccessorID: string }>('PUT', '/v1/acl/token', {
      Description: 'old words',
      NodeIdentities: [{ NodeName: 'n1', Datacenter: 'dc1' }],
    });
    await asRoot(`acls/tokens?at=${AccessorID}`);
    await page.getByRole('button', { name: 'Edit' }).click();
    await dialog().getByLabel('Description').fill('new words');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'new words' }).waitFor();
    expect(await ask('GET', `/v1/acl/token/${AccessorID}`)).toMatchObject({
      Description: 'new words',
      NodeIdentities: [{ NodeName: 'n1', Datacenter: 'dc1' }],
    });
    await page.getByRole('button', { name: 'Edit' }).click();
    await ask('PUT', `/v1/acl/token/${AccessorID}`, { Description: 'theirs' });
    await dialog().getByLabel('Description').fill('mine');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await dialog().getByText('Somebody else changed this').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Clone' }).click();
    await dialog().getByRole('button', { name: 'Clone' }).click();
    await dialog().getByText('this page does not show it again').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Clone of theirs' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: 'theirs', exact: true }).waitFor({ state: 'detached' });
  });

  test('rules are explained while they are typed, and what is wrong is said at its line', async () => {
    await asRoot('acls/policies');
    await page.getByRole('button', { name: 'Create' }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('web-only');
    const rules = dialog().getByLabel('Rules', { exact: true });
    await rules.fill('operator = "read"\nservice "web" {\n  policy = "all"\n}');
    await dialog().getByText('it is "all", not deny, read or write').waitFor();
    expect(await dialog().locator('.code mark').textContent()).toContain('2');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await dialog().getByRole('alert').getByText('Invalid service policy').waitFor();
    await rules.fill('operator = "read"\nservice "web" {\n  policy = "write"\n}');
    await dialog().getByText('May read and change the service “web”.').waitFor();
    await dialog().getByLabel('Try a name').fill('web');
    await dialog().getByText('service "web" says write, in these rules').first().waitFor();
    await dialog().getByRole('button', { name: 'Create' }).click();
    await page.getByRole('link', { name: 'web-only' }).click();
    await page.getByText('May read the operation of the cluster.').waitFor();
  });

  test('roles, auth methods and binding rules are created and changed', async () => {
    await asRoot('acls/roles');
    await page.getByRole('button', { name: 'Create' }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('dns-reader');
    await dialog().getByLabel('Templated policies', { exact: true }).fill('builtin/dns');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await page.getByRole('link', { name: 'dns-reader' }).waitFor();
    await tab.open('acls/auth-methods?at=staff');
    await page.getByRole('button', { name: 'Edit' }).click();
    await dialog().getByLabel('Tokens end after').fill('8h');
    const config = dialog().getByLabel('Configuration');
    const stored = await config.inputValue();
    await config.fill('{\n  "BoundIssuer": \n}');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await dialog().getByText('The configuration is no JSON').waitFor();
    await config.fill(stored);
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('after 8h0m0s').waitFor();
    await tab.open('acls/binding-rules');
    await page.getByRole('link', { name: 'staff' }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    await dialog().getByLabel('For which logins').fill('value.team == "web"');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.locator('aside').getByText('value.team == "web"').waitFor();
  });

  test('who may: a token on a name, and which tokens may do something', async () => {
    await asRoot('acls/who?resource=key&access=write&of=app/limit');
    const holders = page.getByRole('table', { name: 'Tokens that may' });
    await holders.getByRole('link', { name: 'robot' }).waitFor();
    await page.getByLabel('Token', { exact: true }).selectOption({ label: 'robot' });
    await page.getByLabel('Name asked about').fill('app/secret/x');
    const row = page.getByRole('row', { name: /^key/ });
    await row.getByText('key_prefix "app/secret/" says deny, in app-keys').waitFor();
    await row.getByRole('link', { name: 'write' }).click();
    await holders.getByRole('link', { name: 'robot' }).waitFor({ state: 'detached' });
    await holders.getByRole('link', { name: 'Initial Management Token' }).waitFor();
  });

  test("Consul's addresses lead to the same things", async () => {
    await asRoot('dc1/acls/policies');
    await page.getByRole('link', { name: 'app-keys' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/ui/acls/policies');
  });

  test('axe calls nothing serious on any of the pages and forms, in light and in dark', async () => {
    await asRoot('acls');
    const findings: string[] = [];
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    const places: readonly (readonly [address: string, button: string])[] = [
      ['acls', ''],
      ['acls/who?name=app/limit', ''],
      ['acls/tokens', 'Create'],
      ['acls/policies', 'Create'],
      ['acls/roles', 'Create'],
      ['acls/auth-methods?at=staff', 'Edit'],
      ['acls/binding-rules', 'Create'],
    ];
    for (const [address, button] of places) {
      await tab.open(address);
      await page.evaluate(axe.source);
      findings.push(...(await seriousFindings(page)));
      if (button !== '') {
        await page.getByRole('button', { name: button }).click();
        await dialog()
          .getByRole('button', { name: /Create|Save/ })
          .waitFor();
        findings.push(...(await seriousFindings(page)));
      }
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      findings.push(...(await seriousFindings(page, ['color-contrast'])));
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    }
    expect(findings).toEqual([]);
  });
});

describeWith(CHROMIUM, 'the page of access control where it is off', () => {
  test('says so, and how it is switched on', async () => {
    const server = await startPage();
    try {
      const tab = await server.newTab();
      await tab.open('acls');
      await tab.page.getByRole('heading', { name: 'Access control is off' }).waitFor();
      await tab.page.getByText('rollcall acl bootstrap').waitFor();
      expect(tab.troubles()).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
