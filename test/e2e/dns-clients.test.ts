/** Resolvers that programs use, unchanged, against a real agent: Node's own (c-ares) and dns2 over UDP and TCP. */
import { Resolver } from 'node:dns/promises';
import DNS from 'dns2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let agent: RunningAgent;

beforeAll(async () => {
  agent = await startAgent();
  for (const [i, port] of [8_080, 8_081].entries()) {
    const body = JSON.stringify({ ID: `web-${i}`, Name: 'web', Port: port, Address: `10.0.0.${i + 1}` });
    await fetch(`${agent.httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
  }
});

afterAll(() => agent.stop());

describe('Node', () => {
  it('resolves addresses, services, text, reverse names and absence', async () => {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    resolver.setServers([`127.0.0.1:${agent.dnsPort}`]);
    expect((await resolver.resolve4('web.service.consul')).sort()).toEqual(['10.0.0.1', '10.0.0.2']);
    const services = await resolver.resolveSrv('_web._tcp.service.consul');
    expect(services.map(({ name, port }) => `${name}:${port}`).sort()).toEqual([
      '0a000001.addr.dc1.consul:8080',
      '0a000002.addr.dc1.consul:8081',
    ]);
    expect(await resolver.resolve4(services[0]?.name ?? '')).toHaveLength(1);
    expect(await resolver.reverse('10.0.0.1')).toEqual(['web.service.dc1.consul']);
    expect((await resolver.resolveSoa('consul')).nsname).toBe('ns.consul');
    expect((await resolver.resolveTxt('n1.node.consul')).flat()).toContain('consul-network-segment=');
    await expect(resolver.resolve4('nope.service.consul')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver.resolve6('web.service.consul')).rejects.toMatchObject({ code: 'ENODATA' });
  });
});

describe('dns2', () => {
  it.each([
    ['UDP', DNS.UDPClient],
    ['TCP', DNS.TCPClient],
  ] as const)('resolves over %s', async (_transport, client) => {
    const resolve = client({ dns: '127.0.0.1', port: agent.dnsPort });
    const { answers } = await resolve('web.service.consul', 'SRV');
    const found = answers.map((answer) => answer as unknown as { target: string; port: number });
    expect(found.map(({ target, port }) => `${target}:${port}`).sort()).toEqual([
      '0a000001.addr.dc1.consul:8080',
      '0a000002.addr.dc1.consul:8081',
    ]);
  });
});
