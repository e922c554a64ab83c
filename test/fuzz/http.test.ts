/**
 * Requests that no client would send, to every route: an answer in the range of the API, never a bug's, and what was
 * refused has changed nothing.
 */
import { expect, test } from 'vitest';
import type { Random } from '../../src/lib/random.ts';
import { type Answer, startHttp, type TestServer } from '../support/http-server.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SEED = 20_260_102;
const ROUNDS = 4_000;

const KEYS =
  'Node Address Service ID Name Port Tags Meta Check Checks TTL HTTP Interval Weights Passing Status Output KV Verb Key Value Flags Session LockDelay Behavior Datacenter Definition TaggedAddresses lan Proxy Connect Template Regexp Type Coord Vec __proto__ constructor'.split(
    ' ',
  );
const TEXTS = [
  '',
  'a',
  'web',
  '10s',
  '-1s',
  '1d',
  '{{',
  '${match(1)}',
  '\u0000',
  'x'.repeat(300),
  '\ud800',
  '../..',
  'passing',
  'name_prefix_match',
  '(',
  'set',
  'dc1',
  '0.0.0.0',
  '::',
  '9'.repeat(30),
  'default',
  '<script>',
  'é',
];
const NUMBERS = [0, -1, 1, 1.5, 65_536, 2 ** 53, 1e300, -0];

const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[random.below(items.length)] as Item;

function value(random: Random, depth: number): unknown {
  switch (random.below(depth > 3 ? 4 : 7)) {
    case 0:
      return null;
    case 1:
      return random.below(2) === 0;
    case 2:
      return pick(random, NUMBERS);
    case 3:
      return pick(random, TEXTS);
    case 4:
      return Array.from({ length: random.below(3) }, () => value(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(6) }, () => [pick(random, KEYS), value(random, depth + 1)]),
      );
  }
}

/** A JSON document, sometimes cut or with one octet changed. */
function body(random: Random): Buffer {
  const bytes = Buffer.from(JSON.stringify(value(random, 0)));
  const kind = random.below(10);
  if (kind === 0) return bytes.subarray(0, random.below(bytes.length + 1));
  if (kind === 1 && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return kind === 2 ? Buffer.from(random.bytes(random.below(50))) : bytes;
}

const PARAMETERS =
  'index wait dc tag filter passing near node-meta cas flags acquire release recurse keys raw separator stale consistent cached pretty ns partition format enable reason note hash limit node service loglevel type'.split(
    ' ',
  );
const VALUES = [
  '',
  '0',
  '1',
  'x',
  '-1',
  '1ms',
  'dc1',
  'Service==',
  'true',
  '%',
  '((((',
  '"',
  '18446744073709551616',
];

function query(random: Random): string {
  const pairs = Array.from({ length: random.below(4) }, () => {
    const text = pick(random, VALUES);
    return `${pick(random, PARAMETERS)}=${random.below(3) === 0 ? text : encodeURIComponent(text)}`;
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&').replaceAll('index=1', 'index=0')}`;
}

const SEGMENTS = [
  'web',
  'a/b',
  '',
  '%20',
  '%2e%2e',
  'n1',
  'consul',
  'x'.repeat(2_000),
  '%F0%9F%98%80',
  '%00',
];
/** Routes that end the process, stream without end, or take a file of their own. */
const LEFT_OUT = /leave|monitor|snapshot|dns\/explain|watch|stream|\/ui\//;

async function routesOf(server: TestServer): Promise<readonly (readonly [method: string, path: string])[]> {
  const { paths } = (await server.get('/v1/openapi.json')).json() as { paths: Record<string, object> };
  return Object.entries(paths)
    .filter(([path]) => !LEFT_OUT.test(path))
    .flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => [method.toUpperCase(), path] as const),
    );
}

/** The answer; what waits for a change waits until the clock is moved. */
async function answered(server: TestServer, request: Promise<Answer>): Promise<Answer> {
  let answer: Answer | undefined;
  const done = request.then((given) => {
    answer = given;
  });
  for (let turn = 0; answer === undefined && turn < 1_000; turn += 1) {
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 2))]);
    if (answer === undefined && turn > 5) server.clock.advance(700_000);
  }
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

test('every answer is one of the API, and a refusal changes nothing', async () => {
  const random = seededRandom(SEED);
  const server = await startHttp();
  const routes = await routesOf(server);
  expect(routes.length).toBeGreaterThan(60);
  const statuses = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const [method, path] = pick(random, routes);
    const url = path.replace(/\{[\w-]+\}/g, () => pick(random, SEGMENTS)) + query(random);
    const sent = method === 'GET' ? undefined : body(random);
    const before = server.state.index;
    const asked = `seed ${SEED}, round ${round}: ${method} ${url.slice(0, 200)} ${sent?.toString() ?? ''}`;
    const request = server.request(method, url, sent === undefined ? {} : { body: sent });
    const answer = await answered(server, request).catch((cause: unknown) => {
      throw new Error(asked, { cause });
    });
    const what = `${asked} → ${answer.status} ${answer.text.slice(0, 200)}`;
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    expect(answer.text, what).not.toContain('internal error');
    expect(answer.text, what).not.toMatch(/\n\s+at .*:\d+:\d+/);
    if (answer.status >= 400 && answer.status !== 409) expect(server.state.index, what).toBe(before);
  }
  expect(statuses.get(200) ?? 0).toBeGreaterThan(ROUNDS / 20);
  expect(statuses.get(400) ?? 0).toBeGreaterThan(ROUNDS / 20);
});
