/**
 * A real Consul as a process of its own, in memory, on free ports: the other side of snapshots and migrations.
 *
 * `CONSUL_PROGRAM` names it (`consul` otherwise). Few systems have one, so tests that need it skip visibly without it even
 * where no other test may; what a real one has written is recorded in test/golden.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export const consulProgram = process.env['CONSUL_PROGRAM'] ?? 'consul';
const READY_TIMEOUT_MS = 20_000;

export const hasConsul = spawnSync(consulProgram, ['version'], { stdio: 'ignore' }).status === 0;

export interface ConsulServer {
  readonly httpUrl: string;
  /** What it wrote so far. */
  output(): string;
  /** Run a command of it against itself; gives what that wrote. */
  run(...args: readonly string[]): string;
  stop(): Promise<void>;
}

async function isReady(httpUrl: string, token: string): Promise<boolean> {
  const init = { headers: { 'X-Consul-Token': token } };
  const response = await fetch(`${httpUrl}/v1/catalog/service/consul`, init).catch(() => undefined);
  return response?.ok === true && ((await response.json()) as unknown[]).length > 0;
}

/** Start one and wait until it serves who has `token`. */
export async function startConsul(node = 'consul1', config = '{}', token = ''): Promise<ConsulServer> {
  const ports = await Promise.all(Array.from({ length: 5 }, freePort));
  const names = ['http-port', 'dns-port', 'server-port', 'serf-lan-port', 'serf-wan-port'];
  const flags = names.map((name, i) => `-${name}=${ports[i]}`);
  const own = ['-grpc-port=-1', `-node=${node}`, `-hcl=${config}`];
  const child = spawn(consulProgram, ['agent', '-dev', ...flags, ...own], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
  const httpUrl = `http://127.0.0.1:${ports[0]}`;
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady(httpUrl, token))) {
    if (performance.now() > deadline || child.exitCode !== null) {
      child.kill('SIGKILL');
      throw new Error(`consul does not serve: ${said}`);
    }
    await delay(100);
  }
  return {
    httpUrl,
    output: () => said,
    run: (...args) => {
      const { stdout, stderr, status } = spawnSync(consulProgram, args, {
        encoding: 'utf8',
        env: { ...process.env, CONSUL_HTTP_ADDR: httpUrl },
      });
      if (status !== 0) throw new Error(`consul ${args.join(' ')}: ${stderr}`);
      return stdout;
    },
    stop: async () => {
      process.off('exit', killWithUs);
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
