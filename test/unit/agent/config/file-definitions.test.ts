import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeDefinitions, placing } from '../../../../src/agent/config/file-definitions.ts';
import { loadConfig } from '../../../../src/agent/config/load-config.ts';
import { OrphanChecks } from '../../../../src/local/config-plan.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-definitions-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

async function decode(files: Record<string, string>, env: Record<string, string> = {}) {
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text);
  const loaded = await loadConfig({
    isDev: true,
    paths: [dir],
    format: undefined,
    flags: [],
    fragments: [],
    env,
  });
  return decodeDefinitions(loaded);
}

describe('decodeDefinitions', () => {
  it('reads every kind of check and every field from HCL', async () => {
    const { services, checks } = await decode({
      'a.hcl': `
        enable_local_script_checks = true
        service {
          id = "web-1"
          name = "web"
          tags = ["a"]
          meta { version = "1" }
          tagged_addresses { lan { address = "10.0.0.1", port = 80 } }
          weights { passing = 5, warning = 1 }
          check {
            http = "http://localhost/"
            header { x-foo = ["bar"] }
            interval = "10s"
            deregister_critical_service_after = "5m"
          }
          checks = [{ tcp = "localhost:80", interval = "5s" }, { ttl = "30s" }]
        }
        services { name = "db" }
        checks { name = "mem", args = ["/bin/true"], interval = "10s" }
        checks { name = "udp", udp = "127.0.0.1:1", interval = "10s" }
      `,
    });
    const [db, web] = services.toSorted((a, b) => (a.definition.id < b.definition.id ? -1 : 1));
    expect(db?.definition.id).toBe('db');
    expect(web?.definition).toMatchObject({
      meta: { version: '1' },
      taggedAddresses: { lan: { address: '10.0.0.1', port: 80 } },
      weights: { passing: 5, warning: 1 },
    });
    expect(web?.checks.map(({ probe }) => probe.kind)).toEqual(['http', 'tcp', 'ttl']);
    expect(checks.map(({ definition }) => definition.probe.kind)).toEqual(['script', 'udp']);
  });

  it('remarks on times of checks that are raised, and on the deprecated handler of a watch', async () => {
    const { services, remarks } = await decode({
      'a.json': `{ "service": { "name": "a", "check":
        { "tcp": "localhost:1", "interval": "100ms", "deregister_critical_service_after": "5s" } },
"watches": [{ "type": "nodes", "handler": "run it" }] }`,
    });
    expect(services[0]?.checks[0]).toMatchObject({ intervalMs: 1_000 });
    const [interval, deregister, handler] = remarks.map(({ text }) => text.replace(dir, '').slice(1));
    expect(interval).toBe('a.json:1: check "service:a": interval 100ms is below the least one, 1s is used');
    expect(deregister).toContain('deregister_critical_service_after 5s is below the least one, 1m0s is used');
    expect(handler).toBe('a.json:3: watches: handler is deprecated; write args: ["sh","-c","run it"]');
    expect(remarks.every(({ level }) => level === 'warn')).toBe(true);
  });

  it('replaces {{ env }} in every string of a definition', async () => {
    const text =
      '{ "service": { "name": "api", "id": "api-{{ env \\"POD\\" }}", "tags": ["{{ env \\"POD\\" }}"] } }';
    const { services } = await decode({ 'a.json': text }, { POD: 'p7' });
    expect(services[0]?.definition).toMatchObject({ id: 'api-p7', tags: ['p7'] });
  });

  it.each([
    [
      '{\n\n"service": { "name": "a", "prt": 1 } }',
      'a.json:3: service "a": unknown key "prt"; did you mean "port"?',
    ],
    ['{ "service": { "port": 1 } }', 'a.json:1: '],
    ['{ "service": { "name": "a", "id": "{{ env \\"NOPE\\" }}" } }', 'environment variable NOPE is not set'],
    [
      '{ "check": { "name": "m", "args": ["x"], "interval": "10s" } }',
      'a.json:1: Scripts are disabled on this agent',
    ],
    [
      '{ "services": [\n{ "name": "a" },\n{ "name": "a" }] }',
      /a\.json:3: service "a" is defined twice, first at .*a\.json:2; give each an id of its own/,
    ],
    [
      '{ "service": { "name": "a", "check": { "id": "c", "ttl": "1s" } },\n"check": { "name": "c", "ttl": "1s" } }',
      /a\.json:2: check "c" is defined twice, first at .*a\.json:1;/,
    ],
  ])('refuses %s', async (text, message) => {
    await expect(decode({ 'a.json': text })).rejects.toThrow(message);
  });

  it('says where a check stands whose service is found missing later', async () => {
    const text = '{ "check":\n{ "name": "c", "service_id": "nope", "ttl": "1s" } }';
    const definitions = await decode({ 'a.json': text });
    const refused = placing(definitions, () => {
      throw new OrphanChecks(definitions.checks.map(({ definition }) => definition));
    });
    await expect(refused).rejects.toThrow(
      /a\.json:[12]: check "c": service_id "nope" does not exist; define that service, or leave service_id out/,
    );
  });
});
