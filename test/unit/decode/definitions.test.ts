import { expect, test } from 'vitest';
import { decodeCheck, decodeService } from '../../../src/decode/definitions.ts';

const DEFAULTS = { outputMaxBytes: 4_096 };
const api = (json: unknown) => decodeService(json, 'api', DEFAULTS);
const file = (json: unknown) => decodeService(json, 'config', DEFAULTS);
const check = (json: object) => decodeCheck({ Name: 'c', ...json }, 'api', DEFAULTS);

function textOf(decode: () => unknown): string {
  try {
    decode();
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

test('the smallest service gets its defaults', () => {
  expect(api({ Name: 'web' })).toEqual({
    definition: {
      id: 'web',
      name: 'web',
      kind: '',
      tags: [],
      address: '',
      taggedAddresses: null,
      meta: null,
      port: 0,
      socketPath: '',
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
      proxy: null,
      connect: null,
      locality: null,
    },
    checks: [],
    token: '',
  });
});

test.each([
  ['10.0.0.1', { lan_ipv4: 1, wan_ipv4: 1 }],
  ['::1', { lan_ipv6: 1, wan_ipv6: 1 }],
  ['::ffff:10.1.1.1', { lan_ipv4: 1, wan_ipv4: 1 }],
])('an IP address %s implies tagged addresses of its family', (address, families) => {
  const { taggedAddresses } = api({ Name: 'web', Address: address, Port: 5 }).definition;
  expect(Object.keys(taggedAddresses ?? {})).toEqual(Object.keys(families));
  expect(new Set(Object.values(taggedAddresses ?? {}).map((tagged) => JSON.stringify(tagged)))).toEqual(
    new Set([JSON.stringify({ address, port: 5 })]),
  );
});

test('given tagged addresses win over implied ones, and a host name implies none', () => {
  const given = { lan_ipv4: { Address: '1.2.3.4', Port: 7 } };
  const { taggedAddresses } = api({ Name: 'web', Address: '10.1.1.1', TaggedAddresses: given }).definition;
  expect(taggedAddresses).toEqual({
    lan_ipv4: { address: '1.2.3.4', port: 7 },
    wan_ipv4: { address: '10.1.1.1', port: 0 },
  });
  expect(api({ Name: 'web', Address: 'a.example' }).definition.taggedAddresses).toBeNull();
});

test('checks without ids are named after the service, with numbers when there are several', () => {
  const one = api({ ID: 's', Name: 'web', Check: { TTL: '1s' } }).checks;
  expect(one.map(({ id, name, serviceId }) => [id, name, serviceId])).toEqual([
    ['service:s', "Service 'web' check", 's'],
  ]);
  const several = api({
    ID: 's',
    Name: 'web',
    Check: { TTL: '1s' },
    Checks: [
      { TTL: '1s', Name: 'x' },
      { TTL: '1s', CheckID: 'own' },
    ],
  }).checks;
  expect(several.map(({ id, name }) => [id, name])).toEqual([
    ['service:s:1', "Service 'web' check"],
    ['service:s:2', 'x'],
    ['own', "Service 'web' check"],
  ]);
  expect(api({ Name: 'web', Check: {} }).checks).toEqual([]);
});

test('names of fields are compared without case; only some have a snake_case spelling in the API', () => {
  expect(api({ NAME: 'web', enable_tag_override: true }).definition.enableTagOverride).toBe(true);
  expect(textOf(() => api({ name: 'web', check: { ttl: '1s', check_id: 'x' } }))).toBe(
    'Request decode failed: json: unknown field "check_id"',
  );
  expect(textOf(() => api({ name: 'web', check: { ttl: '1s', token: 'x' } }))).toBe(
    'Request decode failed: json: unknown field "token"',
  );
  expect(textOf(() => api({ name: 'web', socket_path: '/x' }))).toBe(
    'Request decode failed: json: unknown field "socket_path"',
  );
});

test.each([
  [{ Name: 'a', Port: '80' }, 'json: cannot unmarshal string into Go struct field .Port of type int'],
  [{ Name: 'a', Port: 80.5 }, 'json: cannot unmarshal number 80.5 into Go struct field .Port of type int'],
  [{ Name: 42 }, 'json: cannot unmarshal number into Go struct field .Name of type string'],
  [{ Name: 'a', Tags: 's' }, 'json: cannot unmarshal string into Go struct field .Tags of type []string'],
  [{ Name: 'a', Tags: [1] }, 'json: cannot unmarshal number into Go struct field .Tags of type string'],
  [{ Name: 'a', Meta: { a: 1 } }, 'json: cannot unmarshal number into Go struct field .Meta of type string'],
  [
    { Name: 'a', EnableTagOverride: 'true' },
    'json: cannot unmarshal string into Go struct field .EnableTagOverride of type bool',
  ],
  [{ Name: 'a', Check: { ttl: '10' } }, 'time: missing unit in duration "10"'],
  [{ Name: 'a', Check: { ttl: '10x' } }, 'time: unknown unit "x" in duration "10x"'],
  [{ Name: 'a', Check: { ttl: '9999999999h' } }, 'time: invalid duration "9999999999h"'],
  [{ Name: 'a', Check: { ttl: 'soon' } }, 'time: invalid duration "soon"'],
])('%j is refused with the text of Consul', (json, text) => {
  expect(textOf(() => api(json))).toBe(`Request decode failed: ${text}`);
});

test.each([
  [{}, 'Missing service name'],
  [null, 'Missing service name'],
  [{ Name: 'a', Address: '0.0.0.0' }, 'Invalid service address'],
  [{ Name: 'a', Address: '[::]' }, 'Invalid service address'],
  [{ Name: 'a', Weights: { Warning: 2 } }, 'Invalid Weights: Passing must be greater than 0'],
  [
    { Name: 'a', Weights: { Passing: 1, Warning: -1 } },
    'Invalid Weights: Warning must be greater or equal than 0',
  ],
  [{ Name: 'a', Weights: { Passing: 65_536 } }, 'Invalid Weights: DNS Weight must be between 0 and 65535'],
  [
    { Name: 'a', Meta: { 'a b': 'x' } },
    "Invalid Service Meta: Couldn't load metadata pair ('a b', 'x'): Key contains invalid characters",
  ],
  [
    { Name: 'a', Meta: { 'consul-x': 'x' } },
    "Invalid Service Meta: Couldn't load metadata pair ('consul-x', 'x'): Key prefix 'consul-' is reserved for internal use",
  ],
  [{ Name: 'a', Port: 65_536 }, 'Invalid service port: must be between 0 and 65535'],
  [{ Name: 'a', Namespace: 'team' }, 'Namespaces and partitions are not supported'],
  [
    { Name: 'a', Kind: 'connect-proxy' },
    '2 errors occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\t* Port must be set for a Connect proxy\n\n',
  ],
  [{ Name: 'a', Check: { Name: 'x' } }, 'Invalid check: TTL must be > 0 for TTL checks'],
  [
    { Name: 'a', Check: { TTL: '1s', Status: 'bogus' } },
    "Status for checks must 'passing', 'warning', 'critical'",
  ],
])('%j breaks a rule and is told which', (json, text) => {
  expect(textOf(() => api(json))).toBe(text);
});

test('at most 64 pairs of metadata, keys of 128 and values of 512 characters', () => {
  const pairs = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));
  expect(textOf(() => api({ Name: 'a', Meta: pairs(64) }))).toBe('accepted');
  expect(textOf(() => api({ Name: 'a', Meta: pairs(65) }))).toMatch(/more than 64/);
  expect(textOf(() => api({ Name: 'a', Meta: { ['k'.repeat(128)]: 'v'.repeat(512) } }))).toBe('accepted');
  expect(textOf(() => api({ Name: 'a', Meta: { ['k'.repeat(129)]: 'v' } }))).toMatch(/Key is too long/);
  expect(textOf(() => api({ Name: 'a', Meta: { k: 'v'.repeat(513) } }))).toMatch(/Value is too long/);
});

test.each([
  [{ HTTP: 'http://a/' }, 'Interval must be > 0 for Script, HTTP, or TCP checks'],
  [{ UDP: 'a:1', Interval: '-5s' }, 'Interval must be > 0 for Script, HTTP, or TCP checks'],
  [{ TTL: '1s', Interval: '1s' }, 'Interval and TTL cannot both be specified'],
  [{ AliasService: 'x', TTL: '1s' }, 'TTL must be not be set for Alias checks'],
  [{ AliasNode: 'x', HTTP: 'http://a/', Interval: '1s' }, 'Interval cannot be set for Alias checks'],
  [{ TTL: '0s' }, 'TTL must be > 0 for TTL checks'],
  [{ TTL: '1s', OutputMaxSize: -1 }, 'MaxOutputMaxSize must be positive'],
  [
    { TTL: '1s', FailuresBeforeWarning: 2, FailuresBeforeCritical: 1 },
    "FailuresBeforeWarning can't be higher than FailuresBeforeCritical",
  ],
])('the check %j is refused', (json, text) => {
  expect(textOf(() => check(json))).toBe(`Invalid check: ${text}`);
});

test('a check that stands alone needs a name, and a status that exists', () => {
  expect(textOf(() => check({ Name: '', TTL: '1s' }))).toBe('Missing check name');
  expect(textOf(() => check({ TTL: '1s', Status: 'bogus' }))).toBe('Bad check status');
  expect(textOf(() => check({ TTL: '1s', Status: 'maintenance' }))).toBe('Bad check status');
  expect(check({ TTL: '1s' }).id).toBe('c');
});

test('every field that was not given has its default', () => {
  expect(check({ HTTP: 'http://a/', Interval: '10s' })).toMatchObject({
    initialStatus: 'critical',
    intervalMs: 10_000,
    timeoutMs: 10_000,
    successBeforePassing: 0,
    failuresBeforeWarning: 0,
    failuresBeforeCritical: 0,
    outputMaxBytes: 4_096,
    deregisterCriticalServiceAfterMs: 0,
    probe: { method: 'GET', disableRedirects: false, tls: { skipVerify: false, serverName: '' } },
  });
  expect(check({ Args: ['x'], Interval: '1s' }).timeoutMs).toBe(30_000);
  expect(check({ H2PING: 'a:1', Interval: '1s' }).probe).toMatchObject({ useTls: true });
  expect(check({ GRPC: 'a:1', Interval: '1s' }).probe).toMatchObject({ useTls: false });
  expect(check({ TTL: '1s', FailuresBeforeCritical: 3 }).failuresBeforeWarning).toBe(3);
});

test('limits: an interval of a second, a removal after a minute, an output no longer than the agent keeps', () => {
  const low = check({
    TCP: 'a:1',
    Interval: '1ms',
    DeregisterCriticalServiceAfter: '1s',
    OutputMaxSize: 9_999,
  });
  expect([low.intervalMs, low.deregisterCriticalServiceAfterMs, low.outputMaxBytes]).toEqual([
    1_000, 60_000, 4_096,
  ]);
  expect(check({ TCP: 'a:1', Interval: '1s', OutputMaxSize: 20 }).outputMaxBytes).toBe(20);
  expect(check({ TCP: 'a:1', Interval: '1s', Timeout: '-1s' }).timeoutMs).toBe(10_000);
});

test('durations may be numbers of nanoseconds', () => {
  expect(check({ TTL: 10_000_000_000 }).probe).toEqual({ kind: 'ttl', ttlMs: 10_000 });
});

test.each([
  [{ UDP: 'a:1' }, 'udp'],
  [{ GRPC: 'a:1' }, 'grpc'],
  [{ H2PING: 'a:1' }, 'h2ping'],
  [{ OSService: 'nginx' }, 'os-service'],
  [{ Args: ['x'] }, 'script'],
  [{ script_args: ['x'] }, 'script'],
  [{ Args: ['x'], DockerContainerID: 'c' }, 'docker'],
  [{ HTTP: 'http://a/', TCP: 'a:1' }, 'http'],
])('%j is a check of kind %s', (json, kind) => {
  expect(check({ Interval: '1s', ...json }).probe.kind).toBe(kind);
});

test('a sidecar is accepted and left out; a service that speaks mesh itself is kept so', () => {
  expect(api({ Name: 'web', Connect: { SidecarService: {} } }).definition.connect).toBeNull();
  expect(api({ Name: 'web', Connect: { Native: true } }).definition.connect).toEqual({ Native: true });
});

test('files spell fields in snake_case, and mistakes name the key and its neighbour', () => {
  const decoded = file({
    id: 's',
    name: 'web',
    tagged_addresses: { wan: { address: '1.2.3.4', port: 5 } },
    enable_tag_override: true,
    proxy: { destination_service_name: 'x', config: { keep_this: 1 } },
    checks: [
      { id: 'c', http: 'http://a/', interval: '10s', tls_skip_verify: true, success_before_passing: 2 },
    ],
  });
  expect(decoded.definition).toMatchObject({
    enableTagOverride: true,
    proxy: { DestinationServiceName: 'x', Config: { keep_this: 1 } },
  });
  expect(decoded.checks[0]).toMatchObject({ id: 'c', successBeforePassing: 2, probe: { kind: 'http' } });
  expect(textOf(() => file({ name: 'web', prot: 80 }))).toBe(
    'service "web": unknown key "prot"; did you mean "port"?',
  );
  expect(textOf(() => file({ name: 'web', port: 'x' }))).toBe(
    'service "web".port: wants a whole number, not string "x"',
  );
  expect(textOf(() => file({ name: 'web', checks: [{ ttl: '1s' }, { ttl: 'soon' }] }))).toBe(
    'service "web".checks[1].ttl: wants a duration like "10s", not "soon"',
  );
  expect(textOf(() => file({ name: 'web', check: { http: 'http://a/' } }))).toMatch(
    /^service "web": Invalid check: Interval must be > 0/,
  );
});
