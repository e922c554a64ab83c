/** What a client agent knows of tokens, for how long, and what counts while no server can be asked. */
import { describe, expect, test } from 'vitest';
import { AccessControl } from '../../../src/agent/acl/access-control.ts';
import { AGENT_TOKENS, type DownPolicy } from '../../../src/agent/acl/acl-settings.ts';
import { AgentTokens } from '../../../src/agent/acl/agent-tokens.ts';
import { FetchedTokens } from '../../../src/agent/acl/fetched-tokens.ts';
import type { TokenAnswer } from '../../../src/agent/acl/token-answer.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { AclPolicyRow, AclTokenRow } from '../../../src/model/acl-types.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** An answer takes a turn of the event loop. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const NO_TOKEN: TokenAnswer = { token: null, policies: [], roles: [] };

function token(secretId: string, policies: readonly string[], expiresAtMs = 0): AclTokenRow {
  return {
    createIndex: 1,
    modifyIndex: 1,
    accessorId: `accessor of ${secretId}`,
    secretId,
    description: '',
    policies,
    roles: [],
    serviceIdentities: [],
    nodeIdentities: [],
    templatedPolicies: [],
    isLocal: false,
    authMethod: '',
    expiresAtMs,
    createdAtMs: 0,
  } as unknown as AclTokenRow;
}

const policy = (id: string, rules: string, index: number): AclPolicyRow =>
  ({
    id,
    name: id,
    description: '',
    rules,
    datacenters: [],
    createIndex: 1,
    modifyIndex: index,
  }) as unknown as AclPolicyRow;

function rig(downPolicy: DownPolicy, { defaultAllows = false, policyTtlMs = 30_000 } = {}) {
  const clock = manualClock();
  const servers = { isUp: true, asked: 0, answers: new Map<string, TokenAnswer>() };
  const rows = new FetchedTokens({
    ask: async (secret) => {
      servers.asked += 1;
      await turn();
      return servers.isUp ? (servers.answers.get(secret) ?? NO_TOKEN) : undefined;
    },
    ttlsMs: { token: 30_000, policy: policyTtlMs, role: 30_000 },
    downPolicy,
    clock,
    log: silentLogger,
  });
  const configured = Object.fromEntries(AGENT_TOKENS.map((kind) => [kind, ''])) as Record<
    (typeof AGENT_TOKENS)[number],
    string
  >;
  const isExtending = downPolicy === 'extend-cache' || downPolicy === 'async-cache';
  const control = new AccessControl({
    rows,
    tokens: new AgentTokens({ configured, file: undefined, log: silentLogger }),
    datacenter: 'dc1',
    nodeName: 'n1',
    defaultAllows,
    unansweredAllows: isExtending ? defaultAllows : downPolicy === 'allow',
    log: silentLogger,
  });
  const may = async (secret: string, name = 'web'): Promise<boolean | string> => {
    await rows.know(secret);
    try {
      return control.authorizerOfSecret(secret).allows({ resource: 'service', level: 'read', name });
    } catch (error) {
      return (error as Error).message;
    }
  };
  servers.answers.set('good', {
    token: token('good', ['p']),
    policies: [policy('p', 'service "web" { policy = "read" }', 1)],
    roles: [],
  });
  return { clock, servers, rows, may, control };
}

describe('while servers answer', () => {
  test('a token is asked for once in its time, by all who use it at once', async () => {
    const { servers, may, clock } = rig('extend-cache');
    expect(await Promise.all([may('good'), may('good'), may('good', 'db')])).toEqual([true, true, false]);
    await clock.advanceAndSettle(29_000);
    expect([await may('good'), servers.asked]).toEqual([true, 1]);
    await clock.advanceAndSettle(2_000);
    expect([await may('good'), servers.asked]).toEqual([true, 2]);
  });

  test.each(['extend-cache', 'deny', 'allow'] as const)(
    'with %s a token that was revoked is nobody’s after its time',
    async (downPolicy) => {
      const { servers, may, clock } = rig(downPolicy);
      expect(await may('good')).toBe(true);
      servers.answers.delete('good');
      await clock.advanceAndSettle(31_000);
      expect(await may('good')).toBe('ACL not found');
    },
  );

  test('with async-cache the one who finds it over is answered at once, and the next one knows', async () => {
    const { servers, may, clock } = rig('async-cache');
    await may('good');
    servers.answers.delete('good');
    await clock.advanceAndSettle(31_000);
    expect(await may('good')).toBe(true);
    await turn();
    expect(await may('good')).toBe('ACL not found');
  });

  test('a policy that was changed counts after policy_ttl, whatever token_ttl is', async () => {
    const { servers, may, clock } = rig('extend-cache', { policyTtlMs: 5_000 });
    await may('good');
    const changed = policy('p', 'service "db" { policy = "read" }', 2);
    servers.answers.set('good', { token: token('good', ['p']), policies: [changed], roles: [] });
    await clock.advanceAndSettle(6_000);
    expect([await may('good'), await may('good', 'db')]).toEqual([false, true]);
  });

  test('a token whose own time is over is nobody’s, though it is still kept', async () => {
    const { servers, may, clock } = rig('extend-cache');
    servers.answers.set('short', { token: token('short', [], clock.now() + 1_000), policies: [], roles: [] });
    expect(await may('short')).toBe(false);
    await clock.advanceAndSettle(1_500);
    expect(await may('short')).toBe('ACL not found');
  });

  test('secrets that are guessed are remembered too, and drive out none that are tokens', async () => {
    const { servers, may } = rig('extend-cache');
    await may('good');
    for (let i = 0; i < 3_000; i += 1) await may(`guess ${i}`);
    const before = servers.asked;
    expect([await may('good'), await may('guess 2999'), servers.asked]).toEqual([
      true,
      'ACL not found',
      before,
    ]);
  });

  test('whoever reads without having it made known is refused once its time is long over', async () => {
    const { may, clock, control } = rig('extend-cache');
    await may('good');
    await clock.advanceAndSettle(36_000);
    expect(() => control.authorizerOfSecret('good')).toThrow('ACL not found');
  });
});

describe('while no server answers', () => {
  test.each([
    ['extend-cache', true],
    ['async-cache', true],
    ['deny', false],
    ['allow', true],
  ] as const)('with %s a token that was known %s counts', async (downPolicy, isAllowed) => {
    const { servers, may, clock } = rig(downPolicy);
    await may('good');
    servers.isUp = false;
    await clock.advanceAndSettle(31_000);
    expect(await may('good')).toBe(isAllowed);
    await clock.advanceAndSettle(31_000);
    expect(await may('good')).toBe(isAllowed);
    expect(await may('good', 'db')).toBe(downPolicy === 'allow');
  });

  test.each([
    ['extend-cache', false, false],
    ['extend-cache', true, true],
    ['async-cache', false, false],
    ['deny', true, false],
    ['allow', false, true],
  ] as const)(
    'with %s and default %s a token that was never seen may: %s',
    async (down, allows, isAllowed) => {
      const { servers, may, control } = rig(down, { defaultAllows: allows });
      servers.isUp = false;
      expect(await may('new')).toBe(isAllowed);
      const acl = { resource: 'acl', level: 'read', name: '' } as const;
      expect(control.authorizerOfSecret('new').allows(acl)).toBe(false);
    },
  );

  test('as soon as one answers again, what it says counts', async () => {
    const { servers, may, clock } = rig('deny');
    servers.isUp = false;
    expect(await may('good')).toBe(false);
    servers.isUp = true;
    await clock.advanceAndSettle(600);
    expect(await may('good')).toBe(true);
  });
});
