/**
 * What `kubectl apply` and `helm install` would send: well-formed by the types of the API, in one namespace, confined, and with
 * configuration that the agent takes. The chart is rendered by the real helm where there is one.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/agent/config/load-config.ts';
import { envOf } from '../../src/agent/config/option-spec.ts';
import { OPTION_KEYS } from '../../src/agent/config/options.ts';
import { command as agentCommand } from '../../src/cli/commands/agent-command.ts';
import { goFlags } from '../../src/cli/flags.ts';
import { faultsOf, type Manifest, manifestsOf } from '../support/manifests.ts';
import { describeWith } from '../support/needs-program.ts';
import { readSource, repositoryDir, sourceFiles } from '../support/source-files.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-kubernetes-'));
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string }[];
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name: string }[];
}

const podOf = ({ kind, spec }: Manifest): PodSpec | undefined =>
  kind === 'Pod'
    ? (spec as PodSpec)
    : (spec as { readonly template?: { readonly spec: PodSpec } } | undefined)?.template?.spec;

const containersOf = (manifests: readonly Manifest[]): readonly Container[] =>
  manifests.flatMap((manifest) => {
    const pod = podOf(manifest);
    return [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])];
  });

async function configOf(text: string) {
  const file = path.join(scratch, 'config.json');
  fs.writeFileSync(file, text);
  return loadConfig({
    isDev: false,
    paths: [file],
    format: undefined,
    flags: [],
    fragments: [],
    env: { ROLLCALL_ENCRYPT: Buffer.alloc(32, 1).toString('base64') },
  });
}

/** What holds for every installation. */
async function expectSound(manifests: readonly Manifest[]): Promise<void> {
  expect(faultsOf(manifests)).toEqual([]);
  const known = new Set(OPTION_KEYS.map((key) => envOf(key)));
  for (const name of ['ROLLCALL_HTTP_ADDR', 'ROLLCALL_HTTP_TOKEN']) known.add(name);
  const variables = containersOf(manifests).flatMap(({ env = [] }) => env.map(({ name }) => name));
  expect(variables.filter((name) => name.startsWith('ROLLCALL_') && !known.has(name))).toEqual([]);
  for (const { name, args = [], securityContext } of containersOf(manifests)) {
    if (args[0] === 'agent') expect(() => goFlags(args.slice(1), agentCommand.flags)).not.toThrow();
    expect([name, securityContext]).toMatchObject([name, { allowPrivilegeEscalation: false }]);
    expect(securityContext?.['capabilities']).toMatchObject({ drop: ['ALL'] });
  }
  for (const manifest of manifests) {
    const pod = podOf(manifest);
    const claims = (manifest.spec as { volumeClaimTemplates?: Manifest[] } | undefined)?.volumeClaimTemplates;
    const volumes = [...(pod?.volumes ?? []), ...(claims ?? []).map(({ metadata }) => metadata)].map(
      ({ name }) => name,
    );
    const mounted = (pod ? containersOf([manifest]) : []).flatMap(({ volumeMounts = [] }) => volumeMounts);
    expect(mounted.map(({ name }) => name).filter((name) => !volumes.includes(name))).toEqual([]);
  }
  for (const { data = {} } of manifests)
    for (const [name, text] of Object.entries(data))
      if (/(server|client)\.json$/.test(name)) await expect(configOf(text)).resolves.toBeDefined();
}

/** Without comments that stand for lines to be uncommented. */
const uncommented = (text: string): string =>
  text.replaceAll(/^( +)# (- (?:\{ )?name: (?:ROLLCALL_|https|dns-tls|tls)| {2}secret:)/gm, '$1$2');

const named = (manifests: readonly Manifest[]): readonly string[] =>
  manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

describe('plain manifests', () => {
  const installations = {
    'three servers': ['cluster.yaml', 'agents.yaml'],
    'one server': ['single/server.yaml', 'agents.yaml'],
  };
  const read = (file: string): readonly Manifest[] => manifestsOf(readSource(`deploy/kubernetes/${file}`));

  test.each(Object.entries(installations))(
    'of %s are sound, in one namespace, and open nothing',
    async (_, files) => {
      const manifests = files.flatMap(read);
      await expectSound(manifests);
      expect(new Set(named(manifests)).size).toBe(manifests.length);
      expect(manifests.flatMap(({ metadata }) => metadata.namespace ?? [])).toEqual([]);
      const types = manifests.flatMap(({ kind, spec }) =>
        kind === 'Service' ? ((spec as { type?: string }).type ?? 'ClusterIP') : [],
      );
      expect(new Set(types)).toEqual(new Set(['ClusterIP']));
      expect(manifests.filter(({ kind }) => kind === 'Deployment')).toEqual([]);
    },
  );

  test('in the folder itself are exactly those that its command applies', () => {
    const files = sourceFiles('deploy/kubernetes/*.yaml').filter((file) => file.split('/').length === 3);
    expect(files.map((file) => path.basename(file)).sort()).toEqual(
      [...installations['three servers']].sort(),
    );
    expect(readSource('deploy/kubernetes/cluster.yaml')).toContain('apply -f deploy/kubernetes/\n');
  });

  test('with the commented lines serve HTTPS and DNS over TLS', async () => {
    const text = readSource('deploy/kubernetes/cluster.yaml');
    const manifests = manifestsOf(uncommented(text));
    await expectSound(manifests);
    expect(JSON.stringify(manifests)).toMatch(/"containerPort":8501.*"containerPort":8853/);
    expect(JSON.stringify(manifests)).toContain('"secretName":"rollcall-tls"');
  });

  test.each(sourceFiles('deploy/kubernetes/examples/*.yaml'))('example %s is well-formed', (file) => {
    expect(faultsOf(manifestsOf(readSource(file)))).toEqual([]);
  });

  test('that have a mistake are found out', () => {
    const [service] = manifestsOf(
      'apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { ports: [{ port: "80", nam: a }] }',
    );
    expect(faultsOf(service ? [service] : []).join()).toMatch(/'nam' does not exist|not assignable/);
  });
});

describeWith('helm', 'the chart', () => {
  const chart = path.join(repositoryDir, 'deploy/helm/rollcall');
  const helm = (...args: readonly string[]) => spawnSync('helm', args, { encoding: 'utf8' });
  const render = (...sets: readonly string[]): readonly Manifest[] => {
    const { status, stdout, stderr } = helm('template', 'demo', chart, '--namespace', 'ns', ...sets);
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    return manifestsOf(stdout);
  };

  test('is taken by helm lint', () => {
    const { status, stdout } = helm('lint', '--strict', chart);
    expect([status, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });

  const everything = [
    '--set=tls.secretName=cert,dns.clusterIP=10.0.0.53,dns.stub.enabled=true,networkPolicy.from[0].podSelector.matchLabels.a=b',
    '--set=server.replicas=5,server.spread=preferred,server.storage.className=fast,image.pullSecrets[0].name=pull',
    '--set=server.nodeSelector.a=b,server.tolerations[0].operator=Exists,client.tolerations[0].operator=Exists',
    '--set=server.extraConfig.log_level=DEBUG,client.extraConfig.log_level=DEBUG',
  ];
  test.each([
    ['as it comes', []],
    [
      'with one server and nothing else',
      ['--set=server.replicas=1,client.enabled=false,networkPolicy.enabled=false'],
    ],
    ['with access control', ['--set=acl.enabled=true']],
    ['with everything', everything],
  ])('%s is sound', async (_, sets) => {
    await expectSound(render(...sets));
  });

  test('as it comes has three servers, agents, and what protects them', () => {
    expect(named(render()).toSorted()).toEqual([
      'ConfigMap demo-rollcall-client',
      'ConfigMap demo-rollcall-server',
      'DaemonSet demo-rollcall-client',
      'NetworkPolicy demo-rollcall-client',
      'NetworkPolicy demo-rollcall-server',
      'Pod demo-rollcall-test',
      'PodDisruptionBudget demo-rollcall-server',
      'Secret demo-rollcall',
      'Service demo-rollcall',
      'Service demo-rollcall-dns',
      'Service demo-rollcall-server',
      'StatefulSet demo-rollcall-server',
    ]);
  });

  test('has servers that join each other by the names of their pods, and options on top', async () => {
    const manifests = render(...everything);
    const text = manifests.flatMap(({ data }) => data?.['server.json'] ?? [])[0] ?? '';
    const { config } = await configOf(text);
    expect(config.retry_join).toEqual(
      [0, 1, 2, 3, 4].map((i) => `demo-rollcall-server-${i}.demo-rollcall-server`),
    );
    expect([config.bootstrap_expect, config.log_level, config['ports.https']]).toEqual([5, 'DEBUG', 8501]);
  });

  test('makes a secret that agents take', () => {
    const secret = render('--set=acl.enabled=true').find(({ kind }) => kind === 'Secret');
    const decoded = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
    expect(Buffer.from(decoded('encrypt'), 'base64')).toHaveLength(32);
    for (const token of ['management', 'agent', 'dns']) expect(decoded(token)).toMatch(/^[0-9a-f-]{36}$/);
    expect(named(render('--set=existingSecret=mine'))).not.toContain('Secret demo-rollcall');
  });

  test.each([
    ['a number of servers that makes no majority', 'server.replicas=2', '/server/replicas'],
    ['a value that does not exist', 'server.replica=3', 'replica'],
    ['a stub without an address to forward to', 'dns.stub.enabled=true', '/dns/clusterIP'],
    ['a size that is none', 'server.storage.size=big', '/server/storage/size'],
  ])('refuses %s', (_, set, named) => {
    const { status, stderr } = helm('template', 'demo', chart, '--set', set);
    expect([status, stderr]).toEqual([1, expect.stringContaining(named)]);
  });

  test('has a version that is that of the package', () => {
    const { version } = JSON.parse(readSource('package.json')) as { version: string };
    const text = readSource('deploy/helm/rollcall/Chart.yaml');
    expect([/^version: (.*)$/m, /^appVersion: (.*)$/m].map((each) => each.exec(text)?.[1])).toEqual([
      version,
      version,
    ]);
  });
});
