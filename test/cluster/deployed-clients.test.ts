/**
 * The command lines of the files in deploy/, started as processes on addresses of this machine: the servers and the client
 * of compose, the agent that a DaemonSet runs on a node, and the sidecar of a pod that registers what its ConfigMap says.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ClusterAgent } from '../support/cluster-agents.ts';
import { describeWith } from '../support/needs-program.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const read = (file: string): string => fs.readFileSync(path.join(DEPLOY, file), 'utf8');

/** Where names of machines lead here. */
const ADDRESSES: Readonly<Record<string, string>> = {
  'server-1': '127.24.1.1',
  'server-2': '127.24.1.2',
  'server-3': '127.24.1.3',
  client: '127.24.1.10',
  'rollcall-server': '127.24.1.1',
  'rollcall-server.rollcall': '127.24.1.2',
};
const NODE_IP = '127.24.1.20';
const POD_IP = '127.24.1.30';
const SECRET = Buffer.alloc(32, 7).toString('base64');

/** Flags that say where a container listens and keeps its data: here that is ClusterAgent's to say. */
const OWN_FLAGS = /^-(?:node|bind|client|data-dir|config-dir)=/;

/** The flags of a command, with the variables of its container, and with addresses of this machine for names. */
function flagsOf(command: readonly string[], env: Readonly<Record<string, string>> = {}): readonly string[] {
  const words = command.slice(command.indexOf('agent') + 1);
  return words
    .map((word) => word.replace(/\$\(([A-Z_]+)\)/g, (whole, name: string) => env[name] ?? whole))
    .filter((word) => !OWN_FLAGS.test(word))
    .map((word) =>
      word.replace(
        /^(-retry-join=)(.*)$/,
        (_, flag: string, host: string) => flag + (ADDRESSES[host] ?? host),
      ),
    );
}

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly lifecycle?: Readonly<Record<'postStart' | 'preStop', Hook>>;
}

interface Hook {
  readonly exec: { readonly command: readonly string[] };
}

interface Manifest {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

const manifests = (file: string): readonly Manifest[] =>
  parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest);

function containerOf(file: string, wanted = 'rollcall'): Container {
  const containers = manifests(file).flatMap(({ spec }) => spec?.template.spec.containers ?? []);
  const found = containers.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`${file} has no container ${wanted}`);
  return found;
}

/** Runs what a container of a program runs when it begins or ends; gives what went wrong. */
function runIn(file: string, when: 'postStart' | 'preStop', env: Readonly<Record<string, string>>): string {
  const [program = '', ...args] = containerOf(file, 'app').lifecycle?.[when].exec.command ?? [];
  return spawnSync(program, args, { env: { ...process.env, ...env }, encoding: 'utf8' }).stderr;
}

function composed(name: string): ClusterAgent {
  const { services } = parse(read('compose/cluster.yaml'), { merge: true }) as {
    services: Record<string, { command: readonly string[]; environment: Record<string, string> }>;
  };
  const service = services[name];
  const host = service?.environment['ROLLCALL_STORE_ETCD_PEER_HOST'];
  return new ClusterAgent({
    name,
    address: ADDRESSES[name] ?? '',
    args: flagsOf(service?.command ?? []),
    config: { encrypt: SECRET, ...(host && { store: { etcd: { peer_host: ADDRESSES[host] } } }) },
  });
}

describeWith('etcd', 'started as the files of deploy/ say', () => {
  const servers = ['server-1', 'server-2', 'server-3'].map(composed);
  const client = composed('client');
  const onNode = new ClusterAgent({
    name: 'node-1',
    address: NODE_IP,
    args: flagsOf(containerOf('kubernetes/agents.yaml').args, { NODE_NAME: 'node-1', NODE_IP, POD_IP }),
    config: { encrypt: SECRET },
  });
  const sidecarEnv = { SERVER: 'rollcall-server.rollcall', POD_NAME: 'user-api-7d9f', POD_IP };
  const definition = manifests('kubernetes/examples/sidecar.yaml').find(
    ({ kind }) => kind === 'ConfigMap',
  )?.data;
  const sidecar = new ClusterAgent({
    name: sidecarEnv.POD_NAME,
    address: POD_IP,
    args: flagsOf(containerOf('kubernetes/examples/sidecar.yaml').args.join(' ').split(/\s+/), sidecarEnv),
    config: { encrypt: SECRET },
    files: { 'service.json': definition?.['service.json'] ?? '' },
    env: sidecarEnv,
  });
  const all = [...servers, client, onNode, sidecar];

  beforeAll(async () => {
    for (const agent of all) await agent.start();
  });
  afterAll(() => Promise.all(all.map((agent) => agent.remove())));

  test('all are members of one datacenter', async () => {
    const names = async (): Promise<readonly string[]> => {
      const members = await client.get<readonly { Name: string; Status: number }[]>('/v1/agent/members');
      return members.filter(({ Status }) => Status === 1).map(({ Name }) => Name);
    };
    const expected = [...Object.keys(ADDRESSES).slice(0, 4), 'node-1', sidecarEnv.POD_NAME];
    await expect
      .poll(() => names().then((found) => found.toSorted()), { timeout: 60_000 })
      .toEqual(expected.toSorted());
  });

  test('a program registers with the agent of its node, and takes itself out before it ends', async () => {
    const env = { HOST_IP: NODE_IP, POD_NAME: 'web-5c8', POD_IP: '10.1.1.1' };
    const found = () => client.get<readonly object[]>('/v1/catalog/service/web');
    expect(runIn('kubernetes/examples/program.yaml', 'postStart', env)).toBe('');
    await expect
      .poll(found, { timeout: 20_000 })
      .toMatchObject([
        { Node: 'node-1', Address: NODE_IP, ServiceID: 'web-5c8', ServiceAddress: '10.1.1.1' },
      ]);
    expect(runIn('kubernetes/examples/program.yaml', 'preStop', env)).toBe('');
    await expect.poll(found, { timeout: 20_000 }).toEqual([]);
  });

  test('a pod registers itself under its own name and address', async () => {
    const found = () =>
      client.get<readonly { ServiceID: string; ServiceAddress: string }[]>('/v1/catalog/service/user-api');
    await expect
      .poll(found, { timeout: 20_000 })
      .toMatchObject([{ ServiceID: `user-api-${sidecarEnv.POD_NAME}`, ServiceAddress: POD_IP }]);
  });
});
