/**
 * The files of deploy/ fit the program: flags that exist, definitions that load, metrics that are counted, paths that answer.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { roleOf } from '../../src/agent/agent-role.ts';
import { decodeDefinitions } from '../../src/agent/config/file-definitions.ts';
import { loadConfig } from '../../src/agent/config/load-config.ts';
import { envOf } from '../../src/agent/config/option-spec.ts';
import { OPTION_KEYS } from '../../src/agent/config/options.ts';
import { command as agentCommand } from '../../src/cli/commands/agent-command.ts';
import { goFlags } from '../../src/cli/flags.ts';
import { METRICS } from '../../src/metrics/metric-table.ts';
import { describeWith } from '../support/needs-program.ts';
import { repositoryDir, sourceFiles } from '../support/source-files.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-deploy-'));
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

const read = (file: string): string => fs.readFileSync(path.join(repositoryDir, 'deploy', file), 'utf8');

/** The literal block under a key of a YAML file, without its indentation. */
function literalBlock(file: string, key: string): string {
  const lines = read(file).split('\n');
  const at = lines.findIndex((line) => line.trim() === `${key}: |`);
  const indent = (lines[at + 1] ?? '').search(/\S/);
  const end = lines.findIndex((line, i) => i > at && line.trim() !== '' && line.search(/\S/) < indent);
  return lines
    .slice(at + 1, end === -1 ? undefined : end)
    .map((line) => line.slice(indent))
    .join('\n');
}

async function load(text: string, env: Record<string, string> = {}) {
  const file = path.join(scratch, 'config.json');
  fs.writeFileSync(file, text);
  const loaded = await loadConfig({
    isDev: false,
    paths: [file],
    format: undefined,
    flags: [{ flag: 'data-dir', value: '/data' }],
    fragments: [],
    env,
  });
  return { config: loaded.config, definitions: await decodeDefinitions(loaded) };
}

describe('deploy/prometheus', () => {
  it.each(['alerts.yml', 'dashboard.json'])('%s names metrics that are counted', (file) => {
    const named = new Set(read(`prometheus/${file}`).match(/rollcall_[a-z_]+/g));
    const counted = Object.entries(METRICS).flatMap(([name, { kind }]) => {
      if (kind === 'histogram') return [`rollcall_${name}_bucket`];
      return [`rollcall_${name}${kind === 'counter' ? '_total' : ''}`];
    });
    expect(named.size).toBeGreaterThan(3);
    expect([...named].filter((name) => !counted.includes(name))).toEqual([]);
  });
});

describe('deploy/kubernetes', () => {
  it('has a sidecar whose definition takes id and address from the pod', async () => {
    const { definitions } = await load(literalBlock('kubernetes/examples/sidecar.yaml', 'service.json'), {
      POD_NAME: 'pod-7',
      POD_IP: '10.1.2.3',
    });
    expect(definitions.services[0]?.definition).toMatchObject({
      id: 'user-api-pod-7',
      address: '10.1.2.3',
      port: 80,
    });
  });

  it('has a server whose configuration loads', async () => {
    const { config } = await load(literalBlock('kubernetes/single/server.yaml', 'server.json'));
    expect(config.client_addr).toEqual(['0.0.0.0']);
  });
});

describe('three servers in deploy/', () => {
  it('of Kubernetes know each other by the names that their pods have, on nodes of their own, one of them away at most', async () => {
    const text = read('kubernetes/cluster.yaml');
    const { config } = await load(literalBlock('kubernetes/cluster.yaml', 'server.json'));
    const replicas = Number(/replicas: (\d+)/.exec(text)?.[1]);
    expect(config.bootstrap_expect).toBe(replicas);
    const pods = Array.from({ length: replicas }, (_, i) => `rollcall-server-${i}.rollcall-server`);
    expect(config.retry_join).toEqual(pods);
    expect(text).toMatch(/serviceName: rollcall-server\n/);
    expect(text).toContain('publishNotReadyAddresses: true');
    expect(text).toContain('podManagementPolicy: Parallel');
    expect(text).toMatch(/requiredDuringScheduling[\s\S]*topologyKey: kubernetes\.io\/hostname/);
    expect(text).toMatch(/kind: PodDisruptionBudget[\s\S]*maxUnavailable: 1\n/);
    expect(roleOf(config, false)).toBe('server');
  });

  it.each(['kubernetes/cluster.yaml', 'compose/cluster.yaml'])(
    '%s sets options by variables that there are',
    (file) => {
      const named = new Set(read(file).match(/\bROLLCALL_[A-Z_]+\b/g));
      const known = new Set(OPTION_KEYS.map((key) => envOf(key)));
      expect(named.size).toBeGreaterThan(1);
      expect([...named].filter((name) => !known.has(name))).toEqual([]);
    },
  );
});

describeWith('docker-compose', 'docker-compose', () => {
  it.each(sourceFiles('deploy/compose/*.yaml'))('takes %s', (file) => {
    const env = { ...process.env, ROLLCALL_ENCRYPT: 'x' };
    const { status, stdout, stderr } = spawnSync(
      'docker-compose',
      ['-f', path.join(repositoryDir, file), 'config'],
      { encoding: 'utf8', env },
    );
    expect([status, stderr]).toEqual([0, '']);
    const { services } = parse(stdout) as {
      services: Record<string, { healthcheck?: object; image: string }>;
    };
    const unwatched = Object.entries(services).filter(
      ([, { image = 'rollcall', healthcheck }]) => image === 'rollcall' && healthcheck === undefined,
    );
    expect(unwatched.map(([name]) => name)).toEqual([]);
  });
});

describe('deploy/compose', () => {
  it('has definitions that load', async () => {
    const { definitions } = await load(read('compose/config/web.json'));
    expect(definitions.services).toHaveLength(2);
  });
});

describe('every agent command in deploy/', () => {
  it.each([
    'systemd/rollcall.service',
    'compose/compose.yaml',
    'compose/cluster.yaml',
    'kubernetes/single/server.yaml',
    'kubernetes/cluster.yaml',
    'kubernetes/agents.yaml',
    'kubernetes/examples/sidecar.yaml',
  ])('%s has flags that exist', (file) => {
    const flags = read(file)
      .split('\n')
      .filter((line) => !line.trim().startsWith('#') && !/command:|install|useradd/.test(line))
      .flatMap((line) => line.match(/(?<=[\s"[])-[a-z][a-z-]+(?:=[^\s",\]]*)?(?=[\s",\]]|$)/g) ?? [])
      .filter((flag) => !['-c', '-w', '-o', '-s'].includes(flag));
    expect(flags.length).toBeGreaterThan(2);
    expect(() => goFlags(flags, agentCommand.flags)).not.toThrow();
  });
});
