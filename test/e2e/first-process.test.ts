/**
 * An agent as the first process of a container: a PID namespace of its own, which root may make.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/needs-program.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
const isAllowed = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;

let namespace: ChildProcess | undefined;
afterEach(() => namespace?.kill('SIGKILL'));

interface Contained {
  readonly httpUrl: string;
  /** The first process of the namespace, as this one sees it. */
  readonly firstPid: number;
  readonly ended: Promise<unknown>;
  stderr(): string;
}

function childrenOf(pid: number): readonly { readonly pid: number; readonly state: string }[] {
  const { stdout } = spawnSync('ps', ['--ppid', String(pid), '-o', 'pid=,stat='], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\d+) (\S+)/g)].map(([, id, state = '']) => ({ pid: Number(id), state }));
}

async function startContained(): Promise<Contained> {
  const port = await freePort();
  const agent = [LAUNCHER, 'agent', '-dev', `-http-port=${port}`, '-dns-port=-1', '-enable-script-checks'];
  const args = ['--pid', '--fork', '--mount-proc', '--kill-child', process.execPath, ...agent];
  const child = spawn('unshare', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  namespace = child;
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const httpUrl = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${httpUrl}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await vi.waitUntil(isReady, { timeout: 15_000, interval: 50 });
  const firstPid = childrenOf(child.pid ?? 0)[0]?.pid ?? 0;
  return { httpUrl, firstPid, ended: once(child, 'exit'), stderr: () => said };
}

describeWith('unshare', 'the first process of a container', () => {
  it.runIf(isAllowed)(
    'leaves no zombies of script checks, and ends with its agent on SIGTERM',
    async () => {
      const { httpUrl, firstPid, ended, stderr } = await startContained();
      const Args = ['sh', '-c', 'sleep 0.2 & sleep 0.3 & exit 0'];
      const body = JSON.stringify({ Name: 'leaver', Args, Interval: '1s' });
      await fetch(`${httpUrl}/v1/agent/check/register`, { method: 'PUT', body });
      const runs = async (): Promise<number> =>
        (
          (await (await fetch(`${httpUrl}/v1/agent/metrics`)).json()) as {
            Counters: { Name: string; Count: number; Labels: { kind?: string } }[];
          }
        ).Counters.filter(
          ({ Name, Labels }) => Name === 'consul.check.runs' && Labels.kind === 'script',
        ).reduce((sum, { Count }) => sum + Count, 0);
      await vi.waitUntil(async () => (await runs()) >= 3, { timeout: 15_000, interval: 100 });
      const zombies = (): number => childrenOf(firstPid).filter(({ state }) => state.startsWith('Z')).length;
      await vi.waitUntil(() => zombies() === 0 && childrenOf(firstPid).length > 0, { timeout: 3_000 });
      process.kill(firstPid, 'SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(stderr()).toBe('');
    },
    40_000,
  );
});
