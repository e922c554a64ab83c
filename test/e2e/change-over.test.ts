/**
 * A datacenter changes over from a real Consul to rollcall machine by machine, by the commands of docs/coming-from-consul.md, and
 * back; both sides answer all along.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import dns from 'node:dns/promises';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterAgent } from '../support/cluster-agents.ts';
import { consulProgram, hasConsul } from '../support/consul-server.ts';
import { recipe } from '../support/recipe.ts';
import { repositoryDir } from '../support/source-files.ts';

const LAUNCHER = path.join(repositoryDir, 'bin/rollcall.js');
const CONSUL = '127.27.1.1';
const ROLLCALL = '127.27.1.2';
const MACHINES = { web1: '127.27.1.11', web2: '127.27.1.12' } as const;
type Machine = keyof typeof MACHINES;

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-change-over-'));
const children: ChildProcess[] = [];
const rollcall = new ClusterAgent({
  name: 'r1',
  address: ROLLCALL,
  args: ['-server', '-bootstrap-expect', '1'],
});

interface Running {
  readonly child: ChildProcess;
  output(): string;
}

/** A script of the page in a process group of its own. */
function start(script: string): Running {
  const programs = `rollcall() { exec '${process.execPath}' '${LAUNCHER}' "$@"; }; consul() { '${consulProgram}' "$@"; }`;
  const env = { ...process.env, CONSUL: `http://${CONSUL}:8500`, ROLLCALL: `http://${ROLLCALL}:8500` };
  const child = spawn('bash', ['-c', `${programs}\n${script}`], { detached: true, env });
  children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  return { child, output: () => said };
}

/** End everything that a script started. */
async function end({ child }: Running, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  process.kill(-(child.pid ?? 0), signal);
  await closed;
}

const page = (block: string): string => recipe(block, {}, 'docs/coming-from-consul.md');

const consulAgent = (name: string, address: string, ...args: readonly string[]): Running =>
  start(
    `exec '${consulProgram}' agent -node ${name} -bind ${address} -client ${address} -hcl 'ports { grpc = -1 }' -data-dir '${dir}/${name}-consul' ${args.join(' ')}`,
  );

const consulClient = (name: Machine): Running =>
  consulAgent(name, MACHINES[name], '-retry-join', CONSUL, '-config-dir', `'${dir}/${name}.d'`);

const rollcallClient = (name: Machine): Running =>
  start(
    `NODE=http://${MACHINES[name]}:8500 NAME=${name} ADDRESS=${MACHINES[name]} SERVER=${ROLLCALL}
     ${page('swap').replace('/var/lib/rollcall', `'${dir}/${name}-rollcall'`).replace('/etc/consul.d', `'${dir}/${name}.d'`)}`,
  );

/** The addresses that a side has in DNS for the service. */
async function found(server: string): Promise<readonly string[]> {
  const resolver = new dns.Resolver({ timeout: 3_000, tries: 1 });
  resolver.setServers([`${server}:8600`]);
  try {
    return (await resolver.resolve4('web.service.consul')).toSorted();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw error;
  }
}

const text = async (url: string): Promise<string> => (await fetch(url)).text();
const put = async (url: string, body: string): Promise<void> => {
  expect((await fetch(url, { method: 'PUT', body })).status).toBe(200);
};

describe.skipIf(!hasConsul)('machine by machine', { timeout: 120_000 }, () => {
  const healthy: Record<Machine, boolean> = { web1: true, web2: true };
  const webs: http.Server[] = [];
  const agents = new Map<Machine, Running>();
  let consul: Running;
  let follow: Running;
  let bridges: Running;

  const both = Object.values(MACHINES);
  const onBothSides = async (addresses: readonly string[]): Promise<void> => {
    for (const side of [CONSUL, ROLLCALL])
      await expect.poll(async () => [side, await found(side)]).toEqual([side, addresses]);
  };

  beforeAll(async () => {
    consul = consulAgent('c1', CONSUL, '-server', '-bootstrap-expect=1');
    const leader = (): Promise<string> => text(`http://${CONSUL}:8500/v1/status/leader`).catch(() => '');
    while (!(await leader()).includes(CONSUL)) await delay(200);
    await rollcall.start();
    for (const name of Object.keys(MACHINES) as Machine[]) {
      const web = http.createServer((_, response) => response.writeHead(healthy[name] ? 200 : 500).end());
      webs.push(web.listen(8080, MACHINES[name]));
      fs.mkdirSync(`${dir}/${name}.d`);
      const check = { http: `http://${MACHINES[name]}:8080/`, interval: '1s' };
      const service = { name: 'web', port: 8080, tags: ['v1'], meta: { rack: name }, check };
      fs.writeFileSync(`${dir}/${name}.d/web.json`, JSON.stringify({ service }));
      agents.set(name, consulClient(name));
    }
    await put(`http://${CONSUL}:8500/v1/kv/app/first`, '1');
  }, 120_000);

  afterAll(async () => {
    for (const child of children) {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        // it has ended
      }
    }
    for (const web of webs) web.close();
    await rollcall.remove();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  test('copies what there is, and shows the services of each side to the other', async () => {
    follow = start(page('follow'));
    bridges = start(page('bridges'));
    await expect.poll(follow.output).toContain('following');
    await onBothSides(both);
    const [instance] = JSON.parse(await text(`${rollcall.url}/v1/health/service/web`)) as [
      { Service: { Tags: string[]; Port: number; Meta: Record<string, string> } },
    ];
    expect(instance.Service).toMatchObject({ Tags: ['v1'], Port: 8080 });
    expect(['web1', 'web2']).toContain(instance.Service.Meta['rack']);
  });

  test('health goes with them, there and back', async () => {
    healthy.web1 = false;
    await onBothSides([MACHINES.web2]);
    healthy.web1 = true;
    await onBothSides(both);
  });

  test('every machine changes over, and no side is ever without an answer', async () => {
    const empty: string[] = [];
    const watched = new AbortController();
    const watching = (async () => {
      while (!watched.signal.aborted) {
        for (const side of [CONSUL, ROLLCALL]) if ((await found(side)).length === 0) empty.push(side);
        await delay(100);
      }
    })();
    for (const name of Object.keys(MACHINES) as Machine[]) {
      agents.set(name, rollcallClient(name));
      await expect
        .poll(async () => JSON.parse(await text(`${rollcall.url}/v1/catalog/node/${name}`)) as unknown)
        .toMatchObject({ Node: { Node: name }, Services: { web: { Service: 'web' } } });
      await onBothSides(both);
    }
    watched.abort();
    await watching;
    expect(empty).toEqual([]);
    healthy.web2 = false;
    await onBothSides([MACHINES.web1]);
    healthy.web2 = true;
    await onBothSides(both);
  });

  test('one machine goes back as easily', async () => {
    execFileSync(process.execPath, [LAUNCHER, 'leave', `-http-addr=http://${MACHINES.web1}:8500`]);
    agents.set('web1', consulClient('web1'));
    const nodes = async (url: string): Promise<unknown> =>
      (JSON.parse(await text(`${url}/v1/catalog/nodes`)) as { Node: string }[])
        .map(({ Node }) => Node)
        .sort();
    await expect.poll(() => nodes(`http://${CONSUL}:8500`)).toEqual(['c1', 'web1']);
    await onBothSides(both);
    agents.set('web1', rollcallClient('web1'));
    await expect.poll(() => nodes(`http://${CONSUL}:8500`)).toEqual(['c1']);
    await onBothSides(both);
  });

  test('the switch: keys came along to the last, bridges take back what they showed, and the way back has all', async () => {
    await put(`http://${CONSUL}:8500/v1/kv/app/last`, '2');
    await expect.poll(() => text(`${rollcall.url}/v1/kv/app/last?raw`)).toBe('2');
    await end(follow, 'SIGINT');
    await end(bridges, 'SIGINT');
    await expect.poll(() => found(CONSUL)).toEqual([]);
    expect(await found(ROLLCALL)).toEqual(both);
    await put(`${rollcall.url}/v1/kv/app/after`, '3');
    const back = start(page('back'));
    await once(back.child, 'close');
    expect(back.output()).toMatch(/^keys +1 +0 +2 +0$/m);
    expect(await text(`http://${CONSUL}:8500/v1/kv/app/after?raw`)).toBe('3');
    await end(consul, 'SIGTERM');
    expect(await found(ROLLCALL)).toEqual(both);
  });
});
