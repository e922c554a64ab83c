/**
 * Access control from the command line: outputs, refusals and exit statuses as Consul's, recorded by running both with the
 * same words.
 */
import { createSign, generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const ROOT = '9f2c41d7-6b0e-4c58-a3d9-0e7b15c2f846';
const ACCESSOR = '11111111-1111-1111-1111-111111111111';
const SECRET = '22222222-2222-2222-2222-222222222222';
const UNKNOWN = '-token=33333333-3333-3333-3333-333333333333';
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

let agent: RunningAgent;
let dir = '';

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-acl-'));
  const acl = { enabled: true, default_policy: 'deny', tokens: { initial_management: ROOT, agent: ROOT } };
  process.env['CONSUL_HTTP_TOKEN'] = ROOT;
  agent = await startAgent({ config: { acl } });
});
afterAll(async () => {
  delete process.env['CONSUL_HTTP_TOKEN'];
  await agent.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

/** What a command prints, with the management token if it names no other; ids and times are not the point. */
function cli(...args: readonly string[]): { readonly code: number | null; readonly said: string } {
  const { code, out, err } = runCli(agent, args);
  const said = `${out}${err}`.replaceAll(UUID, 'UUID').replaceAll(/20[\d-]+ [\d:.]+ \+0000 UTC/g, 'TIME');
  return { code, said };
}

const failing = (said: string) => ({ code: 1, said: `${said}\n` });
const printing = (...lines: readonly string[]) => ({ code: 0, said: `${lines.join('\n')}\n` });

describe('rollcall acl', () => {
  it('makes, shows and refuses policies', () => {
    const rules = 'key_prefix "" { policy = "read" }';
    const made = cli('acl', 'policy', 'create', '-name', 'p1', '-description', 'first', '-rules', rules);
    const shown = ['Name:         p1', 'Description:  first', 'Datacenters:  ', 'Rules:', rules];
    expect(made).toEqual(printing('ID:           UUID', ...shown));
    expect(cli('acl', 'policy', 'read', '-name', 'p1')).toEqual(made);
    expect(cli('acl', 'policy', 'create', '-name', 'p1', '-rules', '')).toEqual(
      failing(
        'Failed to create new policy: Unexpected response code: 500 (Invalid Policy: A Policy with Name "p1" already exists)',
      ),
    );
    expect(cli('acl', 'policy', 'read', '-name', 'nope')).toEqual(
      failing('Error determining policy ID: No such policy with name nope'),
    );
    expect(cli('acl', 'policy', 'read')).toEqual(failing('Must specify either the -id or -name parameters'));
  });

  it('makes, shows and refuses roles', () => {
    expect(cli('acl', 'role', 'list')).toEqual({ code: 0, said: '' });
    const flags = ['-policy-name', 'p1', '-service-identity', 'web:dc1,dc2', '-node-identity', 'n1:dc1'];
    expect(cli('acl', 'role', 'create', '-name', 'r1', ...flags)).toEqual(
      printing(
        'ID:           UUID',
        'Name:         r1',
        'Description:  ',
        'Policies:',
        '   UUID - p1',
        'Service Identities:',
        '   web (Datacenters: dc1, dc2)',
        'Node Identities:',
        '   n1 (Datacenter: dc1)',
        '',
      ),
    );
    expect(cli('acl', 'role', 'read', '-name', 'nope')).toEqual(failing('Role not found with name "nope"'));
    expect(cli('acl', 'role', 'create', '-name', 'r2')).toEqual(
      failing(
        'Cannot create a role without specifying -policy-name, -policy-id, -service-identity, or -node-identity at least once',
      ),
    );
  });

  it('makes, shows, clones, changes and deletes tokens, by the beginning of their ids too', () => {
    const flags = ['-policy-name', 'p1', '-role-name', 'r1', '-description', 'tok', '-local'];
    const ids = ['-accessor', ACCESSOR, '-secret', SECRET];
    const made = cli('acl', 'token', 'create', ...flags, ...ids, '-service-identity', 'api');
    expect(made).toEqual(
      printing(
        'AccessorID:       UUID',
        'SecretID:         UUID',
        'Description:      tok',
        'Local:            true',
        'Create Time:      TIME',
        'Policies:',
        '   UUID - p1',
        'Roles:',
        '   UUID - r1',
        'Service Identities:',
        '   api (Datacenters: all)',
        '',
      ),
    );
    expect(cli('acl', 'token', 'read', '-id', '1111')).toEqual(made);
    expect(cli('acl', 'token', 'read', '-id', '9999')).toEqual(
      failing('Error determining token ID: No such token ID with prefix: 9999'),
    );
    expect(cli('acl', 'token', 'clone', '-id', '1111', '-description', 'twin').said).toContain('twin');
    expect(cli('acl', 'token', 'update', '-id', '1111', '-description', 'new', '-policy-name', 'p1')).toEqual(
      printing(
        'AccessorID:       UUID',
        'SecretID:         UUID',
        'Description:      new',
        'Local:            true',
        'Create Time:      TIME',
        'Policies:',
        '   UUID - p1',
        '',
      ),
    );
    expect(cli('acl', 'token', 'create', '-policy-name', 'p1', '-expires-ttl', '10s')).toEqual(
      failing(
        'Failed to create new token: Unexpected response code: 500 (ExpirationTime cannot be less than 1m0s in the future (was 10s))',
      ),
    );
    expect(cli('acl', 'token', 'delete', '-id', '1111')).toEqual(
      printing('Token "UUID" deleted successfully'),
    );
  });

  it('gives templated policies and keeps them, and what is put into those of binding rules, over changes', () => {
    const template = ['-templated-policy', 'builtin/service', '-var', 'name:api'];
    const shown = '   builtin/service\n      Name: api\n      Datacenters: all\n';
    expect(cli('acl', 'role', 'create', '-name', 'templated', ...template).said).toContain(shown);
    const { ID: role } = JSON.parse(
      runCli(agent, ['acl', 'role', 'read', '-format=json', '-name', 'templated']).out,
    ) as { ID: string };
    expect(cli('acl', 'role', 'update', '-id', role, '-description', 'new').said).toContain(shown);
    const token = JSON.parse(runCli(agent, ['acl', 'token', 'create', '-format=json', ...template]).out) as {
      AccessorID: string;
    };
    const change = ['acl', 'token', 'update', '-id', token.AccessorID, '-description', 'new'];
    expect(cli(...change, '-merge-templated-policies').said).toContain(shown);
    expect(cli(...change, '-policy-name', 'p1').said).not.toContain('builtin/service');
    expect(cli('acl', 'role', 'create', '-name', 'x', '-var', 'name:api').code).toBe(1);
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = [publicKey.export({ type: 'spki', format: 'pem' })];
    const config = JSON.stringify({ JWTValidationPubKeys: keys, ClaimMappings: { sub: 'name' } });
    cli('acl', 'auth-method', 'create', '-type', 'jwt', '-name', 'vars', '-config', config);
    const bind = ['-bind-type', 'templated-policy', '-bind-name', 'builtin/service'];
    const vars = ['-bind-vars', 'name=\u0024{value.name}'];
    const words = ['acl', 'binding-rule', 'create', '-format=json', '-method', 'vars', ...bind, ...vars];
    const rule = JSON.parse(runCli(agent, words).out) as { ID: string; BindVars: object };
    expect(rule.BindVars).toEqual({ Name: '\u0024{value.name}' });
    expect(cli('acl', 'binding-rule', 'update', '-id', rule.ID, '-description', 'new').said).toContain(
      '   - Name: \u0024{value.name}\n',
    );
  });

  it('bootstraps once, sets tokens of the agent, and translates rules', () => {
    expect(cli('acl', 'bootstrap').said).toMatch(
      /^Failed ACL bootstrapping: Unexpected response code: 403 \(Permission denied: ACL bootstrap no longer allowed \(reset index: \d+\)\)\n$/,
    );
    expect(cli('acl', 'set-agent-token', 'dns', SECRET)).toEqual(
      printing('ACL token "dns" set successfully'),
    );
    expect(cli('acl', 'set-agent-token', 'dns', '').code).toBe(0);
    const translated = printing('key_prefix "" {', '  policy = "read"', '}');
    expect(cli('acl', 'translate-rules', 'key "" { policy = "read" }')).toEqual(translated);
    const file = path.join(dir, 'old.hcl');
    fs.writeFileSync(file, 'key "" { policy = "read" }');
    for (const source of [file, `@${file}`])
      expect(cli('acl', 'translate-rules', source)).toEqual(translated);
  });

  it('says what is wrong with an auth method, and that there is none', () => {
    const config = '{"JWTValidationPubKeys":["x"]}';
    expect(cli('acl', 'auth-method', 'create', '-type', 'jwt', '-name', 'm', '-config', config)).toEqual(
      failing(
        'Failed to create new auth method: Unexpected response code: 500 (Invalid Auth Method: error parsing public key JWTValidationPubKeys[0]: data does not contain any valid RSA, ECDSA, or ED25519 public keys)',
      ),
    );
    expect(cli('acl', 'auth-method', 'create', '-type', 'wrong', '-name', 'm').said).toContain(
      'Type should be one of: [jwt kubernetes]',
    );
    expect(cli('acl', 'auth-method', 'read', '-name', 'nope')).toEqual(
      failing('Auth method not found with name "nope"'),
    );
    expect(cli('acl', 'binding-rule', 'read', '-id', '1111')).toEqual(
      failing('Error determining binding rule ID: No such rule ID with prefix: 1111'),
    );
  });
});

it('rollcall login writes a secret that logout ends', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [jwt, sink] = [path.join(dir, 'jwt'), path.join(dir, 'sink')];
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256' })}.${part({ sub: 'Web', iat: 1, exp: 4_102_444_800 })}`;
  fs.writeFileSync(
    jwt,
    `${signed}.${createSign('sha256').update(signed).sign(privateKey).toString('base64url')}`,
  );
  const keys = [publicKey.export({ type: 'spki', format: 'pem' })];
  const config = JSON.stringify({ JWTValidationPubKeys: keys, ClaimMappings: { sub: 'name' } });
  expect(cli('acl', 'auth-method', 'create', '-type', 'jwt', '-name', 'idp', '-config', config).code).toBe(0);
  const bind = ['-bind-type', 'service', '-bind-name', '${value.name}'];
  expect(cli('acl', 'binding-rule', 'create', '-method', 'idp', ...bind).code).toBe(0);
  const login = (method: string, file: string) =>
    cli('login', '-method', method, '-bearer-token-file', file, '-token-sink-file', sink);
  expect(login('nope', '/dev/null')).toEqual(failing('No bearer token found in /dev/null'));
  expect(login('nope', jwt)).toEqual(
    failing('Error logging in: Unexpected response code: 403 (ACL not found)'),
  );
  expect(login('idp', jwt)).toEqual({ code: 0, said: '' });
  expect(fs.statSync(sink).mode & 0o777).toBe(0o600);
  const own = `-token-file=${sink}`;
  expect(cli('acl', 'token', 'read', '-self', own).said).toContain('   web (Datacenters: all)');
  expect(cli('logout', own)).toEqual({ code: 0, said: '' });
  expect(cli('logout', own)).toEqual(
    failing('Error destroying token: Unexpected response code: 403 (ACL not found)'),
  );
});

const REFUSED = 'Unexpected response code: 403 (ACL not found)';
it.each([
  [['kv', 'get', UNKNOWN, 'x'], 'Error querying Consul agent'],
  [['kv', 'get', UNKNOWN, '-recurse', 'x'], 'Error querying Consul agent'],
  [['kv', 'export', UNKNOWN, 'x'], 'Error querying Consul agent'],
  [['kv', 'put', UNKNOWN, 'x', 'y'], 'Error! Failed writing data'],
  [['kv', 'put', UNKNOWN, '-cas', '-modify-index=3', 'x', 'y'], 'Error! Did not write to x'],
  [['kv', 'delete', UNKNOWN, 'x'], 'Error deleting key x'],
  [['kv', 'delete', UNKNOWN, '-recurse', 'x'], 'Error! Did not delete prefix x'],
  [['kv', 'import', UNKNOWN, '[{"key":"a","value":""}]'], 'Error! Failed writing data for key a'],
  [['members', UNKNOWN], 'Error retrieving members'],
  [['catalog', 'nodes', UNKNOWN], 'Error listing nodes'],
  [['catalog', 'nodes', UNKNOWN, '-service=web'], 'Error listing nodes for service'],
  [['catalog', 'services', UNKNOWN], 'Error listing services'],
  [['info', UNKNOWN], 'Error querying agent'],
  [['event', UNKNOWN, '-name=x'], 'Error querying Consul agent'],
  [['leave', UNKNOWN], 'Error leaving'],
  [['reload', UNKNOWN], 'Error reloading'],
  [['maint', UNKNOWN], 'Error querying Consul agent'],
  [['maint', UNKNOWN, '-enable'], 'Error enabling node maintenance'],
  [['maint', UNKNOWN, '-disable', '-service=x'], 'Error disabling service maintenance'],
  [['services', 'register', UNKNOWN, '-name=x'], 'Error registering service "x"'],
  [['operator', 'raft', 'list-peers', UNKNOWN], 'Error getting peers: Failed to retrieve raft configuration'],
])('%j begins its refusal as Consul does', (words, beginning) => {
  expect(cli(...words)).toEqual(failing(`${beginning}: ${REFUSED}`));
});
