/**
 * What access control costs: a decision of a token with 200 rules, and a cached read with it on against off.
 *
 *     node bench/acl.ts
 *
 * Ratios are measured inside one run, the two sides in turns, because machines are busy with other things.
 */
import { decide, mergeRules } from '../src/acl/merged-rules.ts';
import { parseRules } from '../src/acl/parse-rules.ts';
import { ROOT, startAclServer } from '../test/support/acl-server.ts';
import { startHttp, type TestServer } from '../test/support/http-server.ts';

const RULES = 200;
const DECISIONS = 1_000_000;
const READS = 400;
const ROUNDS = 60;

function decisions(): void {
  const words = ['key_prefix', 'key', 'service_prefix', 'service'] as const;
  const text = Array.from(
    { length: RULES },
    (_, at) => `${words[at % words.length]} "team-${at % 17}/app-${at}/" { policy = "read" }`,
  ).join('\n');
  const merged = mergeRules([{ from: 'p', rules: parseRules(text) }], false);
  const names = Array.from({ length: 1_000 }, (_, at) => `team-${at % 17}/app-${at % RULES}/key-${at}`);
  const run = (): number => {
    const begun = performance.now();
    for (let at = 0; at < DECISIONS; at += 1)
      decide(merged, { resource: 'key', level: 'read', name: names[at % names.length] as string });
    return ((performance.now() - begun) * 1_000) / DECISIONS;
  };
  run();
  const best = Math.min(...Array.from({ length: 5 }, run));
  console.log(`a decision with ${RULES} rules: ${best.toFixed(3)} µs`);
}

async function timed(read: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  for (let at = 0; at < READS; at += 1) await read();
  return ((performance.now() - begun) * 1_000) / READS;
}

async function fill(server: TestServer, token: string): Promise<void> {
  const headers = { 'X-Consul-Token': token };
  for (let at = 0; at < 20; at += 1) {
    const body = JSON.stringify({
      Node: `n${at}`,
      Address: '10.0.0.1',
      Service: { Service: 'web', ID: `web-${at}` },
    });
    await server.request('PUT', '/v1/catalog/register', { headers, body });
  }
}

async function reads(): Promise<void> {
  const off = await startHttp();
  const on = await startAclServer();
  await fill(off, '');
  await fill(on, ROOT);
  const limited = await on.grant('service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }');
  const url = '/v1/health/service/web';
  const sides: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['off', () => off.get(url, { 'X-Consul-Token': 'x' })],
    ['on, management token', () => on.as(ROOT).get(url)],
    ['on, token that reads services and nodes', () => on.as(limited).get(url)],
  ];
  const best = sides.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [at, [, read]] of sides.entries()) best[at] = Math.min(best[at] as number, await timed(read));
  for (const [at, [name]] of sides.entries()) {
    const ratio = (best[at] as number) / (best[0] as number);
    console.log(`cached read, ${name}: ${(best[at] as number).toFixed(1)} µs (${ratio.toFixed(3)} of off)`);
  }
  await Promise.all([off.app.close(), on.app.close()]);
}

decisions();
await reads();
