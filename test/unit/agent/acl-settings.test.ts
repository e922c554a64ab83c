import { describe, expect, test } from 'vitest';
import { aclSettings } from '../../../src/agent/acl/acl-settings.ts';
import { loadConfig } from '../../../src/agent/config/load-config.ts';

async function settingsOf(...fragments: string[]) {
  const { config, sources } = await loadConfig({
    isDev: true,
    paths: [],
    format: undefined,
    flags: [],
    fragments,
    env: {},
  });
  return aclSettings(config, (key) => sources.has(key));
}

test('nothing said is off, and allows', async () => {
  expect(await settingsOf()).toMatchObject({
    isEnabled: false,
    defaultAllows: true,
    downPolicy: 'extend-cache',
  });
});

test('newer names win over older ones, in whatever order they stand', async () => {
  const newer =
    'acl { enabled = true default_policy = "deny" token_ttl = "5s" tokens { default = "a" agent_recovery = "r" initial_management = "m" } }';
  const older =
    'acl_default_policy = "allow" acl_ttl = "9s" acl_token = "b" acl_agent_master_token = "s" acl_master_token = "n"';
  for (const fragments of [
    [newer, older],
    [older, newer],
  ])
    expect(await settingsOf(...fragments)).toMatchObject({
      isEnabled: true,
      defaultAllows: false,
      ttlsMs: { token: 5_000 },
      managementSecret: 'm',
      tokens: { default: 'a', recovery: 'r' },
    });
  expect(await settingsOf('acl { enabled = true }', older)).toMatchObject({
    ttlsMs: { token: 9_000 },
    managementSecret: 'n',
    tokens: { default: 'b', recovery: 's' },
  });
});

test('the older name of the primary datacenter switches on, unless it is said that it is off', async () => {
  expect((await settingsOf('acl_datacenter = "DC1"')).isEnabled).toBe(true);
  expect((await settingsOf('acl_datacenter = "dc1" acl { enabled = false }')).isEnabled).toBe(false);
});

describe('refused', () => {
  test.each([
    [
      'primary_datacenter = "dc2" acl { enabled = true }',
      /primary_datacenter: .*not shared between datacenters/,
    ],
    ['acl_datacenter = "dc2"', /acl_datacenter: /],
    [
      'primary_datacenter = "dc2" acl { enabled = true enable_token_replication = true tokens { replication = "s" } }',
      /acl\.enable_token_replication: tokens are not copied between datacenters/,
    ],
    [
      'acl_datacenter = "dc2" enable_acl_replication = true',
      /enable_token_replication: tokens are not copied between datacenters/,
    ],
    [
      'acl { default_policy = "deny" }',
      /^-hcl.*acl\.default_policy: nothing is denied while access control is off/,
    ],
    ['acl { default_policy = "some" }', /must be one of/],
  ])('%s', async (fragment, refusal) => {
    await expect(settingsOf(fragment)).rejects.toThrow(refusal);
  });

  test('the own datacenter as the primary one is what every datacenter is here; nothing is copied then', async () => {
    const own = 'primary_datacenter = "DC1" acl { enabled = true enable_token_replication = true }';
    expect((await settingsOf(own)).isEnabled).toBe(true);
  });

  test('a policy is no demand where access control is said to be off', async () => {
    expect((await settingsOf('acl { enabled = false default_policy = "deny" }')).isEnabled).toBe(false);
  });
});
