/**
 * What access control costs: a decision of a token with 200 rules; a cached read and a DNS answer with it on against off.
 *
 *     node bench/acl.ts
 *
 * Ratios are measured inside one run, the two sides in turns, because machines are busy with other things.
 */
import { decide, mergeRules } from '../src/acl/merged-rules.ts';
import { parseRules } from '../src/acl/parse-rules.ts';
import { AccessControl } from '../src/agent/acl/access-control.ts';
import { AGENT_TOKENS } from '../src/agent/acl/acl-settings.ts';
import { beginCommand } from '../src/agent/acl/acl-term.ts';
import { AgentTokens } from '../src/agent/acl/agent-tokens.ts';
import { DnsRightsSource } from '../src/agent/acl/dns-rights-source.ts';
import { tokenRowsOf } from '../src/agent/acl/token-rows.ts';
import type { TokenInput } from '../src/catalog/acl-command.ts';
import { makeCounters } from '../src/dns/counters.ts';
import { DNS_DEFAULTS, type DnsConfig } from '../src/dns/dns-config.ts';
import { viewForDns } from '../src/dns/dns-rights.ts';
import { Handler } from '../src/dns/handle.ts';
import { silentLogger } from '../src/lib/logger.ts';
import { Metrics } from '../src/metrics/metrics.ts';
import { ROOT, startAclServer } from '../test/support/acl-server.ts';
import { startCatalog } from '../test/support/catalog.ts';
import { registration } from '../test/support/cluster-rows.ts';
import { queryPacket } from '../test/support/dns-rig.ts';
import { startHttp, type TestServer } from '../test/support/http-server.ts';
import { seededRandom } from '../test/support/seeded-random.ts';

const RULES = 200;
const DECISIONS = 1_000_000;
const READS = 400;
const ROUNDS = 60;
const SERVICES = 100;
/** Times that each service is asked for in a round. */
const KNOWN = 60;
const ANEW = 3;

const NO_SECRETS = Object.fromEntries(AGENT_TOKENS.map((kind) => [kind, ''])) as Record<
  (typeof AGENT_TOKENS)[number],
  string
>;
const TOKEN: Omit<TokenInput, 'policies'> = {
  accessorId: '',
  secretId: '',
  description: '',
  roles: [],
  serviceIdentities: [],
  nodeIdentities: [],
  templatedPolicies: [],
  isLocal: false,
  authMethod: '',
  expirationTtlMs: 0,
  expiresAtMs: 0,
};

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

type DnsServer = Pick<Handler, 'handle' | 'invalidate'>;

/** Responders over the same rows: without access control, and with the rights of some rules. */
async function responders(rules: readonly string[]): Promise<readonly DnsServer[]> {
  const { state, writer, clock } = await startCatalog();
  for (let at = 0; at < SERVICES; at += 1)
    for (let node = 0; node < 5; node += 1)
      await writer.submit(registration(`n${node}`, `web-${at}`, 80 + node));
  await writer.submit(beginCommand(ROOT));
  const responder = (config: () => DnsConfig): DnsServer =>
    new Handler({
      view: viewForDns(state.view, config),
      config,
      clock,
      random: seededRandom(1),
      log: silentLogger,
      counters: makeCounters(new Metrics()),
      executeQuery: () => undefined,
      upstream: { forward: async () => ({ kind: 'failed', why: 'nobody' }), addressesOf: async () => [] },
      queryLog: { isOn: () => false, note: () => {} },
    });
  const rows = tokenRowsOf(state.view, clock);
  const sources = await Promise.all(
    rules.map(async (text, at) => {
      const policy = { id: '', name: `dns-${at}`, description: '', rules: text, datacenters: [] };
      const { result } = await writer.submit({ kind: 'acl-policy-put', policy });
      const token = { ...TOKEN, policies: [{ id: result.id, name: '' }] };
      const made = await writer.submit({ kind: 'acl-token-create', token });
      const configured = { ...NO_SECRETS, dns: made.result.secretId };
      const tokens = new AgentTokens({ configured, file: undefined, log: silentLogger });
      const [datacenter, nodeName, defaultAllows] = ['dc1', 'n1', false] as const;
      const who = { datacenter, nodeName, defaultAllows, log: silentLogger };
      const control = new AccessControl({ rows, tokens, ...who });
      return new DnsRightsSource({
        control,
        tokens,
        view: state.view,
        clock,
        config: () => DNS_DEFAULTS,
      });
    }),
  );
  return [responder(() => DNS_DEFAULTS), ...sources.map((source) => responder(() => source.config()))];
}

async function answers(): Promise<void> {
  const servers = await responders([
    'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }',
    'service_prefix "web" { policy = "read" } node_prefix "n" { policy = "read" }',
  ]);
  const names = ['off', 'on, token that reads everything', 'on, token that reads by names'];
  const packets = Array.from({ length: SERVICES }, (_, at) => queryPacket(`web-${at}.service.consul`, 'SRV'));
  const all = new Set(Array.from({ length: SERVICES }, (_, at) => `service:web-${at}`));
  const out = new Uint8Array(65_535);
  const client = { transport: 'udp', address: () => '127.0.0.1' } as const;
  const run = (server: DnsServer, isKnown: boolean): number => {
    const begun = performance.now();
    const times = isKnown ? KNOWN : ANEW;
    for (let time = 0; time < times; time += 1) {
      if (!isKnown) server.invalidate(all);
      for (const packet of packets) void server.handle(packet, client, out);
    }
    return ((performance.now() - begun) * 1_000) / (times * SERVICES);
  };
  for (const isKnown of [true, false]) {
    const best = servers.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [at, server] of servers.entries())
        best[at] = Math.min(best[at] as number, run(server, isKnown));
    for (const [at, name] of names.entries())
      show(isKnown ? 'DNS answer' : 'DNS answer made anew', name, best, at);
  }
}

function show(what: string, name: string, best: readonly number[], at: number): void {
  const ratio = (best[at] as number) / (best[0] as number);
  console.log(`${what}, ${name}: ${(best[at] as number).toFixed(2)} µs (${ratio.toFixed(3)} of off)`);
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
  for (const [at, [name]] of sides.entries()) show('cached read', name, best, at);
  await Promise.all([off.app.close(), on.app.close()]);
}

decisions();
await answers();
await reads();
