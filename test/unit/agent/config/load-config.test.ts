import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigRequest, loadConfig } from '../../../../src/agent/config/load-config.ts';

let dir = '';

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-config-'));
});
afterEach(() => {
  fs.rmSync(dir, { recursive: true, force: true });
});

function file(name: string, content: unknown): string {
  const full = path.join(dir, name);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
  return full;
}

function load(part: Partial<ConfigRequest>) {
  return loadConfig({
    isDev: true,
    paths: [],
    format: undefined,
    flags: [],
    fragments: [],
    env: {},
    ...part,
  });
}

describe('loadConfig', () => {
  it('has the defaults of Consul', async () => {
    const { config } = await load({});
    expect(config['ports.http']).toBe(8500);
    expect(config['ports.dns']).toBe(8600);
    expect(config.datacenter).toBe('dc1');
    expect(config['dns_config.enable_additional_node_meta_txt']).toBe(true);
    expect(config.check_update_interval).toBe(300_000);
  });

  it('takes definitions as JSON from a variable', async () => {
    const ROLLCALL_SERVICES = '[{"name":"a","tags":["x","y"]},{"name":"b"}]';
    const { config } = await load({ env: { ROLLCALL_SERVICES, ROLLCALL_CHECKS: '{"ttl":"1s"}' } });
    expect(config.services).toEqual([{ name: 'a', tags: ['x', 'y'] }, { name: 'b' }]);
    expect(config.checks).toEqual([{ ttl: '1s' }]);
    await expect(load({ env: { ROLLCALL_SERVICES: '{"name"' } })).rejects.toThrow(
      'ROLLCALL_SERVICES: services must be an object or a list of objects',
    );
  });

  it('refuses watches of an agent whose HTTP is off', async () => {
    const one = file('a.json', { ports: { http: -1 }, watches: [{ type: 'nodes', args: ['x'] }] });
    await expect(load({ paths: [one] })).rejects.toThrow(/a\.json:\d+: watches: ask the HTTP API/);
  });

  it('knows where each option was set, and all places of one that grows', async () => {
    const name = file('a.json', { datacenter: 'dc7', log_level: 'warn', node_meta: { a: '1' } });
    const other = file('b.json', { node_meta: { b: '2' } });
    const { sources } = await load({
      paths: [name, other],
      flags: [{ flag: 'log-level', value: 'debug' }],
      env: { ROLLCALL_DOMAIN: 'example.' },
    });
    expect(Object.fromEntries(sources)).toMatchObject({
      datacenter: name,
      log_level: '-log-level',
      node_meta: `${name}, ${other}`,
      domain: 'ROLLCALL_DOMAIN',
      server: '-dev',
    });
    expect(sources.has('ports.http')).toBe(false);
  });

  it('is frozen', async () => {
    expect(Object.isFrozen((await load({})).config)).toBe(true);
  });

  it('reads nested keys, durations and maps', async () => {
    const one = file('a.json', {
      ports: { http: 9500 },
      dns_config: { node_ttl: '1m30s', service_ttl: { web: '5s', '*': '1s' }, soa: { min_ttl: 7 } },
      node_meta: { rack: 'r7' },
    });
    const { config } = await load({ paths: [one] });
    expect(config['ports.http']).toBe(9500);
    expect(config['dns_config.node_ttl']).toBe(90_000);
    expect(config['dns_config.service_ttl']).toEqual({ web: 5_000, '*': 1_000 });
    expect(config['dns_config.soa.min_ttl']).toBe(7);
    expect(config.node_meta).toEqual({ rack: 'r7' });
  });

  it('reads a folder in alphabetical order, later files win, lists are appended, maps overlaid', async () => {
    file('d/b.json', {
      datacenter: 'late',
      recursors: ['2.2.2.2'],
      node_meta: { b: '2' },
      dns_config: { service_ttl: { b: '2s' } },
    });
    file('d/a.json', {
      datacenter: 'early',
      recursors: ['1.1.1.1'],
      node_meta: { a: '1', b: '1' },
      dns_config: { service_ttl: { a: '1s', b: '1s' } },
    });
    const { config } = await load({ paths: [path.join(dir, 'd')] });
    expect(config.datacenter).toBe('late');
    expect(config.recursors).toEqual(['1.1.1.1', '2.2.2.2']);
    expect(config.node_meta).toEqual({ a: '1', b: '2' });
    expect(config['dns_config.service_ttl']).toEqual({ a: 1_000, b: 2_000 });
  });

  it('lets flags win over files, but puts their lists first', async () => {
    const one = file('a.json', { datacenter: 'file', recursors: ['2.2.2.2'] });
    const flags = [
      { flag: 'datacenter', value: 'flag' },
      { flag: 'recursor', value: '1.1.1.1' },
    ];
    const { config } = await load({ paths: [one], flags });
    expect(config.datacenter).toBe('flag');
    expect(config.recursors).toEqual(['1.1.1.1', '2.2.2.2']);
  });

  it('lets variables win over files and flags over variables', async () => {
    const one = file('a.json', { datacenter: 'file', domain: 'file' });
    const env = { ROLLCALL_DATACENTER: 'env', ROLLCALL_DOMAIN: 'env', ROLLCALL_PORTS_HTTP: '9999' };
    const { config } = await load({ paths: [one], env, flags: [{ flag: 'domain', value: 'flag' }] });
    expect([config.datacenter, config.domain, config['ports.http']]).toEqual(['env', 'flag', 9999]);
  });

  it('reads older spellings and keys in any letter case', async () => {
    const one = file('a.json', { ui: false, Node_Name: 'x' });
    const { config } = await load({ paths: [one] });
    expect([config['ui_config.enabled'], config.node_name]).toEqual([false, 'x']);
  });

  it('collects service and services, with the file of each', async () => {
    const one = file('a.json', { service: { name: 'a' } });
    const two = file('b.json', { services: [{ name: 'b' }, { name: 'c' }] });
    const loaded = await load({ paths: [one, two] });
    expect(loaded.config.services.map((service) => service['name'])).toEqual(['a', 'b', 'c']);
    expect(await loaded.whereIs(loaded.config.services[2] ?? {})).toBe(`${two}:1`);
  });

  it('refuses an unknown key and names file and neighbour', async () => {
    const one = file('a.json', { dns_confg: {}, ports: { htp: 1 } });
    await expect(load({ paths: [one] })).rejects.toThrow(
      `${one}:1: invalid config key dns_confg (did you mean dns_config?)\n${one}:1: invalid config key ports.htp (did you mean ports.http?)`,
    );
  });

  it('refuses a value of another type and says which it wants', async () => {
    const one = file('a.json', { ports: { http: '8500' }, dns_config: { node_ttl: '1d' } });
    await expect(load({ paths: [one] })).rejects.toThrow(
      /ports\.http must be a whole number, not "8500"\n.*node_ttl must be a duration like "10s"/,
    );
  });

  it('accepts comments in JSON, also beside texts that look like comments, and remarks on it once', async () => {
    const one = file('a.json', '{ "node_name": "a//b#c", # why\n // and\n "datacenter": "x" /* so */ }');
    const { config, remarks } = await load({ paths: [one] });
    expect([config.node_name, config.datacenter]).toEqual(['a//b#c', 'x']);
    expect(remarks[0]).toEqual({ level: 'info', text: `${one}: comments in JSON were skipped` });
    expect(remarks).toHaveLength(2); // the other is about the name
  });

  it('names line and column of a syntax error', async () => {
    const one = file('a.json', '{\n  "node_name": "a",\n}');
    await expect(load({ paths: [one] })).rejects.toThrow(`${one}:3:1: not valid JSON`);
  });

  it('accepts keys without meaning here and names them once, those about safety as a warning', async () => {
    const one = file('a.json', {
      accept_unenforced: true,
      audit: { enabled: true },
      tls: {},
      autopilot: { upgrade_version_tag: 'v' },
      performance: { raft_multiplier: 1 },
    });
    const { remarks } = await load({ paths: [one], flags: [{ flag: 'retry-join-wan', value: 'a' }] });
    expect(remarks).toEqual([
      { level: 'warn', text: 'accepted, but not enforced by this agent: audit' },
      {
        level: 'info',
        text: 'accepted, but without meaning here, where etcd and calls between agents stand for Raft and gossip: autopilot.upgrade_version_tag, performance.raft_multiplier',
      },
    ]);
  });

  it('says nothing of a switch that is off', async () => {
    const off = { disable_keyring_file: false, enable_syslog: false };
    expect((await load({ paths: [file('a.json', off)] })).remarks).toEqual([]);
  });

  it('remarks on a name that is no host name, and on a page that is not there', async () => {
    const one = file('a.json', { node_name: 'my node', ui_config: { dir: '/nowhere' } });
    const { remarks } = await load({ paths: [one] });
    expect(remarks.map(({ text }) => text.split(',')[0])).toEqual([
      'node_name: "my node" is no host name',
      'ui_config.dir: /nowhere does not exist',
    ]);
    expect((await load({ paths: [file('b.json', { node_name: 'a_b.c-1' })] })).remarks).toEqual([]);
  });

  it('wants a data directory unless it is a development agent', async () => {
    await expect(load({ isDev: false })).rejects.toThrow('data_dir cannot be empty');
  });

  it('names a file that cannot be read', async () => {
    await expect(load({ paths: ['/nowhere/x.json'] })).rejects.toThrow(
      '/nowhere/x.json: cannot be read: no such file or directory',
    );
  });

  it('skips files with another extension and says so', async () => {
    file('d/notes.txt', 'hello');
    const { remarks } = await load({ paths: [path.join(dir, 'd')] });
    expect(remarks[0]?.text).toContain('skipping file');
  });

  it.each([
    [{ datacenter: 'a b' }, 'datacenter: must contain only'],
    [{ node_id: 'x' }, 'node_id: must be a UUID'],
    [{ client_addr: '1.2.3.4.5' }, 'client_addr: invalid ip address: 1.2.3.4.5'],
    [{ node_meta: { 'consul-x': '1' } }, 'is reserved'],
    [{ http_config: { response_headers: { 'X Y': '1' } } }, '"X Y": "1" is no header'],
    [{ http_config: { response_headers: { 'X-Y': 'a\nb' } } }, 'is no header'],
    [{ http_config: { response_headers: { 'Content-Length': '1' } } }, 'is set by the server itself'],
    [{ ports: { http: 70_000 } }, 'must be a port from 0 to 65535'],
    [{ ports: { http: -1, dns: -1 } }, 'nobody could ask this agent anything'],
    [{ session_ttl_min: '-5s' }, 'a duration of at least 0s, not "-5000ms"'],
    [{ domain: 'a..b' }, 'is no domain name'],
    [{ dns_config: { udp_answer_limit: -1 } }, 'must be at least 0'],
    [{ dns_config: { recursor_strategy: 'best' } }, 'must be one of sequential, random'],
  ])('refuses %j', async (content, text) => {
    await expect(load({ paths: [file('a.json', content)] })).rejects.toThrow(text);
  });

  it('warns about a variable that looks like an option and is none', async () => {
    const { remarks } = await load({ env: { ROLLCALL_DATA_DRI: 'x', ROLLCALL_HTTP_ADDR: 'x' } });
    expect(remarks.map(({ text }) => text)).toEqual([
      'invalid environment variable ROLLCALL_DATA_DRI (did you mean ROLLCALL_DATA_DIR?)',
    ]);
  });

  it('names the line of a mistake in JSON, also below comments, and in HCL', async () => {
    const one = file('a.json', '{\n  // names\n  "node_name": "a",\n  "ports": {\n    "htp": 1\n  }\n}');
    const two = file('b.hcl', 'node_name = "a"\n\nports {\n  dsn = 1\n}\n');
    await expect(load({ paths: [one] })).rejects.toThrow(`${one}:5: invalid config key ports.htp`);
    await expect(load({ paths: [two] })).rejects.toThrow(`${two}:4: invalid config key ports.dsn`);
  });

  it('merges -hcl fragments last', async () => {
    const flags = [{ flag: 'datacenter', value: 'flag' }];
    const fragments = ['datacenter = "fragment"', 'ports { http = 1, dns = 2 }'];
    const { config } = await load({ flags, fragments });
    expect([config.datacenter, config['ports.http'], config['ports.dns']]).toEqual(['fragment', 1, 2]);
  });

  it('takes the given format for files of any name', async () => {
    const { config } = await load({ paths: [file('conf', 'datacenter = "x"')], format: 'hcl' });
    expect(config.datacenter).toBe('x');
  });

  it('expands templates in addresses and recursors, and names the option of one that fails', async () => {
    const one = file('a.json', { client_addr: '{{ env "A" }}', recursors: ['{{ env "B" }}'] });
    const { config } = await load({ paths: [one], env: { A: '127.0.0.1 127.0.0.2', B: '10.0.0.1' } });
    expect(config.client_addr).toEqual(['127.0.0.1', '127.0.0.2']);
    expect(config.recursors).toEqual(['10.0.0.1']);
    await expect(load({ paths: [one] })).rejects.toThrow(
      'client_addr: {{ env "A" }}: environment variable A is not set',
    );
  });

  it('names the line of a value that breaks a rule, wherever it was set last', async () => {
    const one = file('a.json', '{\n  "domain": "ok"\n}');
    const two = file('b.json', '{\n\n  "domain": "a..b"\n}');
    await expect(load({ paths: [one, two] })).rejects.toThrow(`${two}:3: domain: "a..b" is no domain name`);
    const flags = [{ flag: 'domain', value: '-x' }];
    await expect(load({ paths: [one], flags })).rejects.toThrow('-domain: domain: "-x" is no domain name');
  });
});

describe('what an agent does with its node when it ends', () => {
  const endsOf = async (settings: object) => {
    const { config } = await load({
      isDev: false,
      paths: [file('role.json', { data_dir: dir, ...settings })],
    });
    return [config.leave_on_terminate, !config.skip_leave_on_interrupt];
  };
  const join = { retry_join: ['10.0.0.1'] };

  it('is to take it out on a client agent, and to leave it on others', async () => {
    expect(await endsOf(join)).toEqual([true, true]);
    expect(await endsOf({ ...join, server: true, bootstrap_expect: 3 })).toEqual([false, false]);
    expect(await endsOf({})).toEqual([false, false]);
  });

  it('is what the configuration says', async () => {
    const set = { leave_on_terminate: false, skip_leave_on_interrupt: true };
    expect(await endsOf({ ...join, ...set })).toEqual([false, false]);
  });
});
