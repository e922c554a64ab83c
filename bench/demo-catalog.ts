/**
 * A catalog for pictures of the page: 40 nodes, 30 services in mixed health, keys, a query, and a day in which something
 * happened. Everything is written through the API, always the same; then the day is drawn out of the minute that it took, by
 * giving the history other times (`stretchHistory`, with the agent stopped).
 */
import Database from 'better-sqlite3';
import { seededRandom } from '../test/support/seeded-random.ts';

type Put = (path: string, body?: unknown) => Promise<unknown>;

const NODES = 40;
const SERVICES = [
  ...['api', 'auth', 'billing', 'cart', 'catalog', 'checkout', 'config', 'edge', 'email', 'export'],
  ...['feed', 'gateway', 'geo', 'images', 'inventory', 'ledger', 'media', 'metrics', 'orders', 'payments'],
  ...['pricing', 'profile', 'queue', 'ratings', 'search', 'sessions', 'shipping', 'stock', 'web', 'webhooks'],
];
const RACKS = ['fra-1', 'fra-2', 'ams-1', 'ams-2'];
/** Changes of checks in the day. */
const CHANGES = 420;
const DAY_MS = 24 * 3_600_000;

interface Instance {
  readonly node: string;
  readonly id: string;
  readonly service: string;
}

const nodeName = (n: number): string => `node-${String(n + 1).padStart(2, '0')}`;
const addressOf = (n: number): string => `10.20.${Math.floor(n / 10)}.${10 + (n % 10)}`;

const SAID: Readonly<Record<string, string>> = {
  passing: 'HTTP GET /health: 200 OK',
  warning: 'HTTP GET /health: 429 Too Many Requests Output: queue is 80 % full',
  critical: 'Get "/health": dial tcp: connect: connection refused',
};

const checkOf = ({ id, service }: Instance, status: string) => ({
  CheckID: `${id}-http`,
  ServiceID: id,
  Name: `${service} answers /health`,
  Status: status,
  Output: SAID[status],
  Definition: { HTTP: 'http://localhost/health', Interval: '10s' },
});

/** Which services run where, the same every time. */
function instances(): readonly Instance[] {
  const random = seededRandom(4);
  return SERVICES.flatMap((service, at) => {
    const count = 2 + random.below(at % 5 === 0 ? 22 : 9);
    const first = random.below(NODES);
    return Array.from({ length: count }, (_, n): Instance => {
      const node = nodeName((first + n * 3) % NODES);
      return { node, service, id: `${service}-${n + 1}` };
    });
  });
}

/** Register an instance with its check, without touching the node. */
const write = (put: Put, instance: Instance, status: string): Promise<unknown> =>
  put('/v1/catalog/register', {
    Node: instance.node,
    SkipNodeUpdate: true,
    Check: { Node: instance.node, ...checkOf(instance, status) },
  });

async function registerAll(put: Put, all: readonly Instance[]): Promise<void> {
  for (let n = 0; n < NODES; n++)
    await put('/v1/catalog/register', {
      Node: nodeName(n),
      Address: addressOf(n),
      NodeMeta: { rack: RACKS[n % RACKS.length], kernel: '6.12' },
      Check: { CheckID: 'disk', Name: 'disk', Status: 'passing', Output: '61 % used' },
    });
  for (const [at, instance] of all.entries())
    await put('/v1/catalog/register', {
      Node: instance.node,
      SkipNodeUpdate: true,
      Service: {
        ID: instance.id,
        Service: instance.service,
        Port: 8_000 + at,
        Tags: ['v3', at % 7 === 0 ? 'canary' : 'stable'],
        Meta: { team: 'core', version: '3.1.4' },
      },
      Check: checkOf(instance, 'passing'),
    });
}

/** A day: most instances fail now and then, one flaps, one service goes down, a node is in maintenance. */
async function live(put: Put, all: readonly Instance[]): Promise<void> {
  const random = seededRandom(9);
  const flapping = all.find(({ service }) => service === 'payments') as Instance;
  const bad = new Map<Instance, string>();
  for (let n = 0; n < CHANGES; n++) {
    const instance = random.below(12) === 0 ? flapping : (all[random.below(all.length)] as Instance);
    const status = bad.has(instance) ? 'passing' : random.below(3) === 0 ? 'warning' : 'critical';
    if (status === 'passing') bad.delete(instance);
    else bad.set(instance, status);
    await write(put, instance, status);
    // Most are mended soon, or there would be nothing left.
    if (random.below(8) !== 0 && status !== 'passing') {
      bad.delete(instance);
      await write(put, instance, 'passing');
    }
  }
  for (const instance of [...bad.keys()].slice(6)) await write(put, instance, 'passing');
  for (const instance of all.filter(({ service }) => service === 'export'))
    await write(put, instance, 'critical');
  await put('/v1/catalog/register', {
    Node: nodeName(7),
    SkipNodeUpdate: true,
    Check: {
      CheckID: '_node_maintenance',
      Name: 'Node Maintenance Mode',
      Status: 'critical',
      Notes: 'new disk',
    },
  });
  await put('/v1/catalog/register', {
    Node: nodeName(21),
    SkipNodeUpdate: true,
    Check: { CheckID: 'disk', Name: 'disk', Status: 'warning', Output: '91 % used' },
  });
}

/** What this agent itself keeps, so that its pages have something to show too. */
async function ownThings(put: Put, httpUrl: string): Promise<void> {
  for (const n of [1, 2, 3]) {
    const check = { CheckID: `web-local-${n}`, Name: 'web answers', TTL: '24h', Status: 'passing' };
    const place = { Address: `10.20.9.${n}`, Port: 8_080, Tags: ['v3', 'stable'], Meta: { team: 'front' } };
    await put('/v1/agent/service/register', { ID: `web-local-${n}`, Name: 'web', ...place, Check: check });
  }
  await put('/v1/agent/check/fail/web-local-3?note=connection%20refused');
  for (const [key, value] of [
    ['app/config', '{\n  "workers": 8,\n  "features": ["search", "export"]\n}'],
    ['app/limit', '42'],
    ['app/colour', 'blue'],
    ['deploy/web/version', '3.1.4'],
  ] as const)
    await put(`/v1/kv/${key}`, value);
  await put('/v1/session/create', { Name: 'leader-election', TTL: '3600s' });
  await put('/v1/event/fire/deploy', 'web 3.1.4');
  const query = { Name: 'near-web', Service: { Service: 'web', Near: '_agent', OnlyPassing: true } };
  await fetch(`${httpUrl}/v1/query`, { method: 'POST', body: JSON.stringify(query) });
}

/** Write all of it. */
export async function fillDemo(put: Put, httpUrl: string): Promise<void> {
  const all = instances();
  await registerAll(put, all);
  await live(put, all);
  await ownThings(put, httpUrl);
}

interface StoredPage {
  readonly fromMs: number;
  readonly toMs: number;
  readonly notes: string;
}

/** Spread what is in the history of a stopped agent over the last day, in its order. */
export function stretchHistory(file: string): void {
  const database = new Database(file);
  const rows = database.prepare('SELECT key, row FROM history ORDER BY key').all() as {
    key: string;
    row: string;
  }[];
  const update = database.prepare('UPDATE history SET row = ? WHERE key = ?');
  const nowMs = Date.now();
  const random = seededRandom(3);
  // What was registered before the day began is there from its start; the rest comes at uneven times.
  const firstChange = rows.findIndex(
    ({ row }) => row.includes('"critical\\"') || row.includes('\\"warning\\"'),
  );
  const weights = rows.map((_, at) => (at < firstChange ? 0.001 : 0.2 + random.next() ** 3 * 4));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let passed = 0;
  for (const [at, { key, row }] of rows.entries()) {
    passed += weights[at] as number;
    const atMs = Math.round(nowMs - DAY_MS * (1 - passed / whole) * 0.995);
    const page = JSON.parse(row) as StoredPage;
    const notes = (JSON.parse(page.notes) as object[]).map((note) => ({ ...note, atMs }));
    update.run(JSON.stringify({ ...page, fromMs: atMs, toMs: atMs, notes: JSON.stringify(notes) }), key);
  }
  database.close();
}
