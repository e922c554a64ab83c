/** Options of servers that have others beside them: what contradicts itself is refused before anything starts. */
import { describe, expect, test } from 'vitest';
import { roleOf } from '../../../../src/agent/agent-role.ts';
import { loadConfig } from '../../../../src/agent/config/load-config.ts';

const load = (hcl: string, isDev = false) =>
  loadConfig({
    isDev,
    paths: [],
    format: undefined,
    flags: [],
    fragments: [`data_dir = "/tmp/none"\n${hcl}`],
    env: {},
  });

const faultOf = (hcl: string, isDev = false): Promise<string> =>
  load(hcl, isDev).then(
    () => 'none',
    (error: Error) => error.message,
  );

describe('a configuration of servers is refused when', () => {
  test.each([
    ['server = true\nbootstrap_expect = 9', 'at most 7 servers, not 9'],
    ['bootstrap_expect = 3', 'only servers expect others'],
    ['server = true\nbootstrap = true\nbootstrap_expect = 3', 'bootstrap: contradicts bootstrap_expect = 3'],
    ['server = true\nbootstrap_expect = 3\nstore { kind = "sqlite" }', 'store.kind: sqlite is one server'],
    ['store { kind = "etcd" }', 'store.kind: etcd is the store of servers'],
    ['encrypt = "c2VjcmV0"', 'encrypt: must be 16, 24 or 32 octets in base64'],
    ['encrypt = "not base64 at all, but long"', 'encrypt: must be 16, 24 or 32 octets'],
    ['retry_join = ["provider=aws tag_key=x"]', 'retry_join: '],
    ['retry_join_wan = ["provider=gce"]', 'retry_join_wan: '],
    ['retry_join = ["10.0.0.1"]\ndns_config { threads = 2 }', 'dns_config.threads: a client agent'],
    ['store { etcd { endpoints = ["10.0.0.1"] } }', 'store.etcd.endpoints: "10.0.0.1" is not of the form'],
    ['store { etcd { cert_file = "/a.pem" } }', 'a certificate and its key go together'],
    ['store { etcd { password = "x" } }', 'needs store.etcd.username'],
    ['store { etcd { prefix = "rollcall" } }', '"rollcall" is not of the form /name/'],
    [
      'server = true\nbootstrap_expect = 3\nports { etcd_peer = 8300 }',
      'ports.server: is 8300, as ports.etcd_peer is',
    ],
    ['server = true\nbootstrap_expect = 3\nports { server = -1 }', 'ports.server: other servers need it'],
  ])('%s', async (hcl, fault) => {
    expect(await faultOf(hcl)).toContain(fault);
  });

  test('a development agent expects others', async () => {
    expect(await faultOf('bootstrap_expect = 3', true)).toContain('a development agent is alone');
  });
});

describe('the role of an agent', () => {
  test.each([
    ['', 'alone'],
    ['server = true', 'alone'],
    ['server = true\nbootstrap_expect = 1', 'alone'],
    ['server = true\nbootstrap_expect = 1\nretry_join = ["10.0.0.1"]', 'alone'],
    ['server = true\nbootstrap = true\nretry_join = ["10.0.0.1"]', 'alone'],
    ['server = true\nbootstrap_expect = 1\nstore { kind = "etcd" }', 'server'],
    ['server = true\nbootstrap_expect = 3', 'server'],
    ['server = true\nretry_join = ["10.0.0.1"]', 'server'],
    ['server = true\nstart_join = ["10.0.0.1"]', 'server'],
    ['retry_join = ["10.0.0.1"]', 'client'],
  ])('with %j is %s', async (hcl, role) => {
    expect(roleOf((await load(hcl)).config, false)).toBe(role);
  });

  test('of a development agent is alone, whoever it would join', async () => {
    expect(roleOf((await load('retry_join = ["10.0.0.1"]', true)).config, true)).toBe('alone');
  });
});
