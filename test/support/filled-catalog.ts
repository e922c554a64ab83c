/**
 * A catalog with something of everything, written through the API that Consul and rollcall share, and what it shows.
 */

const NODE = 'ext1';

const REGISTRATIONS = [
  {
    Node: NODE,
    ID: '40e4a748-2192-161a-0510-9bf59fe950b5',
    Address: '10.0.0.9',
    TaggedAddresses: { lan: '10.0.0.9', wan: '1.2.3.9' },
    NodeMeta: { rack: 'r1', __proto: 'x' },
    Service: {
      ID: 'web-1',
      Service: 'web',
      Tags: ['v1', 'prod'],
      Address: '10.0.0.10',
      TaggedAddresses: { wan: { Address: '1.2.3.4', Port: 81 } },
      Meta: { m: 'ü', constructor: 'c' },
      Port: 80,
      Weights: { Passing: 7, Warning: 2 },
      EnableTagOverride: true,
    },
    Checks: [
      {
        CheckID: 'c1',
        Name: 'check one',
        Status: 'passing',
        Notes: 'n',
        Output: 'fine',
        ServiceID: 'web-1',
        Definition: {
          HTTP: 'http://x/',
          Interval: '10s',
          Timeout: '2s',
          DeregisterCriticalServiceAfter: '1m',
          Header: { A: ['b'] },
        },
      },
      { CheckID: 'node-check', Name: 'of the node', Status: 'warning' },
    ],
  },
  {
    Node: NODE,
    SkipNodeUpdate: true,
    Service: {
      Kind: 'connect-proxy',
      ID: 'web-proxy',
      Service: 'web-proxy',
      Port: 20_000,
      Proxy: {
        DestinationServiceName: 'web',
        DestinationServiceID: 'web-1',
        LocalServicePort: 80,
        Config: { a: 1, b: [1, 'x', true, 1.5, 2 ** 40], c: { d: 'e' } },
        Upstreams: [{ DestinationType: 'service', DestinationName: 'db', LocalBindPort: 9_191 }],
        Expose: { Checks: true },
      },
    },
  },
  { Node: NODE, SkipNodeUpdate: true, Service: { ID: 'nat', Service: 'native', Connect: { Native: true } } },
];

const QUERIES = [
  {
    Name: 'q1',
    Service: {
      Service: 'web',
      Failover: { NearestN: 2, Datacenters: ['dc2'] },
      OnlyPassing: true,
      Near: '_agent',
      Tags: ['v1', '!v2'],
      NodeMeta: { rack: 'r1' },
      ServiceMeta: { m: 'ü' },
    },
    DNS: { TTL: '10s' },
  },
  {
    Name: 'geo-',
    Template: { Type: 'name_prefix_match', Regexp: '^geo-(.*)$', RemoveEmptyTags: true },
    Service: { Service: `\${match(1)}` },
  },
];

const KEYS: readonly (readonly [path: string, value: Buffer])[] = [
  ['plain?flags=42', Buffer.from('hello')],
  ['big?flags=18446744073709551615', Buffer.alloc(100_000, 'b')],
  ['binary/%C3%BC', Buffer.from([0, 0xff, 0xfe, 0x80, 0x61])],
  ['empty', Buffer.alloc(0)],
];

async function send(method: string, url: string, body: Buffer | object): Promise<unknown> {
  const content = Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body);
  const response = await fetch(url, { method, body: content });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** Write it. The catalog may have nodes of its own besides. */
export async function fillCatalog(httpUrl: string): Promise<void> {
  for (const body of REGISTRATIONS) await send('PUT', `${httpUrl}/v1/catalog/register`, body);
  for (const [path, value] of KEYS) await send('PUT', `${httpUrl}/v1/kv/${path}`, value);
  const session = {
    Node: NODE,
    Name: 'holder',
    TTL: '600s',
    Behavior: 'delete',
    LockDelay: '5s',
    NodeChecks: [],
  };
  const { ID } = (await send('PUT', `${httpUrl}/v1/session/create`, session)) as { ID: string };
  await send('PUT', `${httpUrl}/v1/kv/locked?acquire=${ID}`, Buffer.from('held'));
  for (const query of QUERIES) await send('POST', `${httpUrl}/v1/query`, query);
}

const SHOWN = [
  `/v1/catalog/node/${NODE}`,
  `/v1/health/node/${NODE}`,
  '/v1/health/service/web?passing',
  '/v1/health/connect/web',
  '/v1/health/connect/native',
  '/v1/kv/?recurse',
  `/v1/session/node/${NODE}`,
  '/v1/query',
];

const INDEXES: ReadonlySet<string> = new Set(['CreateIndex', 'ModifyIndex']);

/** The same document without indexes, and without the fields that versions of Consul leave out or add when they are empty. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name]) => !INDEXES.has(name))
    .map(([name, item]) => [name, plain(item)] as const)
    .filter(([, item]) => item && (typeof item !== 'object' || Object.keys(item).length > 0))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

const idOf = (row: unknown): string => {
  const { ID, Name, Key } = row as Record<string, unknown>;
  return String(Name ?? Key ?? ID);
};

/** What the API shows of it, in an order of its own. */
export async function shownCatalog(httpUrl: string): Promise<Readonly<Record<string, unknown>>> {
  const answers = SHOWN.map(async (path) => {
    const shown = (await (await fetch(httpUrl + path)).json()) as unknown;
    const sorted = Array.isArray(shown) ? shown.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1)) : shown;
    return [path, plain(sorted)] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}
